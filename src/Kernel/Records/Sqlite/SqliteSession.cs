using System.Diagnostics;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Tongxin.Fhir;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>One connection and its prepared statements. Used by one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    private const int MostStatements = 256;
    private const int StepsBetweenLooks = 20_000;
    private const int Interrupted = 9;

    private readonly SqliteConnection connection;
    private readonly Dictionary<string, SqliteCommand> statements = new(StringComparer.Ordinal);
    private long deadline = long.MaxValue;

    public SqliteSession(string file, string pragmas)
    {
        connection = new(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, DefaultTimeout = 30 }.ToString());
        connection.Open();
        ExecuteScript(pragmas);
        raw.sqlite3_progress_handler(connection.Handle, StepsBetweenLooks, _ => Stopwatch.GetTimestamp() > deadline ? 1 : 0, null);
    }

    public SqliteConnection Connection => connection;

    /// <summary>Statements after this take at most so long; a longer one ends as 503.</summary>
    public void LimitTo(TimeSpan time) => deadline = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);

    public void ExecuteScript(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public int Execute(string sql, params ReadOnlySpan<object?> values) => Guarded(Bound(sql, values), c => c.ExecuteNonQuery());

    public T? Scalar<T>(string sql, params ReadOnlySpan<object?> values) => Guarded(Bound(sql, values), c => c.ExecuteScalar()) is T found ? found : default;

    public List<T> List<T>(string sql, Func<SqliteDataReader, T> row, params ReadOnlySpan<object?> values) => List(Bound(sql, values), row);

    public List<T> List<T>(SqlText sql, Func<SqliteDataReader, T> row) => List(Bound(sql.ToString(), [.. sql.Parameters], SqlText.Prefix), row);

    private static List<T> List<T>(SqliteCommand bound, Func<SqliteDataReader, T> row) => Guarded(bound, command =>
    {
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(row(reader));
        return rows;
    });

    public void Dispose()
    {
        foreach (var statement in statements.Values) statement.Dispose();
        connection.Dispose();
    }

    private static T Guarded<T>(SqliteCommand command, Func<SqliteCommand, T> run)
    {
        try
        {
            return run(command);
        }
        catch (SqliteException stopped) when (stopped.SqliteErrorCode is Interrupted)
        {
            throw RefusedException.Because(503, "too-costly", "The search takes too long: ask for less at a time, or narrow it.");
        }
    }

    private SqliteCommand Bound(string sql, ReadOnlySpan<object?> values, string prefix = "?")
    {
        if (!statements.TryGetValue(sql, out var command))
        {
            if (statements.Count >= MostStatements) Forget();
            command = connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 0; i < values.Length; i++) command.Parameters.Add(new SqliteParameter { ParameterName = $"{prefix}{i + 1}" });
            statements[sql] = command;
        }

        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }

    private void Forget()
    {
        foreach (var statement in statements.Values) statement.Dispose();
        statements.Clear();
    }
}
