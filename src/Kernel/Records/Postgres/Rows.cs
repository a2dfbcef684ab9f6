using Npgsql;
using NpgsqlTypes;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Rows for one table, column by column, so that one statement with one array per column writes them all.</summary>
internal sealed class Rows(string insert)
{
    private readonly List<NpgsqlParameter> columns = [];
    private readonly List<Func<int>> counts = [];

    public bool IsEmpty => counts.Count is 0 || counts[0]() is 0;

    public List<T> Column<T>(NpgsqlDbType type)
    {
        var values = new List<T>();
        columns.Add(new NpgsqlParameter<List<T>> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type });
        counts.Add(() => values.Count);
        return values;
    }

    public List<long> Longs() => Column<long>(NpgsqlDbType.Bigint);

    public List<int> Ints() => Column<int>(NpgsqlDbType.Integer);

    public List<short> Shorts() => Column<short>(NpgsqlDbType.Smallint);

    public List<string?> Texts() => Column<string?>(NpgsqlDbType.Text);

    /// <summary>Adds the statement when there is anything to write.</summary>
    public void AddTo(NpgsqlBatch batch) => AddTo(batch, always: false, []);

    /// <param name="always">Also when there are no rows.</param>
    /// <param name="further">Numbers that the statement takes after its columns.</param>
    public void AddTo(NpgsqlBatch batch, bool always, ReadOnlySpan<int> further)
    {
        if (IsEmpty && !always) return;
        var command = new NpgsqlBatchCommand(insert);
        foreach (var column in columns) command.Parameters.Add(column);
        foreach (var number in further) command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = number, NpgsqlDbType = NpgsqlDbType.Bigint });
        batch.BatchCommands.Add(command);
    }
}
