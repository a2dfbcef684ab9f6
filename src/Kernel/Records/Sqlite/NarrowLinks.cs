using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>What the inner part of a chain or <c>_has</c> finds, where that is little: asked before the search itself, whose plan then starts there.</summary>
/// <remarks>SQLite's planner knows nothing of what a join finds. Few (a patient by identifier): their numbers go into the statement. Many: checked row by row.</remarks>
internal sealed class NarrowLinks
{
    /// <summary>More than these are "many".</summary>
    private const int Few = 200;

    private readonly Dictionary<Criterion, List<long>> found = new(ReferenceEqualityComparer.Instance);

    /// <summary>rids that the inner part finds; null when they are many.</summary>
    public List<long>? Of(Criterion criterion) => found.GetValueOrDefault(criterion);

    /// <summary>Resolves from the inside outwards.</summary>
    public void Resolve(SqliteSession session, IReadOnlyList<Criterion> criteria, SearchSql search)
    {
        foreach (var criterion in criteria)
        {
            switch (criterion)
            {
                case Criterion.Chain chain:
                    Resolve(session, chain.Inner, search);
                    Keep(session, chain, search.Few(chain.TargetType, chain.Inner, Few + 1));
                    break;
                case Criterion.Has has:
                    Resolve(session, has.Inner, search);
                    Keep(session, has, search.Few(has.SourceType, has.Inner, Few + 1));
                    break;
                case Criterion.AnyOf any:
                    Resolve(session, any.Alternatives, search);
                    break;
            }
        }
    }

    private void Keep(SqliteSession session, Criterion criterion, SqlText few)
    {
        var rids = session.List(few, r => r.GetInt64(0));
        if (rids.Count <= Few) found[criterion] = rids;
    }
}
