using NpgsqlTypes;
using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>One search as statements: its page, its total, its matches under lock.</summary>
/// <remarks>
/// A criterion that a resource can meet with one row only is joined, so that the planner may walk its index newest first and stop at the page's
/// end; every other criterion is EXISTS, which the planner may turn round when it is the narrow one.
/// </remarks>
internal sealed class SearchSql
{
    private readonly SearchRequest request;
    private readonly Visibility visibility;
    private readonly Names names;
    private readonly IReadOnlyDictionary<ResourceKey, long> keys;

    public SearchSql(SearchRequest request, Visibility visibility, Names names, IReadOnlyDictionary<ResourceKey, long> keys)
    {
        (this.request, this.visibility, this.names, this.keys) = (request, visibility, names, keys);
        Sort = [.. request.Sort.Select(k => new SortColumn(k, names))];
    }

    /// <summary>
    /// The one reference to a person or an encounter, where there is one: never more than a few thousand rows, so the statement starts there, checks
    /// the rest row by row, and one plan, made once, is right for all values.
    /// </summary>
    public static Criterion.Matches? Anchor(SearchRequest request) => request.Criteria.OfType<Criterion.Matches>().FirstOrDefault(m =>
        m is { Modifier: Modifier.None, Values: [SearchValue.Reference { Type: "Patient" or "Encounter" or "EpisodeOfCare", Id: not null, Version: null }] });

    /// <summary>Whether one plan is right for all values of these criteria.</summary>
    public static bool HasOnePlan(IReadOnlyList<Criterion> criteria, int sortKeys) => criteria.Count + sortKeys <= 1;

    /// <summary>Whether a chain may turn out to find so little that the statement can start there; its inner part alone must then have one plan.</summary>
    public static bool MayBeNarrow(SearchRequest request) => request.Criteria.OfType<Criterion.Chain>().Any(c => HasOnePlan(c.Inner, 0));

    /// <summary>The chain that found so few targets that the statement starts from what points to them; null when there is none.</summary>
    private Criterion.Chain? NarrowChain => Anchor(request) is not null ? null
        : request.Criteria.OfType<Criterion.Chain>().FirstOrDefault(c => Links.Of(c) is { Count: <= MostAnchors });

    /// <summary>Whether the statement starts from a few targets, so that one plan is right for all values.</summary>
    public bool IsNarrow => NarrowChain is not null;

    // People of one household or one clinic's staff; what points to them is still a few thousand rows.
    private const int MostAnchors = 10;

    /// <summary>What is known of the chains' inner parts.</summary>
    public NarrowLinks Links { get; } = new();

    public IReadOnlyList<SortColumn> Sort { get; }

    /// <summary>
    /// Whether the one sort key is a time that a resource has once: then it is joined, so that the planner may walk its index to the page's end,
    /// and what has no time comes in a statement of its own afterwards (<see cref="Timeless"/>). Not where the search starts at few rows anyway:
    /// those are sorted faster than a second statement is sent.
    /// </summary>
    public bool IsTimeline => Anchor(request) is null && !IsNarrow
        && request.Sort is [{ Parameter: { Type: SearchParameterType.Date, Code: not "_lastUpdated" } parameter }] && SingleValued.Is(parameter);

    /// <summary>The part of a timeline's page that has a time; null when the cursor is past it.</summary>
    public SqlText? Timeline()
    {
        var sql = new SqlText();
        var (from, where) = FromWhere(sql);
        var (order, beyond) = Sort[0].Descending ? ("DESC", "<") : ("ASC", ">");
        if (Cursor is { } cursor)
        {
            if (cursor.Keys[0] is not { } key) return null;
            where += $" AND (t.low, r.rid) {beyond} ({Sort[0].Parse(key, sql)}, {sql.Long(cursor.Rid)})";
        }
        return sql.Append(
            $"""
            SELECT {FoundRow.Columns}, t.low::text FROM {from} JOIN date t ON t.rid = r.rid AND t.param = {names.ParameterOrNone(request.Sort[0].Parameter)}
            WHERE {where} ORDER BY t.low {order}, r.rid {order} LIMIT {sql.Parameter(request.Count + 1, NpgsqlDbType.Integer)}
            """);
    }

    /// <summary>The part of a timeline's page that has none, at most so many.</summary>
    public SqlText Timeless(int most)
    {
        var sql = new SqlText();
        var (from, where) = FromWhere(sql);
        if (Cursor is { } cursor && cursor.Keys[0] is null) where += $" AND r.rid < {sql.Long(cursor.Rid)}";
        return sql.Append(
            $"""
            SELECT {FoundRow.Columns}, NULL::text FROM {from}
            WHERE {where} AND NOT EXISTS (SELECT 1 FROM date t WHERE t.rid = r.rid AND t.param = {names.ParameterOrNone(request.Sort[0].Parameter)})
            ORDER BY r.rid DESC LIMIT {sql.Parameter(most, NpgsqlDbType.Integer)}
            """);
    }

    private PageCursor? Cursor => request.Cursor is { } text ? PageCursor.Parse(text, Sort.Count) : null;

    public SqlText Page()
    {
        var sql = new SqlText();
        var (from, where) = FromWhere(sql);
        var columns = string.Concat(Sort.Select((s, i) => $", s{i}.k::text"));
        from += string.Concat(Sort.Select((s, i) => $" CROSS JOIN LATERAL ({s.Value("r")}) s{i}"));
        if (Cursor is { } cursor) where += $" AND {After(cursor, sql)}";
        var order = string.Concat(Sort.Select((s, i) => $"s{i}.k {(s.Descending ? "DESC" : "ASC")} NULLS LAST, "));
        var limit = sql.Parameter(request.Count + 1, NpgsqlDbType.Integer);
        return sql.Append($"SELECT {FoundRow.Columns}{columns} FROM {from} WHERE {where} ORDER BY {order}r.rid DESC LIMIT {limit}");
    }

    public SqlText Total()
    {
        var sql = new SqlText();
        var (from, where) = FromWhere(sql, paged: false);
        return sql.Append($"SELECT count(DISTINCT r.rid) FROM {from} WHERE {where}");
    }

    public SqlText Locked()
    {
        var sql = new SqlText();
        var (from, where) = FromWhere(sql);
        var limit = sql.Parameter(request.Count, NpgsqlDbType.Integer);
        return sql.Append(
            $"""
            SELECT {CurrentRow.Columns} FROM resource r WHERE r.rid IN (SELECT r.rid FROM {from} WHERE {where} ORDER BY r.rid LIMIT {limit})
            ORDER BY r.rid FOR UPDATE
            """);
    }

    /// <summary>The first few rids of another type for which all criteria hold, and one more when there are many.</summary>
    public SqlText Few(string type, IReadOnlyList<Criterion> inner)
    {
        var sql = new SqlText();
        var (from, where) = FromWhere(sql, type, inner, paged: true);
        return sql.Append($"SELECT r.rid FROM {from} WHERE {where} LIMIT {NarrowLinks.Few + 1}");
    }

    private (string From, string Where) FromWhere(SqlText sql, bool paged = true) => FromWhere(sql, request.Type, request.Criteria, paged);

    private (string From, string Where) FromWhere(SqlText sql, string type, IReadOnlyList<Criterion> all, bool paged)
    {
        var isWhole = ReferenceEquals(all, request.Criteria);
        var (anchor, narrow) = isWhole ? (Anchor(request), NarrowChain) : (null, null);
        var isAnchored = anchor is not null || narrow is not null;
        var criteria = new CriterionSql(sql, names, keys, visibility, Links, paged || isAnchored) { IsFenced = isAnchored };
        var from = "resource r";
        var where = $"{criteria.Stands("r", type, all)} AND {VisibilitySql.Of(visibility, "r", sql, names, type, Start(all, anchor, isAnchored))}";
        var pairs = DateRanges.Pairs(all).ToList();
        foreach (var pair in pairs)
        {
            var alias = sql.Alias("x");
            from += $" JOIN date {alias} ON {alias}.rid = r.rid AND {alias}.param = {names.ParameterOrNone(pair.Key)} AND {DateRanges.Meets(pair, alias, sql)}";
        }
        // The conditions of an anchored search are checked on the anchor's own rows, before their resources are fetched.
        var row = "r";
        if (anchor is not null)
        {
            row = sql.Alias("x");
            from += $" JOIN {criteria.Joined(anchor, "r", row)}";
        }
        else if (narrow is not null)
        {
            row = sql.Alias("x");
            from += $" JOIN {criteria.JoinedTo(narrow, "r", row)}";
        }
        foreach (var criterion in all.Except(pairs.SelectMany(p => p)).Where(c => c != anchor && c != narrow))
            if (!isAnchored && criteria.Joined(criterion, "r", sql.Alias("x")) is { } join) from += $" JOIN {join}";
            else where += $" AND {criteria.Holds(criterion, criterion is Criterion.Matches or Criterion.Missing ? row : "r")}";
        return (from, where);
    }

    private VisibilitySql.Start? Start(IReadOnlyList<Criterion> all, Criterion.Matches? anchor, bool isAnchored) => anchor switch
    {
        { Values: [SearchValue.Reference { Type: "Patient", Id: { } id }] } when keys.TryGetValue(new("Patient", id), out var person) => new(person),
        _ when isAnchored || all.Any(c => c is Criterion.IdIs) => new(),
        _ => null,
    };

    /// <summary>Rows after the cursor in the order of the keys, each ascending or descending, rows without a value last.</summary>
    private string After(PageCursor cursor, SqlText sql)
    {
        var rid = $"r.rid < {sql.Long(cursor.Rid)}";
        if (Sort.Count is 0) return rid;
        var after = rid;
        for (var i = Sort.Count - 1; i >= 0; i--)
        {
            if (cursor.Keys[i] is not { } key)
            {
                after = $"(s{i}.k IS NULL AND {after})";
                continue;
            }
            var value = Sort[i].Parse(key, sql);
            after = $"(s{i}.k {(Sort[i].Descending ? '<' : '>')} {value} OR s{i}.k IS NULL OR (s{i}.k = {value} AND {after}))";
        }
        return after;
    }
}
