namespace Tongxin.Kernel.Access;

/// <summary>Which engine keeps the record, and where. Chosen once, when a command starts.</summary>
public abstract record RecordEngine
{
    private RecordEngine() { }

    /// <summary>Start although the engine could lose what it acknowledged.</summary>
    public bool Unsafe { get; init; }

    /// <summary>SQLite in a folder of its own: a demo, a township, a small county.</summary>
    public sealed record Sqlite(string Folder) : RecordEngine;

    /// <summary>PostgreSQL 15 or later: a county or a city.</summary>
    public sealed record Postgres(string Connection) : RecordEngine;
}
