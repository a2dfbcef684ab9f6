using System.Diagnostics;

namespace Tongxin.Faults;

/// <summary>Waiting for something to happen to a load, which itself must not fail meanwhile.</summary>
internal static class Patience
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    public static async Task UntilAsync(Func<bool> reached, Load load, Action? meanwhile = null)
    {
        var clock = Stopwatch.StartNew();
        while (!reached())
        {
            Assert.True(load.Faults.Count is 0, string.Join('\n', load.Faults.Take(3)));
            Assert.True(clock.Elapsed < Longest, $"Nothing happened for {Longest}; {load.Refused} were refused.");
            meanwhile?.Invoke();
            await Task.Delay(20);
        }
    }
}
