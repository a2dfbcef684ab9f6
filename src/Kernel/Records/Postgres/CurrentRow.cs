using Npgsql;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>State of a row of <c>resource</c>.</summary>
internal enum RowState : short { Mentioned = 0, Current = 1, Deleted = 2 }

/// <summary>What stands under a key while a commit decides: read under a lock that holds until the commit ends.</summary>
internal sealed record CurrentRow
{
    /// <summary>Columns that <see cref="Read"/> expects, of a row called r.</summary>
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

    public static CurrentRow Read(NpgsqlDataReader reader, NameDictionary types) => new()
    {
        Rid = reader.GetInt64(0),
        Key = new(types.NameOf(reader.GetInt32(2)), reader.GetString(1)),
        Version = reader.GetInt32(3),
        State = (RowState)reader.GetInt16(4),
        At = reader.GetInt64(5),
        Interaction = (Interaction)reader.GetInt16(6),
        Labels = (SensitivityLabels)reader.GetInt16(7),
        County = reader.GetInt32(8),
        Person = reader.IsDBNull(9) ? null : reader.GetInt64(9),
        Body = reader.IsDBNull(10) ? [] : BodyCodec.Decode(reader.GetFieldValue<byte[]>(10)),
    };
}
