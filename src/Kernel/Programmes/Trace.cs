namespace Tongxin.Kernel.Programmes;

/// <summary>What became of a person who was called or visited because a service was late.</summary>
public enum TraceState { Waiting, Returned, NotReturned, Left }

/// <summary>One round of the overdue loop (逾期追访闭环): attempt, outcome, and whether the person was seen within 15 days of it.</summary>
/// <param name="Attempted">Day of the last attempt.</param>
/// <param name="Closed">Day on which the task was closed; for a visit the day it was entered. Null while it is open.</param>
/// <remarks>A state computed from days, never stored. A task that closed without a visit (death, exit, expiry) is <see cref="TraceState.Left"/>: nobody returned, nobody failed
/// to.</remarks>
public sealed record Trace(DateOnly Attempted, DateOnly? Closed, TraceState State)
{
    /// <summary>A person who was reached is to be seen within this many days.</summary>
    public const int DaysToReturn = 15;

    /// <summary>How long a round stays on the list: two of them and a month.</summary>
    public const int DaysListed = 60;

    /// <summary>Null when nobody tried.</summary>
    public static Trace? Of(ProgrammeTask task, DateOnly today) => task.Attempted is { } attempted
        ? new(attempted, task.IsOpen ? null : task.ClosedOn, Decide(attempted, task.IsOpen ? null : task.ClosedOn ?? today, task.DoneBy is not null, today))
        : null;

    /// <summary>Pure: the whole rule.</summary>
    internal static TraceState Decide(DateOnly attempted, DateOnly? closed, bool visited, DateOnly today) => (closed, visited) switch
    {
        (null, _) => today <= attempted.AddDays(DaysToReturn) ? TraceState.Waiting : TraceState.NotReturned,
        ({ } day, true) => day <= attempted.AddDays(DaysToReturn) ? TraceState.Returned : TraceState.NotReturned,
        _ => TraceState.Left,
    };
}
