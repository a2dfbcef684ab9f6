using Tongxin.Kernel.Programmes;

namespace Tongxin.Kernel.Tests.Programmes;

/// <summary>Whether somebody who was called came within 15 days, to the day.</summary>
public sealed class TraceTests
{
    private static readonly DateOnly Called = new(2024, 2, 20);

    [Theory]
    [InlineData(15, null, false, TraceState.Waiting)]
    [InlineData(16, null, false, TraceState.NotReturned)]
    [InlineData(40, 15, true, TraceState.Returned)]
    [InlineData(40, 16, true, TraceState.NotReturned)]
    [InlineData(40, 3, false, TraceState.Left)]
    public void A_person_returned_who_was_seen_within_fifteen_days_over_a_leap_day_too(int today, int? closed, bool visited, TraceState expected) =>
        Assert.Equal(expected, Trace.Decide(Called, closed is { } days ? Called.AddDays(days) : null, visited, Called.AddDays(today)));
}
