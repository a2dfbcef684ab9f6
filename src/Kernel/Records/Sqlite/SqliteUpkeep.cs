using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>Verify and rebuild: everything derived is compared with, or made again from, the bodies.</summary>
internal sealed class SqliteUpkeep(SessionPool readers, CommitQueue queue, SqliteSession session, Names names) : IRecordUpkeep
{
    private const int Chunk = 500;
    private const int MostFindings = 100;

    private static readonly string[] Checks =
    [
        """
        SELECT r.id || ': version ' || r.version || ' stands on ' || (SELECT count(*) FROM history h WHERE h.rid = r.rid) || ' earlier ones.'
        FROM resource r WHERE r.state > 0 AND (SELECT count(*) FROM history h WHERE h.rid = r.rid AND h.version < r.version) <> r.version - 1 LIMIT 20
        """,
        "SELECT 'The feed has ' || count(*) || ' entries, the last is ' || max(position) || '.' FROM feed HAVING count(*) <> coalesce(max(position), 0)",
        """
        SELECT 'The feed has ' || f.n || ' entries for ' || v.n || ' versions.'
        FROM (SELECT count(*) n FROM (SELECT DISTINCT rid, version FROM feed)) f, (SELECT coalesce(sum(version), 0) n FROM resource WHERE state > 0) v WHERE f.n <> v.n
        """,
        // It begins where the archive ends.
        """
        SELECT 'The audit trail has ' || count(*) || ' entries, the first is ' || min(seq) || ', the last is ' || max(seq) || '.'
        FROM audit HAVING count(*) <> coalesce(max(seq) - min(seq) + 1, 0)
        """,
        .. SqliteSchema.IndexTables.Append("relation").Select(table =>
            $"""
            SELECT 'The table {table} has rows of rid ' || t.rid || ', which is not current.'
            FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM resource r WHERE r.rid = t.rid AND r.state = 1) LIMIT 5
            """),
    ];

    public async Task<IReadOnlyList<string>> VerifyAsync(
        Func<ReadOnlyMemory<byte>, IndexEntries> extract, IProgress<long>? progress, CancellationToken cancel)
    {
        var findings = readers.Read(s =>
        {
            s.LimitTo(TimeSpan.FromHours(4));
            return s.List("PRAGMA integrity_check(20)", r => r.GetString(0)).Where(line => line is not "ok").Select(line => $"SQLite: {line}").ToList();
        });
        foreach (var check in Checks)
            if (findings.Count < MostFindings) findings.AddRange(readers.Read(s => Unhurried(s).List(check, r => r.GetString(0))));
        long after = 0, seen = 0;
        while (findings.Count < MostFindings && Next(after) is { Count: > 0 } rows)
        {
            cancel.ThrowIfCancellationRequested();
            after = rows[^1].Rid;
            findings.AddRange(rows.Where(r => !BodyAgrees(r)).Select(r => $"{r.Key}: the body does not begin with its own id and version."));
            findings.AddRange(await queue.RunAsync(writer => Compare(writer, rows, extract), 0, cancel));
            progress?.Report(seen += rows.Count);
        }

        return findings;
    }

    public async Task<long> RebuildAsync(Func<ReadOnlyMemory<byte>, IndexEntries> extract, IProgress<long>? progress, CancellationToken cancel)
    {
        long after = 0, seen = 0;
        while (Next(after) is { Count: > 0 } rows)
        {
            after = rows[^1].Rid;
            await queue.RunAsync(
                writer =>
                {
                    foreach (var row in rows)
                        if (session.Scalar<long>("SELECT version FROM resource WHERE rid = ?1 AND state = 1", row.Rid) == row.Version)
                            writer.Reindex(row.Rid, extract(row.Body));
                    return true;
                }, rows.Count, cancel);
            progress?.Report(seen += rows.Count);
        }

        return seen;
    }

    public Task TidyAsync(CancellationToken cancel) => queue.RunAsync(
        writer =>
        {
            session.ExecuteScript("PRAGMA analysis_limit = 1000; ANALYZE;");
            return true;
        }, 0, cancel);

    private List<string> Compare(Writer writer, List<CurrentRow> rows, Func<ReadOnlyMemory<byte>, IndexEntries> extract)
    {
        foreach (var table in SqliteSchema.IndexTables)
        {
            session.ExecuteScript($"CREATE TEMP TABLE IF NOT EXISTS {table} AS SELECT * FROM main.{table} WHERE 0");
            session.ExecuteScript($"DELETE FROM temp.{table}");
        }

        var current = rows.Where(r => session.Scalar<long>("SELECT version FROM main.resource WHERE rid = ?1 AND state = 1", r.Rid) == r.Version).ToList();
        foreach (var row in current) writer.Expect(row.Rid, extract(row.Body));
        var findings = new List<string>();
        foreach (var table in SqliteSchema.IndexTables)
        {
            var of = new SqlText();
            var within = of.In(current.Select(r => r.Rid));
            of.Append(
                $"""
                SELECT 'Missing in {table}: rid ' || rid FROM (SELECT * FROM temp.{table} EXCEPT SELECT * FROM main.{table} WHERE rid IN {within})
                UNION ALL
                SELECT 'Surplus in {table}: rid ' || rid FROM (SELECT * FROM main.{table} WHERE rid IN {within} EXCEPT SELECT * FROM temp.{table}) LIMIT 10
                """);
            findings.AddRange(session.List(of, r => r.GetString(0)));
            session.ExecuteScript($"DROP TABLE temp.{table}");
        }

        return findings;
    }

    private List<CurrentRow> Next(long after) => readers.Read(s => Unhurried(s).List(
        $"SELECT {CurrentRow.Columns} FROM resource r WHERE r.rid > ?1 AND r.state = 1 ORDER BY r.rid LIMIT {Chunk}", r => StoredRow.ReadCurrent(r, names), after));

    private static SqliteSession Unhurried(SqliteSession session)
    {
        session.LimitTo(TimeSpan.FromHours(4));
        return session;
    }

    private static bool BodyAgrees(CurrentRow row)
    {
        var head = new ResourceBody(row.Key.Type, default, default).Splice(row.Key.Id, row.Version, DateTimeOffset.FromUnixTimeMilliseconds(row.At));
        // Without the braces that close meta and the resource.
        return row.Body.AsSpan().StartsWith(head.AsSpan()[..^2]);
    }
}
