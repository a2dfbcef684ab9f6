using Npgsql;
using NpgsqlTypes;
using Tongxin.Kernel.Records.Engines;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>What a commit with the same idempotency key was answered: which versions, and what they were to it then.</summary>
internal sealed record EarlierAnswer(long[] Rids, int[] Versions, short[] Outcomes)
{
    public static void AddLookUp(NpgsqlBatch batch, List<PendingCommit> group)
    {
        var command = new NpgsqlBatchCommand("SELECT key, rids, versions, outcomes FROM idempotency WHERE key = ANY($1)");
        command.Parameters.Add(new()
        {
            Value = group.Select(p => p.Commit.IdempotencyKey).OfType<string>().ToList(),
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
        });
        batch.BatchCommands.Add(command);
    }

    public static async Task<Dictionary<string, EarlierAnswer>> ReadAllAsync(NpgsqlDataReader reader, CancellationToken cancel)
    {
        var answers = new Dictionary<string, EarlierAnswer>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancel))
            answers[reader.GetString(0)] = new(reader.GetFieldValue<long[]>(1), reader.GetFieldValue<int[]>(2), reader.GetFieldValue<short[]>(3));
        return answers;
    }

    /// <summary>The same versions again, also when newer ones stand by now.</summary>
    public async Task<IReadOnlyList<Committed>> ReadAsync(NpgsqlConnection connection, Names names, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT {CurrentRow.Columns}, k.ord FROM unnest($1, $2) WITH ORDINALITY k(rid, version, ord) JOIN resource r ON r.rid = k.rid AND r.version = k.version
            UNION ALL
            SELECT {CurrentRow.Columns}, k.ord FROM unnest($1, $2) WITH ORDINALITY k(rid, version, ord) JOIN history r ON r.rid = k.rid AND r.version = k.version
            ORDER BY ord
            """, connection);
        command.Parameters.Add(new() { Value = Rids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        command.Parameters.Add(new() { Value = Versions, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer });
        var answer = new List<Committed>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            answer.Add(new(CurrentRows.Read(reader, names.Types).ToStored(), (CommitOutcome)Outcomes[answer.Count]));
        return answer;
    }
}
