using Npgsql;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>The tables of the record in PostgreSQL, their version, and the questions a server must answer before it may hold the record.</summary>
/// <remarks>
/// A row's identity is <c>rid</c>, given once for each (type, id) and growing with time: it orders search results and stands in for the key in
/// every other table. Every row carries its county; primary keys contain it, so that PostgreSQL can partition and Citus can shard by it
/// (docs/decisions/postgres-store.md). Indexes of the typed tables end in rid, and each table has an index by its source for rewrites.
/// Text is in the C collation: bytes decide, as in SQLite.
/// </remarks>
internal static class PostgresSchema
{
    public const int Version = 2;

    /// <summary>Any number will do, if every server of this record takes the same: it lets one of several starting servers make the tables.</summary>
    private const long SchemaLock = 0x546F6E6778696E;

    private const int OldestServer = 150000;

    /// <summary>Refuses a server that is too old, forgets what it acknowledged or holds a newer record; makes the tables where there are none.</summary>
    public static async Task PrepareAsync(NpgsqlConnection connection, bool acceptLoss, CancellationToken cancel)
    {
        await CheckServerAsync(connection, acceptLoss, cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({SchemaLock})", cancel);
        var found = await FoundVersionAsync(connection, cancel);
        if (found > Version)
            throw new InvalidOperationException($"The database holds schema version {found}, this program knows {Version}: start a newer program.");
        if (found is > 0 and < Version)
            throw new InvalidOperationException($"The database holds schema version {found} of before the first release: export it with the program that made it, then import.");
        if (found is 0) await ExecuteAsync(connection, Tables, cancel);
        await transaction.CommitAsync(cancel);
    }

    private static async Task CheckServerAsync(NpgsqlConnection connection, bool acceptLoss, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT current_setting('server_version_num')::int, current_setting('server_version'), current_setting('server_encoding'),
                   current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')
            """, connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        if (reader.GetInt32(0) < OldestServer)
            throw new InvalidOperationException($"PostgreSQL {reader.GetString(1)} is too old: Tongxin needs PostgreSQL 15 or later.");
        if (reader.GetString(2) is not "UTF8")
            throw new InvalidOperationException($"The database is encoded in {reader.GetString(2)}: create it with ENCODING 'UTF8'.");
        string[] durable = ["fsync", "full_page_writes", "synchronous_commit"];
        for (var i = 0; i < durable.Length; i++)
            if (reader.GetString(3 + i) is "off" && !acceptLoss)
                throw new InvalidOperationException($"{durable[i]} is off, so acknowledged records could be lost: turn it on, or start with --unsafe.");
    }

    private static async Task<int> FoundVersionAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var exists = new NpgsqlCommand("SELECT to_regclass('schema_version') IS NOT NULL", connection);
        if (await exists.ExecuteScalarAsync(cancel) is not true) return 0;
        await using var version = new NpgsqlCommand("SELECT version FROM schema_version", connection);
        return (int)(await version.ExecuteScalarAsync(cancel))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static readonly string Tables = $"""
        CREATE TABLE schema_version (version int NOT NULL);
        INSERT INTO schema_version VALUES ({Version});

        -- Dictionaries. A number, once given, never changes, so every process may remember it for ever.
        CREATE TABLE resource_type (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE);
        CREATE TABLE parameter (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE);
        CREATE TABLE system (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE);
        CREATE TABLE county (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE);
        CREATE TABLE display (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE);

        -- rids are handed out in blocks, so that a process needs no round trip for each.
        CREATE SEQUENCE rid_block INCREMENT BY {ResourceIds.BlockSize} MINVALUE {ResourceIds.BlockSize};

        -- state: 0 only mentioned by a reference, 1 current, 2 deleted. at: commit time in Unix milliseconds. body: see BodyCodec.
        CREATE TABLE resource (
            rid bigint NOT NULL, person bigint, at bigint NOT NULL, type int NOT NULL, county int NOT NULL, version int NOT NULL,
            labels smallint NOT NULL, state smallint NOT NULL, interaction smallint NOT NULL, id text COLLATE "C" NOT NULL, body bytea,
            PRIMARY KEY (rid, county));
        CREATE UNIQUE INDEX resource_key ON resource (id, type);
        CREATE INDEX resource_newest ON resource (type, rid) WHERE state = 1;
        CREATE INDEX resource_by_time ON resource (type, at, rid);
        CREATE INDEX resource_by_person ON resource (person, type, rid) WHERE person IS NOT NULL;
        ALTER TABLE resource ALTER body SET STORAGE EXTERNAL;

        CREATE TABLE history (LIKE resource INCLUDING STORAGE);
        ALTER TABLE history ADD PRIMARY KEY (rid, version, county);
        CREATE INDEX history_by_time ON history (type, at, rid);

        CREATE TABLE feed (position bigint PRIMARY KEY, rid bigint NOT NULL, version int NOT NULL, county int NOT NULL);
        -- One row. Taking its lock last and holding it through the commit makes position order the commit order.
        CREATE TABLE feed_head (position bigint NOT NULL, audit bigint NOT NULL) WITH (fillfactor = 10);
        INSERT INTO feed_head VALUES (0, 0);

        CREATE TABLE audit (seq bigint PRIMARY KEY, at bigint NOT NULL, county int NOT NULL, entry bytea NOT NULL);
        CREATE TABLE idempotency (key text COLLATE "C" PRIMARY KEY, at bigint NOT NULL, rids bigint[] NOT NULL, versions int[] NOT NULL,
            outcomes smallint[] NOT NULL);
        CREATE TABLE condition (type int NOT NULL, digest bytea NOT NULL, at bigint NOT NULL, PRIMARY KEY (type, digest)) WITH (fillfactor = 70);

        CREATE TABLE relation (person bigint NOT NULL, organisation bigint NOT NULL, rid bigint NOT NULL, county int NOT NULL);
        CREATE INDEX relation_by_person ON relation (person, organisation);
        CREATE INDEX relation_by_organisation ON relation (organisation, person);
        CREATE INDEX relation_by_source ON relation (rid);

        CREATE TABLE token (
            rid bigint NOT NULL, param int NOT NULL, system int NOT NULL, county int NOT NULL, code text COLLATE "C" NOT NULL,
            display int, type_system int, type_code text COLLATE "C");
        CREATE INDEX token_value ON token (param, code, rid) INCLUDE (system);
        CREATE INDEX token_source ON token (rid);
        CREATE INDEX token_display ON token (display, param) WHERE display IS NOT NULL;

        -- value: as written, where that differs from folded; only of original rows.
        CREATE TABLE string (
            rid bigint NOT NULL, param int NOT NULL, county int NOT NULL, original boolean NOT NULL,
            folded text COLLATE "C" NOT NULL, value text COLLATE "C");
        CREATE INDEX string_value ON string (param, folded, rid) INCLUDE (original);
        CREATE INDEX string_source ON string (rid);

        -- low inclusive, high exclusive, .NET ticks in UTC.
        CREATE TABLE date (rid bigint NOT NULL, low bigint NOT NULL, high bigint NOT NULL, param int NOT NULL, county int NOT NULL);
        CREATE INDEX date_low ON date (param, low, rid) INCLUDE (high);
        CREATE INDEX date_long ON date (param, high, rid) WHERE high - low > {DateRanges.Short};
        CREATE INDEX date_source ON date (rid);

        CREATE TABLE quantity (
            rid bigint NOT NULL, param int NOT NULL, county int NOT NULL, system int NOT NULL, low float8 NOT NULL, high float8 NOT NULL,
            code text COLLATE "C", unit text COLLATE "C");
        CREATE INDEX quantity_value ON quantity (param, low, rid) INCLUDE (high, system, code);
        CREATE INDEX quantity_source ON quantity (rid);

        CREATE TABLE reference (
            rid bigint NOT NULL, target bigint, param int NOT NULL, county int NOT NULL, identifier_system int,
            version text COLLATE "C", url text COLLATE "C", identifier text COLLATE "C");
        CREATE INDEX reference_target ON reference (param, target, rid) WHERE target IS NOT NULL;
        CREATE INDEX reference_url ON reference (param, url, rid) WHERE url IS NOT NULL;
        CREATE INDEX reference_identifier ON reference (param, identifier, rid) WHERE identifier IS NOT NULL;
        CREATE INDEX reference_source ON reference (rid);

        CREATE TABLE uri (rid bigint NOT NULL, param int NOT NULL, county int NOT NULL, value text COLLATE "C" NOT NULL);
        CREATE INDEX uri_value ON uri (param, value, rid);
        CREATE INDEX uri_source ON uri (rid);

        -- The parts of one tuple by kind, in the order of the parameter's parts: at most two tokens, two intervals, a date, a reference, a text.
        CREATE TABLE composite (
            rid bigint NOT NULL, param int NOT NULL, county int NOT NULL, system1 int, code1 text COLLATE "C", system2 int, code2 text COLLATE "C",
            low1 float8, high1 float8, system3 int, code3 text COLLATE "C", unit3 text COLLATE "C", low2 float8, high2 float8,
            low_date bigint, high_date bigint, target bigint, folded text COLLATE "C");
        CREATE INDEX composite_value ON composite (param, code1, rid);
        CREATE INDEX composite_target ON composite (param, target, rid) WHERE target IS NOT NULL;
        CREATE INDEX composite_source ON composite (rid);

        -- A person is pointed to far more often than the average target; the planner must expect that of every target.
        ALTER TABLE reference ALTER target SET (n_distinct = -0.005);
        -- A code's frequency depends on its parameter (every Observation is 'final', few are 8480-6): the planner must know both.
        ALTER TABLE token ALTER code SET STATISTICS 1000;
        ALTER TABLE string ALTER folded SET STATISTICS 500;
        ALTER TABLE reference ALTER target SET STATISTICS 500;
        -- rid joins everything and has no frequent value; comparing samples of it would only make planning slow. So would lists of frequent pairs.
        ALTER TABLE resource ALTER rid SET STATISTICS 10;
        ALTER TABLE token ALTER rid SET STATISTICS 10;
        ALTER TABLE string ALTER rid SET STATISTICS 10;
        ALTER TABLE date ALTER rid SET STATISTICS 10;
        ALTER TABLE reference ALTER rid SET STATISTICS 10;
        CREATE STATISTICS token_shape (ndistinct, dependencies) ON param, code FROM token;
        CREATE STATISTICS reference_shape (ndistinct, dependencies) ON param, target FROM reference;
        CREATE STATISTICS composite_shape (ndistinct, dependencies) ON param, code1 FROM composite;
        CREATE STATISTICS resource_shape (ndistinct, dependencies) ON type, person FROM resource;

        -- Insert-only tables must be analysed and vacuumed while they grow, or plans and index-only scans rot.
        ALTER TABLE token SET (autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
        ALTER TABLE reference SET (autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
        ALTER TABLE resource SET (autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
        ALTER TABLE feed_head SET (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
        """;
}
