namespace Tongxin.Kernel.Measures;

/// <summary>Whether the numbers hold everything that was committed. Told by the follower, shown by whoever shows a number.</summary>
public sealed class Freshness(TimeProvider clock)
{
    /// <summary>A lag that is worth telling; a single visit is counted sooner.</summary>
    public static readonly TimeSpan Tolerated = TimeSpan.FromSeconds(5);

    private long behindSince = clock.GetUtcNow().UtcTicks;

    /// <summary>Since when something committed is missing; null when nothing is.</summary>
    public DateTimeOffset? BehindSince => Interlocked.Read(ref behindSince) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>True when the numbers are older than tolerated and must not pass for live ones.</summary>
    public bool IsStale => BehindSince is { } since && clock.GetUtcNow() - since > Tolerated;

    internal void Current() => Interlocked.Exchange(ref behindSince, 0);

    internal void Behind() => Interlocked.CompareExchange(ref behindSince, clock.GetUtcNow().UtcTicks, 0);
}
