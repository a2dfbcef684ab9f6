using Tongxin.Fhir;
using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>Runs searches: one statement for the page, one for the total when it is asked, one for each kind of include.</summary>
internal sealed class Searches(Names names)
{
    /// <summary>Rounds of <c>_include:iterate</c>; a longer chain of references than this is no patient's.</summary>
    private const int MostRounds = 10;

    public SearchPage Search(SqliteSession session, SearchRequest request, Visibility visibility)
    {
        var search = Plan(session, request, visibility);
        var countOnly = request.Summary is SummaryMode.Count || request.Count is 0;
        var total = countOnly || request.Total is not TotalMode.None ? session.List(search.Total(), r => r.GetInt64(0))[0] : null as long?;
        if (countOnly) return new([], [], total, null);

        var found = List(session, search.Page(), search.Sort.Count);
        var page = found.Take(request.Count).ToList();
        var next = found.Count > request.Count ? new PageCursor(page[^1].Keys, page[^1].Rid).ToString() : null;
        var included = request.Includes.Count is 0 ? [] : Include(session, request, visibility, page);
        return new([.. page.Select(f => f.Stored)], [.. included.Select(f => f.Stored)], total, next);
    }

    /// <summary>The first matches as rows, in the writer's transaction.</summary>
    public List<CurrentRow> Rows(SqliteSession session, SearchRequest request, Visibility visibility) =>
        session.List(Plan(session, request, visibility).Rows(), r => StoredRow.ReadCurrent(r, names));

    private SearchSql Plan(SqliteSession session, SearchRequest request, Visibility visibility)
    {
        var keys = new Dictionary<ResourceKey, long>();
        foreach (var key in new NamesAsked(request, visibility).Keys)
            if (session.Scalar<object>("SELECT rid FROM resource WHERE id = ?1 AND type = ?2", key.Id, names.TypeOrNone(key.Type)) is long rid) keys[key] = rid;
        var search = new SearchSql(request, visibility, names, keys);
        search.Links.Resolve(session, request.Criteria, search);
        return search;
    }

    private List<FoundRow> List(SqliteSession session, SqlText sql, int sortKeys)
    {
        // A value that stands twice in a resource finds it twice, one after the other.
        var rows = session.List(sql, r => FoundRow.Read(r, names, sortKeys));
        for (var i = rows.Count - 1; i > 0; i--)
            if (rows[i].Rid == rows[i - 1].Rid) rows.RemoveAt(i);
        return rows;
    }

    private List<FoundRow> Include(SqliteSession session, SearchRequest request, Visibility visibility, List<FoundRow> page)
    {
        var known = page.Select(f => f.Rid).ToHashSet();
        var included = new List<FoundRow>();
        var sources = page;
        for (var round = 0; round < MostRounds && sources.Count > 0; round++)
        {
            var found = new List<FoundRow>();
            foreach (var include in request.Includes.Where(i => round is 0 || i.Iterate))
            {
                if (IncludeSql.Of(include, sources, visibility, names) is not { } sql) continue;
                sql.Append($" LIMIT {sql.Value(SearchRequest.MostIncluded + 1)}");
                found.AddRange(List(session, sql, 0).Where(f => known.Add(f.Rid)));
                if (included.Count + found.Count > SearchRequest.MostIncluded) throw TooManyIncluded();
            }

            included.AddRange(found);
            sources = found;
        }

        return included;
    }

    private static RefusedException TooManyIncluded() => RefusedException.Because(
        400, "too-costly", $"More than {SearchRequest.MostIncluded} resources would be included: ask for a smaller page (_count) or fewer kinds.");
}
