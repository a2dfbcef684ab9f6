
namespace Tongxin.Kernel.Records.Engines;

/// <summary>State of a row of <c>resource</c>.</summary>
internal enum RowState : short { Mentioned = 0, Current = 1, Deleted = 2 }

/// <summary>What stands under a key while a commit decides: read under a lock that holds until the commit ends.</summary>
internal sealed record CurrentRow
{
    /// <summary>Columns of a current row called r, in the order in which they are read.</summary>
    public const string Columns = "r.rid, r.id, r.type, r.version, r.state, r.at, r.interaction, r.labels, r.county, r.person, r.body";

    public required long Rid { get; init; }
    public required ResourceKey Key { get; init; }
    public required int Version { get; init; }
    public required RowState State { get; init; }
    public required long At { get; init; }
    public required Interaction Interaction { get; init; }
    public required SensitivityLabels Labels { get; init; }
    public required int County { get; init; }

    /// <summary>rid of the Patient.</summary>
    public required long? Person { get; init; }

    public required byte[] Body { get; init; }

    public Stored ToStored() => new(Key, Version, DateTimeOffset.FromUnixTimeMilliseconds(At), Interaction, Body);
}
