using Npgsql;
using NpgsqlTypes;
using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Verify and rebuild: everything derived is compared with, or made again from, the bodies.</summary>
internal sealed class PostgresUpkeep(Connections connections, Names names, ResourceIds ids) : IRecordUpkeep
{
    private const int Chunk = 500;

    // A thousand sentences that say the same help nobody.
    private const int MostFindings = 100;

    public async Task<IReadOnlyList<string>> VerifyAsync(
        Func<ReadOnlyMemory<byte>, IndexEntries> extract, IProgress<long>? progress, CancellationToken cancel)
    {
        await using var main = await connections.Writers.OpenConnectionAsync(cancel);
        // One snapshot for all checks, so that commits meanwhile are no findings.
        await using var transaction = await main.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancel);
        await ExecuteAsync(main, "SET LOCAL statement_timeout = 0", cancel);
        var findings = new List<string>();
        foreach (var check in Checks)
            if (findings.Count < MostFindings) findings.AddRange(await ListAsync(main, check, cancel));

        foreach (var table in IndexRows.Tables)
            await ExecuteAsync(main, $"CREATE TEMP TABLE {table}{Expected} (LIKE {table}) ON COMMIT DROP", cancel);
        long after = 0, seen = 0;
        while (findings.Count < MostFindings && await NextAsync(main, after, "", cancel) is { Count: > 0 } rows)
        {
            after = rows[^1].Rid;
            findings.AddRange(rows.Where(r => !BodyAgrees(r)).Select(r => $"{r.Key}: the body does not begin with its own id and version."));
            findings.AddRange(await CompareAsync(main, rows, extract, cancel));
            progress?.Report(seen += rows.Count);
        }
        return findings;
    }

    public async Task<long> RebuildAsync(Func<ReadOnlyMemory<byte>, IndexEntries> extract, IProgress<long>? progress, CancellationToken cancel)
    {
        await using var main = await connections.Writers.OpenConnectionAsync(cancel);
        long after = 0, seen = 0;
        while (true)
        {
            await using var transaction = await main.BeginTransactionAsync(cancel);
            // Locked, so that a writer's new rows are not deleted for old ones.
            var rows = await NextAsync(main, after, " FOR UPDATE", cancel);
            if (rows.Count is 0) break;
            after = rows[^1].Rid;
            foreach (var table in IndexRows.Tables) await ForRowsAsync(main, $"DELETE FROM {table} WHERE rid = ANY($1)", rows, cancel);
            await InsertAsync(main, rows, extract, "", cancel);
            await transaction.CommitAsync(cancel);
            progress?.Report(seen += rows.Count);
        }
        await using var analyze = new NpgsqlCommand("ANALYZE", main);
        await analyze.ExecuteNonQueryAsync(cancel);
        return seen;
    }

    private const string Expected = "_expected";

    private static readonly string[] Checks =
    [
        """
        SELECT r.id || ': version ' || r.version || ' stands on ' || h.n || ' earlier ones.'
        FROM resource r CROSS JOIN LATERAL (SELECT count(*) n, min(version) low, max(version) high FROM history h WHERE h.rid = r.rid) h
        WHERE r.state > 0 AND (h.n <> r.version - 1 OR (h.n > 0 AND (h.low <> 1 OR h.high <> r.version - 1))) LIMIT 20
        """,
        """
        SELECT 'The feed has ' || f.n || ' entries, the last is ' || coalesce(f.high, 0) || ', its head says ' || h.position || '.'
        FROM feed_head h, (SELECT count(*) n, max(position) high FROM feed) f WHERE f.n <> h.position OR coalesce(f.high, 0) <> h.position
        """,
        """
        SELECT 'The feed has ' || f.n || ' entries for ' || v.n || ' versions.'
        FROM (SELECT count(DISTINCT (rid, version)) n FROM feed) f, (SELECT coalesce(sum(version), 0) n FROM resource WHERE state > 0) v WHERE f.n <> v.n
        """,
        // It begins where the archive ends.
        """
        SELECT 'The audit trail has ' || a.n || ' entries, the last is ' || coalesce(a.high, 0) || ', its head says ' || h.audit || '.'
        FROM feed_head h, (SELECT count(*) n, min(seq) low, max(seq) high FROM audit) a
        WHERE a.n <> h.audit - coalesce(a.low, 1) + 1 OR coalesce(a.high, 0) <> h.audit
        """,
        "SELECT 'The disk gave back ' || checksum_failures || ' damaged pages.' FROM pg_stat_database WHERE datname = current_database() AND checksum_failures > 0",
        .. IndexRows.Tables.Append("relation").Select(table =>
            $"""
            SELECT 'The table {table} has rows of rid ' || t.rid || ', which is not current.'
            FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM resource r WHERE r.rid = t.rid AND r.state = 1) LIMIT 5
            """),
    ];

    public async Task TidyAsync(CancellationToken cancel)
    {
        await using var main = await connections.Writers.OpenConnectionAsync(cancel);
        // As long as it takes: nobody waits for it.
        await ExecuteAsync(main, "SET statement_timeout = 0", cancel);
        foreach (var table in IndexRows.Tables.Append("resource"))
            foreach (var statement in new[] { $"REINDEX TABLE CONCURRENTLY {table}", $"VACUUM (ANALYZE) {table}" })
            {
                await using var tidy = new NpgsqlCommand(statement, main) { CommandTimeout = 0 };
                await tidy.ExecuteNonQueryAsync(cancel);
            }
        await ExecuteAsync(main, "RESET statement_timeout", cancel);
    }

    private static bool BodyAgrees(CurrentRow row)
    {
        var head = new ResourceBody(row.Key.Type, default, default).Splice(row.Key.Id, row.Version, DateTimeOffset.FromUnixTimeMilliseconds(row.At));
        // Without the braces that close meta and the resource.
        return row.Body.AsSpan().StartsWith(head.AsSpan()[..^2]);
    }

    private async Task<List<string>> CompareAsync(
        NpgsqlConnection main, List<CurrentRow> rows, Func<ReadOnlyMemory<byte>, IndexEntries> extract, CancellationToken cancel)
    {
        var findings = new List<string>();
        foreach (var table in IndexRows.Tables) await ExecuteAsync(main, $"TRUNCATE {table}{Expected}", cancel);
        await InsertAsync(main, rows, extract, Expected, cancel);
        foreach (var table in IndexRows.Tables)
            findings.AddRange(await ListAsync(
                main,
                $"""
                SELECT d.what || ' in {table}: ' || d.line FROM (
                    (SELECT 'Missing' AS what, e::text AS line FROM (TABLE {table}{Expected} EXCEPT ALL SELECT * FROM {table} WHERE rid = ANY($1)) e LIMIT 5)
                    UNION ALL
                    (SELECT 'Surplus' AS what, s::text AS line FROM (SELECT * FROM {table} WHERE rid = ANY($1) EXCEPT ALL TABLE {table}{Expected}) s LIMIT 5)) d
                """,
                cancel,
                rows));
        return findings;
    }

    private async Task InsertAsync(
        NpgsqlConnection main, List<CurrentRow> rows, Func<ReadOnlyMemory<byte>, IndexEntries> extract, string suffix, CancellationToken cancel)
    {
        var wanted = new NamesWanted();
        var entries = rows.ConvertAll(r => extract(r.Body));
        foreach (var entry in entries) IndexRows.Collect(entry, wanted);
        foreach (var target in wanted.Targets) wanted.Types.Add(target.Type);
        Dictionary<ResourceKey, long> targets;
        await using (var side = await connections.Side.OpenConnectionAsync(cancel))
        {
            await names.EnsureAsync(side, wanted, cancel);
            targets = await ids.EnsureAsync(side, names.Types, wanted.Targets, cancel);
        }
        var index = new IndexRows(names, suffix);
        for (var i = 0; i < rows.Count; i++) index.Add(rows[i].Rid, rows[i].County, entries[i], key => targets[key]);
        await using var batch = new NpgsqlBatch(main);
        index.AddTo(batch);
        if (batch.BatchCommands.Count > 0) await batch.ExecuteNonQueryAsync(cancel);
    }

    private async Task<List<CurrentRow>> NextAsync(NpgsqlConnection main, long after, string locking, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT {CurrentRow.Columns} FROM resource r WHERE r.rid > $1 AND r.state = 1 ORDER BY r.rid LIMIT {Chunk}{locking}", main);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after, NpgsqlDbType = NpgsqlDbType.Bigint });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var rows = new List<CurrentRow>(Chunk);
        while (await reader.ReadAsync(cancel))
        {
            if (!names.Knows(reader.GetInt32(2))) await names.CatchUpAsync(connections.Readers, cancel);
            rows.Add(CurrentRows.Read(reader, names.Types));
        }
        return rows;
    }

    private static async Task<List<string>> ListAsync(NpgsqlConnection main, string sql, CancellationToken cancel, List<CurrentRow>? rows = null)
    {
        await using var command = new NpgsqlCommand(sql, main);
        if (rows is not null) command.Parameters.Add(Rids(rows));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var lines = new List<string>();
        while (await reader.ReadAsync(cancel)) lines.Add(reader.GetString(0));
        return lines;
    }

    private static async Task ForRowsAsync(NpgsqlConnection main, string sql, List<CurrentRow> rows, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, main);
        command.Parameters.Add(Rids(rows));
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static async Task ExecuteAsync(NpgsqlConnection main, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, main);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static NpgsqlParameter Rids(List<CurrentRow> rows) => new() { Value = rows.ConvertAll(r => r.Rid), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };
}
