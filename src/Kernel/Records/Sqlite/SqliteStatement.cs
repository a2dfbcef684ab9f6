using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>One prepared statement, bound and stepped through SQLite's own functions.</summary>
/// <remarks>
/// A write is some thirty small statements; through ADO.NET each costs several times what SQLite itself needs for it (a parameter is looked up by
/// name each time, a reader is made and thrown away). Values are bound by their place.
/// </remarks>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 database;
    private readonly sqlite3_stmt statement;
    private readonly int[] places;

    /// <param name="prefix">How parameters are called before their number: <c>?</c>, or <c>$p</c> where a value may be unused.</param>
    /// <param name="count">Values that will be bound.</param>
    public SqliteStatement(sqlite3 database, string sql, int count, string prefix)
    {
        this.database = database;
        Check(raw.sqlite3_prepare_v2(database, sql, out statement));
        places = new int[count];
        for (var i = 0; i < count; i++) places[i] = raw.sqlite3_bind_parameter_index(statement, $"{prefix}{i + 1}");
    }

    public void Bind(ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
            if (places[i] is > 0 and var place) Check(BindOne(place, values[i]));
    }

    /// <summary>True when there is a row.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(statement);
        if (code is raw.SQLITE_ROW) return true;
        if (code is raw.SQLITE_DONE) return false;
        throw Failure(code);
    }

    public SqliteRow Row => new(statement);

    /// <summary>Ready for the next values; holds no lock and no value afterwards.</summary>
    public void Reset()
    {
        _ = raw.sqlite3_reset(statement);
        _ = raw.sqlite3_clear_bindings(statement);
    }

    public void Dispose() => statement.Dispose();

    private int BindOne(int place, object? value) => value switch
    {
        null or DBNull => raw.sqlite3_bind_null(statement, place),
        string text => BindText(place, text),
        long number => raw.sqlite3_bind_int64(statement, place, number),
        int number => raw.sqlite3_bind_int64(statement, place, number),
        short number => raw.sqlite3_bind_int64(statement, place, number),
        bool truth => raw.sqlite3_bind_int64(statement, place, truth ? 1 : 0),
        double number => raw.sqlite3_bind_double(statement, place, number),
        byte[] bytes => raw.sqlite3_bind_blob(statement, place, bytes),
        _ => throw new NotSupportedException($"A {value.GetType().Name} cannot be bound."),
    };

    private int BindText(int place, string text)
    {
        const int onStack = 512;
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        Span<byte> bytes = most <= onStack ? stackalloc byte[onStack] : new byte[most];
        return raw.sqlite3_bind_text(statement, place, bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }

    private void Check(int code)
    {
        if (code is not raw.SQLITE_OK) throw Failure(code);
    }

    private SqliteException Failure(int code) =>
        new($"SQLite Error {code & 0xFF}: '{raw.sqlite3_errmsg(database).utf8_to_string()}'.", code & 0xFF, raw.sqlite3_extended_errcode(database));
}

/// <summary>The row at which a statement stands; valid until its next step.</summary>
internal readonly ref struct SqliteRow(sqlite3_stmt statement)
{
    public long GetInt64(int column) => raw.sqlite3_column_int64(statement, column);

    public int GetInt32(int column) => (int)raw.sqlite3_column_int64(statement, column);

    public double GetDouble(int column) => raw.sqlite3_column_double(statement, column);

    public string GetString(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string();

    public ReadOnlySpan<byte> GetBytes(int column) => raw.sqlite3_column_blob(statement, column);

    public bool IsDBNull(int column) => raw.sqlite3_column_type(statement, column) is raw.SQLITE_NULL;

    /// <summary>long, double, string, byte[] or null.</summary>
    public object? GetValue(int column) => raw.sqlite3_column_type(statement, column) switch
    {
        raw.SQLITE_INTEGER => GetInt64(column),
        raw.SQLITE_FLOAT => GetDouble(column),
        raw.SQLITE_TEXT => GetString(column),
        raw.SQLITE_BLOB => GetBytes(column).ToArray(),
        _ => null,
    };
}

/// <summary>Reads what is wanted of a row.</summary>
internal delegate T ReadRow<T>(SqliteRow row);
