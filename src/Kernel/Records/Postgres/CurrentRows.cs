using Npgsql;
using Tongxin.Kernel.Records.Engines;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Reads rows of <see cref="CurrentRow.Columns"/>.</summary>
internal static class CurrentRows
{
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
