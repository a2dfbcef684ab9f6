using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>One search as statements: its page, its total, its matches as rows.</summary>
/// <remarks>A criterion that a resource can meet with one row only is joined, so that SQLite may walk its index newest first and stop at the page's end.</remarks>
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

    /// <summary>What is known of the chains' inner parts.</summary>
    public NarrowLinks Links { get; } = new();

    public SqlText Page()
    {
        var sql = new SqlText();
        var (from, where) = FromWhere(sql);
        var columns = string.Concat(Sort.Select((s, i) => $", ({s.Value("r")}) AS s{i}"));
        if (request.Cursor is { } cursor) where += $" AND {After(PageCursor.Parse(cursor, Sort.Count), sql)}";
        var order = string.Concat(Sort.Select((s, i) => $"s{i} {(s.Descending ? "DESC" : "ASC")} NULLS LAST, "));
        var limit = sql.Value(request.Count + 1);
        return sql.Append($"SELECT {FoundRow.Columns}{columns} FROM {from} WHERE {where} ORDER BY {order}r.rid DESC LIMIT {limit}");
    }

    public SqlText Total()
    {
        var sql = new SqlText();
        var (from, where) = FromWhere(sql);
        return sql.Append($"SELECT count(DISTINCT r.rid) FROM {from} WHERE {where}");
    }

    public SqlText Rows()
    {
        var sql = new SqlText();
        var (from, where) = FromWhere(sql);
        var limit = sql.Value(request.Count);
        return sql.Append(
            $"""
            SELECT {CurrentRow.Columns} FROM resource r WHERE r.rid IN (SELECT r.rid FROM {from} WHERE {where} ORDER BY r.rid LIMIT {limit}) ORDER BY r.rid
            """);
    }

    /// <summary>The first rids of another type for which all criteria hold.</summary>
    public SqlText Few(string type, IReadOnlyList<Criterion> inner, int most)
    {
        var sql = new SqlText();
        var (from, where) = FromWhere(sql, type, inner);
        return sql.Append($"SELECT DISTINCT r.rid FROM {from} WHERE {where} LIMIT {sql.Value(most)}");
    }

    private (string From, string Where) FromWhere(SqlText sql) => FromWhere(sql, request.Type, request.Criteria);

    private (string From, string Where) FromWhere(SqlText sql, string type, IReadOnlyList<Criterion> all)
    {
        var criteria = new CriterionSql(sql, names, keys, visibility, Links);
        var from = "resource r";
        var where = $"r.type = {names.TypeOrNone(type)} AND r.state = 1 AND {VisibilitySql.Of(visibility, "r", sql, names, type)}";
        foreach (var criterion in all)
            if (criteria.Joined(criterion, "r") is { } join) from += $" JOIN {join}";
            else where += $" AND {criteria.Holds(criterion, "r")}";
        return (from, where);
    }

    /// <summary>Rows after the cursor in the order of the keys, each ascending or descending, rows without a value last.</summary>
    private string After(PageCursor cursor, SqlText sql)
    {
        var rid = $"r.rid < {sql.Value(cursor.Rid)}";
        if (Sort.Count is 0) return rid;
        var after = rid;
        for (var i = Sort.Count - 1; i >= 0; i--)
        {
            if (cursor.Keys[i] is not { } key)
            {
                after = $"(s{i} IS NULL AND {after})";
                continue;
            }
            var value = Sort[i].Parse(key, sql);
            after = $"(s{i} {(Sort[i].Descending ? '<' : '>')} {value} OR s{i} IS NULL OR (s{i} = {value} AND {after}))";
        }
        return after;
    }
}
