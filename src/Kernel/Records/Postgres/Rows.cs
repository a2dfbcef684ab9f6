using Npgsql;
using NpgsqlTypes;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Rows for one table, column by column, so that one statement with one array per column writes them all.</summary>
internal sealed class Rows(Func<string, int, string> insert)
{
    private readonly List<NpgsqlParameter> columns = [];
    private readonly List<Func<int>> counts = [];

    /// <summary>Rows for a statement of one's own.</summary>
    public Rows(string insert)
        : this((_, _) => insert)
    {
    }

    public bool IsEmpty => counts.Count is 0 || counts[0]() is 0;

    /// <summary>Rows that go into the table as they are.</summary>
    public static Rows Of(string table, string names) => new((suffix, count) =>
        $"INSERT INTO {table}{suffix} ({names}) SELECT * FROM unnest({string.Join(", ", Enumerable.Range(1, count).Select(n => $"${n}"))})");

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
    /// <param name="suffix">Goes behind the table's name, for a copy of it.</param>
    public void AddTo(NpgsqlBatch batch, string suffix = "")
    {
        if (!IsEmpty) AddTo(batch, suffix, []);
    }

    /// <summary>Adds the statement, also when there are no rows.</summary>
    /// <param name="further">Numbers that the statement takes after its columns.</param>
    public void AddTo(NpgsqlBatch batch, string suffix, ReadOnlySpan<int> further)
    {
        var command = new NpgsqlBatchCommand(insert(suffix, columns.Count));
        foreach (var column in columns) command.Parameters.Add(column);
        foreach (var number in further) command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = number, NpgsqlDbType = NpgsqlDbType.Bigint });
        batch.BatchCommands.Add(command);
    }
}
