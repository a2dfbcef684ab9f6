using System.Security.Cryptography;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Conditional interactions: the unique key that lets one of several equal conditions go first, and the search that the others then see it with.</summary>
/// <remarks>
/// The guard row stays after the commit, so the next with the same condition locks it instead of making it; the search, a statement of its own
/// after the lock was got, sees everything that the one before committed (read committed takes a fresh snapshot for each statement).
/// </remarks>
internal sealed class ConditionSearch(SearchStatements searches)
{
    // Two are enough to know that there are several.
    private const int Enough = 2;

    public static void AddGuards(NpgsqlBatch batch, Names names, List<PendingCommit> group)
    {
        var guards = group.SelectMany(p => p.Commit.Changes.Where(c => c.Condition is not null).Select(c => (p.Commit.At, c.Key.Type, Text: c.ConditionText ?? "")))
            .DistinctBy(g => (g.Type, g.Text)).ToList();
        if (guards.Count is 0) return;
        var command = new NpgsqlBatchCommand(
            """
            INSERT INTO condition (type, digest, at) SELECT g.type, g.digest, g.at FROM unnest($1, $2, $3) g(type, digest, at) ORDER BY 1, 2
            ON CONFLICT (type, digest) DO UPDATE SET at = excluded.at
            """);
        command.Parameters.Add(new() { Value = guards.Select(g => names.Types[g.Type]).ToList(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer });
        var digests = guards.Select(g => SHA256.HashData(Encoding.UTF8.GetBytes(g.Text))).ToList();
        command.Parameters.Add(new() { Value = digests, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea });
        command.Parameters.Add(new() { Value = guards.Select(g => g.At.ToUnixTimeMilliseconds()).ToList(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        batch.BatchCommands.Add(command);
    }

    /// <summary>The first matches, locked until the commit ends.</summary>
    /// <param name="gone">How many the commit itself deletes: they still match here and do not count.</param>
    public Task<List<CurrentRow>> FindAsync(NpgsqlConnection connection, SearchRequest condition, Visibility visibility, int gone, CancellationToken cancel) =>
        searches.LockAsync(connection, condition with { Count = Enough + gone }, visibility, cancel);
}
