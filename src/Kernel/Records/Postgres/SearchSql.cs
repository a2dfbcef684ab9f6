using NpgsqlTypes;
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

    public IReadOnlyList<SortColumn> Sort { get; }

    public SqlText Page()
    {
        var sql = new SqlText();
        var (from, where) = FromWhere(sql);
        var columns = string.Concat(Sort.Select((s, i) => $", s{i}.k::text"));
        from += string.Concat(Sort.Select((s, i) => $" CROSS JOIN LATERAL ({s.Value("r")}) s{i}"));
        if (request.Cursor is { } cursor) where += $" AND {After(PageCursor.Parse(cursor, Sort.Count), sql)}";
        var order = string.Concat(Sort.Select((s, i) => $"s{i}.k {(s.Descending ? "DESC" : "ASC")} NULLS LAST, "));
        var limit = sql.Parameter(request.Count + 1, NpgsqlDbType.Integer);
        return sql.Append($"SELECT {FoundRow.Columns}{columns} FROM {from} WHERE {where} ORDER BY {order}r.rid DESC LIMIT {limit}");
    }

    public SqlText Total()
    {
        var sql = new SqlText();
        var (from, where) = FromWhere(sql);
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

    private (string From, string Where) FromWhere(SqlText sql)
    {
        var criteria = new CriterionSql(sql, names, keys, visibility);
        var from = "resource r";
        var where = $"r.type = {names.TypeOrNone(request.Type)} AND r.state = 1 AND {VisibilitySql.Of(visibility, "r", sql, names, request.Type)}";
        foreach (var criterion in request.Criteria)
            if (criteria.Joined(criterion, "r") is { } join) from += $" JOIN {join}";
            else where += $" AND {criteria.Holds(criterion, "r")}";
        return (from, where);
    }

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
