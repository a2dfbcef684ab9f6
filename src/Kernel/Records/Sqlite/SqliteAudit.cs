using Tongxin.Kernel.Records.Engines;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>Audit rows in SQLite: numbered by the one writer, as those of the commits are, so that the sequence has no gaps.</summary>
internal sealed class SqliteAudit(SessionPool readers, CommitQueue queue) : IAuditStore
{
    public Task AppendAsync(IReadOnlyList<ReadOnlyMemory<byte>> entries, DateTimeOffset at, CancellationToken cancel) =>
        entries.Count is 0 ? Task.CompletedTask : queue.RunAsync(
            writer =>
            {
                foreach (var entry in entries) writer.AppendAudit(entry.Span, at);
                return true;
            }, entries.Count, cancel);

    public Task<IReadOnlyList<AuditRow>> RowsAsync(long after, int limit, CancellationToken cancel) => Task.FromResult<IReadOnlyList<AuditRow>>(readers.Read(s => s.List(
        "SELECT a.seq, a.at, a.entry, s.hash FROM audit a LEFT JOIN audit_seal s ON s.seq = a.seq WHERE a.seq > ?1 ORDER BY a.seq LIMIT ?2", Row, after, limit)));

    public Task<AuditSeal?> HeadAsync(CancellationToken cancel) => Task.FromResult(readers.Read(s => s.List(
        "SELECT seq, hash FROM audit_seal ORDER BY seq DESC LIMIT 1", r => new AuditSeal(r.GetInt64(0), r.GetBytes(1).ToArray(), []))).FirstOrDefault());

    public Task<bool> SealAsync(IReadOnlyList<AuditSeal> seals, CancellationToken cancel) => queue.RunAsync(writer => writer.Seal(seals), seals.Count, cancel);

    public Task ForgetAsync(IReadOnlyList<AuditSeal> archived, CancellationToken cancel) => queue.RunAsync(
        writer =>
        {
            writer.Forget(archived);
            return true;
        }, archived.Count, cancel);

    public Task<IReadOnlyList<AuditRow>> LatestAsync(string? person, long before, int limit, CancellationToken cancel) => Task.FromResult<IReadOnlyList<AuditRow>>(
        readers.Read(s => person is null
            ? s.List("SELECT a.seq, a.at, a.entry, s.hash FROM audit a JOIN audit_seal s ON s.seq = a.seq WHERE a.seq < ?1 ORDER BY a.seq DESC LIMIT ?2", Row, before, limit)
            : s.List(
                """
                SELECT a.seq, a.at, a.entry, s.hash FROM audit_person p JOIN audit a ON a.seq = p.seq JOIN audit_seal s ON s.seq = p.seq
                WHERE p.seq < ?1 AND p.person = ?3 ORDER BY p.seq DESC LIMIT ?2
                """, Row, before, limit, person)));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static AuditRow Row(SqliteRow r)
    {
        var kept = r.GetBytes(2).ToArray();
        var seal = r.IsDBNull(3) ? default(ReadOnlyMemory<byte>?) : r.GetBytes(3).ToArray();
        return new(r.GetInt64(0), DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(1)), Decode(kept), kept, seal);
    }

    // Bytes that somebody changed need not decode; the chain will not hold for them as they are either.
    private static byte[] Decode(byte[] stored)
    {
        try
        {
            return BodyCodec.Decode(stored);
        }
        catch (Exception changed) when (changed is InvalidDataException or InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            return stored;
        }
    }
}
