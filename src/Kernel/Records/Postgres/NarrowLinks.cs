using Npgsql;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>What the inner part of a chain or <c>_has</c> finds, where that is little: asked before the search itself is planned.</summary>
/// <remarks>
/// PostgreSQL cannot know how many references a set of found resources stands for: its statistics are of columns, not of what is joined.
/// So it is told. Few (a patient by identifier): their numbers go into the statement as they are. Many (all women): the condition is checked
/// row by row as the page fills, newest first, and never multiplied out.
/// </remarks>
internal sealed class NarrowLinks
{
    /// <summary>More than these are "many".</summary>
    public const int Few = 200;

    private readonly Dictionary<Criterion, List<long>?> found = new(ReferenceEqualityComparer.Instance);

    /// <summary>rids that the inner part of this chain or <c>_has</c> finds; null when they are many.</summary>
    public List<long>? Of(Criterion criterion) => found.GetValueOrDefault(criterion);

    /// <summary>Resolves from the inside outwards.</summary>
    public async Task ResolveAsync(NpgsqlConnection connection, IReadOnlyList<Criterion> criteria, SearchSql search, CancellationToken cancel)
    {
        foreach (var criterion in criteria)
        {
            switch (criterion)
            {
                case Criterion.Chain chain:
                    await ResolveAsync(connection, chain.Inner, search, cancel);
                    found[chain] = await FindAsync(connection, search.Few(chain.TargetType, chain.Inner), cancel);
                    break;
                case Criterion.Has has:
                    await ResolveAsync(connection, has.Inner, search, cancel);
                    found[has] = await FindAsync(connection, search.Few(has.SourceType, has.Inner), cancel);
                    break;
                case Criterion.AnyOf any:
                    await ResolveAsync(connection, any.Alternatives, search, cancel);
                    break;
            }
        }
    }

    private static async Task<List<long>?> FindAsync(NpgsqlConnection connection, SqlText sql, CancellationToken cancel)
    {
        await using var command = sql.ToCommand(connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var rids = new List<long>();
        while (await reader.ReadAsync(cancel)) rids.Add(reader.GetInt64(0));
        return rids.Count > Few ? null : rids;
    }
}
