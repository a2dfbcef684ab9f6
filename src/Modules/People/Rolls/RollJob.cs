using System.Text.Json.Serialization;
using Tongxin.Kernel.Access;

namespace Tongxin.Modules.People.Rolls;

/// <summary>A roll that somebody sent: how its columns are understood, how far it is, and what became of it. Kept as <c>job.json</c> beside the file.</summary>
/// <remarks>It does what whoever sent it may do, and is shown to her alone. The file itself is read again by each run; only its first lines are kept here.</remarks>
public sealed record RollJob
{
    /// <summary>Lines that are shown before anything is done.</summary>
    public const int LinesShown = 20;

    public required string Id { get; init; }
    public required Caller Caller { get; init; }
    public required string FileName { get; init; }
    public required DateTimeOffset At { get; init; }

    /// <summary>Manages those whose row names no place.</summary>
    public required string Clinic { get; init; }

    /// <summary>The first lines of the file, cut to <see cref="LinesShown"/>.</summary>
    public required IReadOnlyList<RollLine> Top { get; init; }

    /// <summary>Lines that hold anything, heads and titles among them.</summary>
    public required int Lines { get; init; }
    public required RollColumns Columns { get; init; }

    public RollState State { get; init; } = RollState.Sent;

    /// <summary>What the last run was, or the one under way is: a look or an import.</summary>
    public bool IsDryRun { get; init; } = true;

    /// <summary>Null until a run has ended well.</summary>
    public RollCounts? Counts { get; init; }

    /// <summary>Why it failed; null while it did not.</summary>
    public string? Why { get; init; }
    public DateTimeOffset? Ended { get; init; }

    [JsonIgnore]
    public bool IsUnderWay => State is RollState.Waiting or RollState.Running;

    public bool IsOf(Caller caller) => caller.Scopes is null && caller.Subject == Caller.Subject && caller.Role == Caller.Role && caller.Organisation == Caller.Organisation;
}

/// <summary>Sent: its columns are looked at. Ended: it ran to its end, as a look or as an import.</summary>
public enum RollState { Sent, Waiting, Running, Ended, Failed }

/// <summary>What became of the rows, as it is shown; all refused rows are in the workbook.</summary>
/// <param name="Cut">How many new people were not compared with everybody who shares their name, telephone or birthday.</param>
/// <param name="Shown">The first refused rows.</param>
public sealed record RollCounts(int Rows, int New, int Same, int Doubtful, int Repeated, int Refused, int Cut, IReadOnlyList<ShownRefusal> Shown)
{
    private const int MostShown = 20;

    public static RollCounts Of(RollOutcome outcome, RollColumns columns) => new(
        outcome.Rows, outcome.New, outcome.Same, outcome.Doubtful, outcome.Repeated, outcome.Refused.Count, outcome.Cut.Count,
        [.. outcome.Refused.Take(MostShown).Select(r => new ShownRefusal(r.Line.Number, columns.Map.TryGetValue(RollField.Name, out var name) ? r.Line[name] : "",
            string.Join(' ', r.Issues.Select(i => i.Diagnostics))))]);
}

/// <summary>One refused row as a page shows it.</summary>
public sealed record ShownRefusal(int Row, string Name, string Why);

[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(RollJob))]
internal sealed partial class RollJobJson : JsonSerializerContext;
