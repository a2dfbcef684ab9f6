using System.Globalization;
using DuckDB.NET.Data;

namespace Tongxin.Kernel.Measures;

/// <summary>The derived, columnar copy of the record (DuckDB): flat views, memberships, cells. A file that can be deleted at any time.</summary>
/// <remarks>One writer at a time; readers have connections of their own and see whole commits.</remarks>
public sealed class ColumnStore : IDisposable
{
    /// <summary>Memory that DuckDB may take; the rest spills to disk beside the file.</summary>
    public const string MemoryLimit = "1GB";

    private readonly string source;
    private readonly DuckDBConnection writer;
    private readonly SemaphoreSlim turn = new(1, 1);

    public ColumnStore(string file)
    {
        source = $"Data Source={file}";
        writer = new(source);
        writer.Open();
        Run(writer, $"SET memory_limit='{MemoryLimit}'; SET threads=2; SET preserve_insertion_order=false; {Schema}");
    }

    /// <summary>Tables of the engine; those of the views are made from their definitions.</summary>
    private const string Schema = """
        CREATE SCHEMA IF NOT EXISTS touched;
        CREATE TABLE IF NOT EXISTS progress(position BIGINT, committed TIMESTAMP, definitions VARCHAR, evaluated DATE);
        CREATE TABLE IF NOT EXISTS scope(person VARCHAR);
        CREATE TABLE IF NOT EXISTS secret(pseudonyms VARCHAR);
        INSERT INTO secret SELECT gen_random_uuid()::VARCHAR || gen_random_uuid()::VARCHAR WHERE NOT EXISTS (SELECT 1 FROM secret);
        CREATE TABLE IF NOT EXISTS organisation(id VARCHAR, parent VARCHAR, name VARCHAR, kind VARCHAR, county VARCHAR);
        CREATE TABLE IF NOT EXISTS above(ancestor VARCHAR, organisation VARCHAR);
        CREATE TABLE IF NOT EXISTS membership(indicator VARCHAR, as_of DATE, person VARCHAR, organisation VARCHAR, excluded BOOLEAN, numerator BOOLEAN,
            reason VARCHAR, evidence VARCHAR);
        CREATE TABLE IF NOT EXISTS cell(indicator VARCHAR, as_of DATE, organisation VARCHAR, denominator BIGINT, numerator BIGINT, excluded BIGINT,
            PRIMARY KEY (indicator, as_of, organisation));
        """;

    /// <summary>Key of the pseudonyms; lives and dies with this file.</summary>
    internal byte[] SecretOfPseudonyms() => System.Text.Encoding.UTF8.GetBytes(Read("SELECT pseudonyms FROM secret", r => r.GetString(0))[0]);

    /// <summary>Runs work in one transaction of the only writer; all of it or none.</summary>
    public async Task WriteAsync(Action<DuckDBConnection> work, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            using var transaction = writer.BeginTransaction();
            work(writer);
            transaction.Commit();
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Name under which the store stands in SQL.</summary>
    internal string Name => $"\"{Path.GetFileNameWithoutExtension(writer.DataSource)}\"";

    /// <summary>A connection of its own, for the caller to close.</summary>
    internal DuckDBConnection Open()
    {
        var connection = new DuckDBConnection(source);
        connection.Open();
        return connection;
    }

    /// <summary>Reads rows on a connection of its own.</summary>
    public List<T> Read<T>(string sql, Func<DuckDBDataReader, T> row, params (string Name, object? Value)[] parameters)
    {
        using var connection = Open();
        return Read(connection, sql, row, parameters);
    }

    internal static List<T> Read<T>(DuckDBConnection connection, string sql, Func<DuckDBDataReader, T> row, params (string Name, object? Value)[] parameters)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters) command.Parameters.Add(new DuckDBParameter(name, value));
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(row(reader));
        return rows;
    }

    internal static void Run(DuckDBConnection connection, string sql, params (string Name, object? Value)[] parameters)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters) command.Parameters.Add(new DuckDBParameter(name, value));
        command.ExecuteNonQuery();
    }

    /// <summary>A date as a DuckDB literal; dates of the engine are never text of a user.</summary>
    internal static string Literal(DateOnly date) => $"DATE '{date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}'";

    public void Dispose()
    {
        writer.Dispose();
        turn.Dispose();
    }
}
