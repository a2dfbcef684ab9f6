using System.Diagnostics;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Tongxin.Fhir;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>One connection and its prepared statements. Used by one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    private const int MostStatements = 512;
    private const int StepsBetweenLooks = 20_000;
    private const int Interrupted = 9;

    private readonly SqliteConnection connection;
    private readonly Dictionary<string, SqliteStatement> statements = new(StringComparer.Ordinal);
    private long deadline = long.MaxValue;

    public SqliteSession(string file, string pragmas)
    {
        connection = new(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, DefaultTimeout = 30 }.ToString());
        connection.Open();
        ExecuteScript(pragmas);
        raw.sqlite3_progress_handler(connection.Handle, StepsBetweenLooks, _ => Stopwatch.GetTimestamp() > deadline ? 1 : 0, null);
    }

    /// <summary>Statements after this take at most so long; a longer one ends as 503.</summary>
    public void LimitTo(TimeSpan time) => deadline = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);

    public void ExecuteScript(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public void Execute(string sql, params ReadOnlySpan<object?> values)
    {
        var statement = Prepared(sql, values, "?");
        try
        {
            while (Stepped(statement)) { }
        }
        finally
        {
            statement.Reset();
        }
    }

    /// <summary>The first column of the first row; default when there is none or it is another kind.</summary>
    public T? Scalar<T>(string sql, params ReadOnlySpan<object?> values)
    {
        var statement = Prepared(sql, values, "?");
        try
        {
            return Stepped(statement) && statement.Row.GetValue(0) is T found ? found : default;
        }
        finally
        {
            statement.Reset();
        }
    }

    public List<T> List<T>(string sql, ReadRow<T> row, params ReadOnlySpan<object?> values) => List(Prepared(sql, values, "?"), row);

    public List<T> List<T>(SqlText sql, ReadRow<T> row) =>
        List(Prepared(sql.ToString(), System.Runtime.InteropServices.CollectionsMarshal.AsSpan(sql.Parameters), SqlText.Prefix), row);

    public void Dispose()
    {
        Forget();
        connection.Dispose();
    }

    private static List<T> List<T>(SqliteStatement statement, ReadRow<T> row)
    {
        try
        {
            var rows = new List<T>();
            while (Stepped(statement)) rows.Add(row(statement.Row));
            return rows;
        }
        finally
        {
            statement.Reset();
        }
    }

    private static bool Stepped(SqliteStatement statement)
    {
        try
        {
            return statement.Step();
        }
        catch (SqliteException stopped) when (stopped.SqliteErrorCode is Interrupted)
        {
            throw RefusedException.Because(503, "too-costly", "The search takes too long: ask for less at a time, or narrow it.");
        }
    }

    private SqliteStatement Prepared(string sql, ReadOnlySpan<object?> values, string prefix)
    {
        if (!statements.TryGetValue(sql, out var statement))
        {
            if (statements.Count >= MostStatements) Forget();
            statements[sql] = statement = new(connection.Handle!, sql, values.Length, prefix);
        }

        statement.Bind(values);
        return statement;
    }

    private void Forget()
    {
        foreach (var statement in statements.Values) statement.Dispose();
        statements.Clear();
    }
}
