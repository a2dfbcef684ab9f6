namespace Tongxin.Kernel.Access;

/// <summary>Which engine keeps the record, and where. Chosen once, when a command starts.</summary>
public abstract record RecordEngine
{
    private RecordEngine() { }

    /// <summary>Start although the engine could lose what it acknowledged.</summary>
    public bool Unsafe { get; init; }

    /// <summary>Folder of this machine for what must not lie in the database: keys, the anchor of the audit chain, accounts (SQLite).</summary>
    public abstract string Folder { get; init; }

    /// <summary>SQLite in a folder of its own: a demo, a township, a small county.</summary>
    public sealed record Sqlite(string Data) : RecordEngine
    {
        public override string Folder { get; init; } = Data;
    }

    /// <summary>PostgreSQL 15 or later: a county or a city.</summary>
    public sealed record Postgres(string Connection) : RecordEngine
    {
        public override string Folder { get; init; } = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "tongxin");
    }
}
