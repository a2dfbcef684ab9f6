namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>The tables of the record in SQLite, and their version.</summary>
/// <remarks>
/// The same shape as in PostgreSQL: <c>rid</c> stands for (type, id) everywhere and grows with time. Index tables are clustered by their source
/// (WITHOUT ROWID), so that a rewrite touches neighbouring rows; a second, covering index leads from the value and ends in rid.
/// </remarks>
internal static class SqliteSchema
{
    public const int Version = 2;

    /// <summary>Every table whose rows are made from a resource's current version, by <c>rid</c>.</summary>
    public static readonly string[] IndexTables = ["token", "string", "date", "quantity", "reference", "uri", "composite"];

    /// <summary>For one connection: the journal that survives a power cut, and a wait for other processes' locks.</summary>
    public const string Pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536;";

    public const string ReaderPragmas =
        "PRAGMA busy_timeout = 10000; PRAGMA query_only = 1; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384; PRAGMA mmap_size = 1073741824;";

    public static readonly string Tables = $"""
        PRAGMA page_size = 8192;
        PRAGMA user_version = {Version};

        CREATE TABLE name (kind INTEGER NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
        CREATE TABLE display (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

        -- state: 0 only mentioned by a reference, 1 current, 2 deleted. at: commit time in Unix milliseconds.
        CREATE TABLE resource (
            rid INTEGER PRIMARY KEY, type INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, state INTEGER NOT NULL, at INTEGER NOT NULL,
            interaction INTEGER NOT NULL, labels INTEGER NOT NULL, county INTEGER NOT NULL, person INTEGER, body BLOB);
        CREATE UNIQUE INDEX resource_key ON resource (id, type);
        CREATE INDEX resource_newest ON resource (type, rid) WHERE state = 1;
        CREATE INDEX resource_by_time ON resource (type, at, rid);
        CREATE INDEX resource_by_person ON resource (person, type, rid) WHERE person IS NOT NULL;

        CREATE TABLE history (
            rid INTEGER NOT NULL, version INTEGER NOT NULL, type INTEGER NOT NULL, id TEXT NOT NULL, state INTEGER NOT NULL, at INTEGER NOT NULL,
            interaction INTEGER NOT NULL, labels INTEGER NOT NULL, county INTEGER NOT NULL, person INTEGER, body BLOB, PRIMARY KEY (rid, version));
        CREATE INDEX history_by_time ON history (type, at, rid);

        CREATE TABLE feed (position INTEGER PRIMARY KEY, rid INTEGER NOT NULL, version INTEGER NOT NULL, county INTEGER NOT NULL);
        CREATE TABLE audit (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, entry BLOB NOT NULL);
        CREATE TABLE audit_seal (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL);
        CREATE TABLE audit_person (person TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (person, seq)) WITHOUT ROWID;
        CREATE TABLE idempotency (key TEXT PRIMARY KEY, at INTEGER NOT NULL, answer TEXT NOT NULL) WITHOUT ROWID;

        CREATE TABLE relation (rid INTEGER NOT NULL, person INTEGER NOT NULL, organisation INTEGER NOT NULL, PRIMARY KEY (rid, person, organisation)) WITHOUT ROWID;
        CREATE INDEX relation_by_person ON relation (person, organisation);
        CREATE INDEX relation_by_organisation ON relation (organisation, person);

        CREATE TABLE token (
            rid INTEGER NOT NULL, param INTEGER NOT NULL, code TEXT NOT NULL, system INTEGER NOT NULL, display INTEGER NOT NULL,
            type_system INTEGER NOT NULL, type_code TEXT NOT NULL, PRIMARY KEY (rid, param, code, system, display, type_system, type_code)) WITHOUT ROWID;
        CREATE INDEX token_value ON token (param, code, rid, system);
        CREATE INDEX token_display ON token (display, param) WHERE display <> 0;

        -- value: as written, where that differs from folded; only of original rows.
        CREATE TABLE string (
            rid INTEGER NOT NULL, param INTEGER NOT NULL, folded TEXT NOT NULL, original INTEGER NOT NULL, value TEXT NOT NULL,
            PRIMARY KEY (rid, param, folded, original, value)) WITHOUT ROWID;
        CREATE INDEX string_value ON string (param, folded, rid);

        -- low inclusive, high exclusive, .NET ticks in UTC.
        CREATE TABLE date (rid INTEGER NOT NULL, param INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL, PRIMARY KEY (rid, param, low, high)) WITHOUT ROWID;
        CREATE INDEX date_low ON date (param, low, rid, high);

        CREATE TABLE quantity (
            rid INTEGER NOT NULL, param INTEGER NOT NULL, low REAL NOT NULL, high REAL NOT NULL, system INTEGER NOT NULL, code TEXT NOT NULL, unit TEXT NOT NULL,
            PRIMARY KEY (rid, param, low, high, system, code, unit)) WITHOUT ROWID;
        CREATE INDEX quantity_value ON quantity (param, low, rid);

        CREATE TABLE reference (
            rid INTEGER NOT NULL, param INTEGER NOT NULL, target INTEGER, version TEXT, url TEXT, identifier_system INTEGER, identifier TEXT);
        CREATE INDEX reference_source ON reference (rid, param, target);
        CREATE INDEX reference_target ON reference (target, param, rid) WHERE target IS NOT NULL;
        CREATE INDEX reference_url ON reference (param, url, rid) WHERE url IS NOT NULL;
        CREATE INDEX reference_identifier ON reference (param, identifier, rid) WHERE identifier IS NOT NULL;

        CREATE TABLE uri (rid INTEGER NOT NULL, param INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (rid, param, value)) WITHOUT ROWID;
        CREATE INDEX uri_value ON uri (param, value, rid);

        CREATE TABLE composite (
            rid INTEGER NOT NULL, param INTEGER NOT NULL, system1 INTEGER, code1 TEXT, system2 INTEGER, code2 TEXT, low1 REAL, high1 REAL,
            system3 INTEGER, code3 TEXT, unit3 TEXT, low2 REAL, high2 REAL, low_date INTEGER, high_date INTEGER, target INTEGER, folded TEXT);
        CREATE INDEX composite_source ON composite (rid);
        CREATE INDEX composite_value ON composite (param, code1, rid);
        """;
}
