using Tongxin.Kernel.Records.Engines;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>Rows of <c>resource</c> and <c>history</c> as what they hold.</summary>
internal static class StoredRow
{
    /// <summary>Columns that <see cref="Read"/> expects.</summary>
    public const string Columns = "r.id, r.type, r.version, r.at, r.interaction, r.body";

    public static Stored Read(SqliteRow reader, Names names) => new(
        new(names.Types.NameOf(reader.GetInt32(1)), reader.GetString(0)),
        reader.GetInt64(2),
        DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(3)),
        (Interaction)reader.GetInt32(4),
        reader.IsDBNull(5) ? default(ReadOnlyMemory<byte>) : BodyCodec.Decode(reader.GetBytes(5)));

    /// <summary>A row of <see cref="CurrentRow.Columns"/>.</summary>
    public static CurrentRow ReadCurrent(SqliteRow reader, Names names) => new()
    {
        Rid = reader.GetInt64(0),
        Key = new(names.Types.NameOf(reader.GetInt32(2)), reader.GetString(1)),
        Version = reader.GetInt32(3),
        State = (RowState)reader.GetInt32(4),
        At = reader.GetInt64(5),
        Interaction = (Interaction)reader.GetInt32(6),
        Labels = (SensitivityLabels)reader.GetInt32(7),
        County = reader.GetInt32(8),
        Person = reader.IsDBNull(9) ? null : reader.GetInt64(9),
        Body = reader.IsDBNull(10) ? [] : BodyCodec.Decode(reader.GetBytes(10)),
    };
}

/// <summary>A resource that a search found, with what the page's end needs to know.</summary>
internal sealed record FoundRow(Stored Stored, long Rid, string?[] Keys)
{
    public const string Columns = $"{StoredRow.Columns}, r.rid";

    private const int FirstKey = 7;

    public static FoundRow Read(SqliteRow reader, Names names, int sortKeys)
    {
        var keys = new string?[sortKeys];
        for (var i = 0; i < sortKeys; i++)
            keys[i] = reader.IsDBNull(FirstKey + i) ? null : Convert.ToString(reader.GetValue(FirstKey + i), System.Globalization.CultureInfo.InvariantCulture);
        return new(StoredRow.Read(reader, names), reader.GetInt64(6), keys);
    }
}
