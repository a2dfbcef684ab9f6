using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records;

/// <summary>A commit after parsing, validation and extraction: what the engine needs and nothing that needs thought. Made outside the writer's lock.</summary>
public sealed record PreparedCommit
{
    public required IReadOnlyList<PreparedChange> Changes { get; init; }

    /// <summary>What the caller may touch; a Put or Delete of a row outside it is refused as if it were not there.</summary>
    public required Visibility Visibility { get; init; }

    /// <summary>Commit time, from the injected clock; the engine may move it forward so that it never runs backwards.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Audit entry written in the same transaction; null only for seeding and import, which write one entry per batch.</summary>
    public ReadOnlyMemory<byte>? Audit { get; init; }

    /// <summary>Client's idempotency key with the caller's subject in front; the same key answers what was answered before.</summary>
    public string? IdempotencyKey { get; init; }
}

/// <summary>One change of a <see cref="PreparedCommit"/>.</summary>
public sealed record PreparedChange
{
    public required ResourceKey Key { get; init; }
    public required ChangeKind Kind { get; init; }

    /// <summary>The resource without id, versionId and lastUpdated, cut where the engine splices them in; null for a deletion.</summary>
    public ResourceBody? Body { get; init; }

    /// <summary>What an engine made of the body on its caller's thread, before the writer's turn; only that engine looks at it.</summary>
    internal object? Packed { get; init; }

    public IndexEntries? Index { get; init; }

    /// <summary>412 when the current version is another.</summary>
    public long? IfVersion { get; init; }

    /// <summary>412 when the key exists already (<c>If-None-Match: *</c>).</summary>
    public bool IfNotPresent { get; init; }

    /// <summary>404 when nothing stands under the key that the caller sees: she may replace, not make.</summary>
    public bool IfPresent { get; init; }

    /// <summary>Conditional interactions: searched inside the transaction, guarded by a unique key of (type, canonical query), so that two at once make one.</summary>
    public SearchRequest? Condition { get; init; }

    /// <summary>What the condition is searched among; null for all that the commit may touch.</summary>
    public Visibility? Among { get; init; }

    /// <summary>The canonical text of <see cref="Condition"/>, which is the unique key.</summary>
    public string? ConditionText { get; init; }

    /// <summary>Other changes of the commit refer to this one by <see cref="Key"/>: a condition that now matches another must refuse (409, transient).</summary>
    public bool KeyIsTold { get; init; }

    /// <summary>Id of the Patient whose record this belongs to; null when it is nobody's.</summary>
    public string? Person { get; init; }

    /// <summary>Division code of the county; null for what all counties share.</summary>
    public string? County { get; init; }

    public SensitivityLabels Labels { get; init; }

    /// <summary>Which organisations care for which person because of this resource; replaces what its version before said.</summary>
    public IReadOnlyList<Relation> Relations { get; init; } = [];
}

public enum ChangeKind { Create, Put, Delete }

/// <summary>An organisation cares for a person now: managing clinic, contract team, open referral, running encounter, enrolment.</summary>
public readonly record struct Relation(string Person, string Organisation);
