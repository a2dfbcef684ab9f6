using System.Globalization;

namespace Tongxin.Faults;

/// <summary>How often each fault is tried: FAULT_ROUNDS multiplies the defaults, which keep the whole within three minutes.</summary>
internal static class Rounds
{
    public static int Of(int usual) =>
        usual * (int.TryParse(Environment.GetEnvironmentVariable("FAULT_ROUNDS"), CultureInfo.InvariantCulture, out var factor) ? Math.Max(1, factor) : 1);

    public static void Say(string fault, int rounds, int acknowledged) =>
        TestContext.Current.TestOutputHelper?.WriteLine($"{fault}: {rounds} rounds, {acknowledged} acknowledged versions, 0 lost");
}
