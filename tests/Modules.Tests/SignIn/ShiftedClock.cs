namespace Tongxin.Modules.Tests.SignIn;

/// <summary>The clock of the machine, moved on by the test; timers run as they do.</summary>
internal sealed class ShiftedClock : TimeProvider
{
    private long ticks;

    public void Advance(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref ticks));
}
