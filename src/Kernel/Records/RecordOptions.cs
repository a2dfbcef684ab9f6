namespace Tongxin.Kernel.Records;

/// <summary>Where the record is kept, chosen once at start: in a folder of this machine, or in PostgreSQL.</summary>
public sealed record RecordOptions
{
    /// <summary>The data folder: the record itself (SQLite), and with either engine the keys, the anchor of the audit chain and derived files.</summary>
    public required string Folder { get; init; }

    /// <summary>Connection string of PostgreSQL; null for SQLite in <see cref="Folder"/>.</summary>
    public string? Postgres { get; init; }

    /// <summary>Accept a database that may lose what it acknowledged.</summary>
    public bool Unsafe { get; init; }

    /// <summary>The one file of the record in SQLite.</summary>
    public string SqliteFile => Path.Combine(Folder, "record.db");
}
