using Npgsql;
using NpgsqlTypes;
using Tongxin.Kernel.Records.Engines;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Audit rows in PostgreSQL: numbered under the feed's lock, as those of the commits are, so that the sequence has no gaps.</summary>
internal sealed class PostgresAudit : IAuditStore
{
    private readonly NpgsqlDataSource source;

    private PostgresAudit(NpgsqlDataSource source) => this.source = source;

    /// <summary>The record itself must have been opened before: it makes the audit table.</summary>
    public static async Task<PostgresAudit> OpenAsync(PostgresOptions options, CancellationToken cancel)
    {
        var text = new NpgsqlConnectionStringBuilder(options.ConnectionString) { ApplicationName = "tongxin audit", MaxPoolSize = 4, MaxAutoPrepare = 20 };
        var opened = NpgsqlDataSource.Create(text);
        await using var command = opened.CreateCommand("""
            CREATE TABLE IF NOT EXISTS audit_seal (seq bigint PRIMARY KEY, hash bytea NOT NULL);
            CREATE TABLE IF NOT EXISTS audit_person (person text COLLATE "C" NOT NULL, seq bigint NOT NULL, PRIMARY KEY (person, seq));
            """);
        await command.ExecuteNonQueryAsync(cancel);
        return new(opened);
    }

    public async Task AppendAsync(IReadOnlyList<ReadOnlyMemory<byte>> entries, DateTimeOffset at, CancellationToken cancel)
    {
        if (entries.Count is 0) return;
        await using var command = source.CreateCommand("""
            WITH head AS (UPDATE feed_head SET audit = audit + $1 RETURNING audit - $1 AS before)
            INSERT INTO audit (seq, at, county, entry)
            SELECT head.before + u.ord, $2, 0, u.entry FROM head, unnest($3) WITH ORDINALITY u(entry, ord)
            """);
        command.Parameters.Add(new() { Value = (long)entries.Count });
        command.Parameters.Add(new() { Value = at.ToUnixTimeMilliseconds() });
        command.Parameters.Add(new() { Value = entries.Select(e => BodyCodec.Encode(e.Span)).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea });
        await command.ExecuteNonQueryAsync(cancel);
    }

    public async Task<IReadOnlyList<AuditRow>> RowsAsync(long after, int limit, CancellationToken cancel)
    {
        await using var command = source.CreateCommand(
            "SELECT a.seq, a.at, a.entry, s.hash FROM audit a LEFT JOIN audit_seal s ON s.seq = a.seq WHERE a.seq > $1 ORDER BY a.seq LIMIT $2");
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = limit });
        return await ReadAsync(command, cancel);
    }

    public async Task<AuditSeal?> HeadAsync(CancellationToken cancel)
    {
        await using var command = source.CreateCommand("SELECT seq, hash FROM audit_seal ORDER BY seq DESC LIMIT 1");
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? new(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1), []) : null;
    }

    public async Task<bool> SealAsync(IReadOnlyList<AuditSeal> seals, CancellationToken cancel)
    {
        await using var command = source.CreateCommand("""
            WITH sealed AS (INSERT INTO audit_seal SELECT * FROM unnest($1, $2))
            INSERT INTO audit_person SELECT * FROM unnest($3, $4) ON CONFLICT DO NOTHING
            """);
        var people = seals.SelectMany(s => s.People.Distinct().Select(p => (Person: p, s.Sequence))).ToList();
        command.Parameters.Add(new() { Value = seals.Select(s => s.Sequence).ToArray() });
        command.Parameters.Add(new() { Value = seals.Select(s => s.Hash.ToArray()).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea });
        command.Parameters.Add(new() { Value = people.Select(p => p.Person).ToArray() });
        command.Parameters.Add(new() { Value = people.Select(p => p.Sequence).ToArray() });
        try
        {
            await command.ExecuteNonQueryAsync(cancel);
            return true;
        }
        catch (PostgresException taken) when (taken.SqlState is PostgresErrorCodes.UniqueViolation)
        {
            return false;
        }
    }

    public async Task ForgetAsync(IReadOnlyList<AuditSeal> archived, CancellationToken cancel)
    {
        await using var command = source.CreateCommand("""
            WITH people AS (DELETE FROM audit_person p USING unnest($2, $3) u(person, seq) WHERE p.person = u.person AND p.seq = u.seq),
                seals AS (DELETE FROM audit_seal WHERE seq = ANY($1))
            DELETE FROM audit WHERE seq = ANY($1)
            """);
        var people = archived.SelectMany(s => s.People.Select(p => (Person: p, s.Sequence))).ToList();
        command.Parameters.Add(new() { Value = archived.Select(s => s.Sequence).ToArray() });
        command.Parameters.Add(new() { Value = people.Select(p => p.Person).ToArray() });
        command.Parameters.Add(new() { Value = people.Select(p => p.Sequence).ToArray() });
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancel);
    }

    public async Task<IReadOnlyList<AuditRow>> LatestAsync(string? person, long before, int limit, CancellationToken cancel)
    {
        await using var command = source.CreateCommand(person is null
            ? "SELECT a.seq, a.at, a.entry, s.hash FROM audit a JOIN audit_seal s ON s.seq = a.seq WHERE a.seq < $1 ORDER BY a.seq DESC LIMIT $2"
            : """
              SELECT a.seq, a.at, a.entry, s.hash FROM audit_person p JOIN audit a ON a.seq = p.seq JOIN audit_seal s ON s.seq = p.seq
              WHERE p.seq < $1 AND p.person = $3 ORDER BY p.seq DESC LIMIT $2
              """);
        command.Parameters.Add(new() { Value = before });
        command.Parameters.Add(new() { Value = limit });
        if (person is not null) command.Parameters.Add(new() { Value = person });
        return await ReadAsync(command, cancel);
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();

    private static async Task<IReadOnlyList<AuditRow>> ReadAsync(NpgsqlCommand command, CancellationToken cancel)
    {
        var rows = new List<AuditRow>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            var kept = reader.GetFieldValue<byte[]>(2);
            rows.Add(new(
                reader.GetInt64(0), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(1)), Decode(kept), kept,
                await reader.IsDBNullAsync(3, cancel) ? default(ReadOnlyMemory<byte>?) : reader.GetFieldValue<byte[]>(3)));
        }

        return rows;
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
