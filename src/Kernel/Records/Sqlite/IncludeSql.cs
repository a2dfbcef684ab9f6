using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary><c>_include</c> and <c>_revinclude</c> as a statement over the rids of a page.</summary>
internal static class IncludeSql
{
    /// <summary>Null when it can find nothing: no such source on the page, or a name that no row has.</summary>
    public static SqlText? Of(Include include, List<FoundRow> page, Visibility visibility, Names names)
    {
        if (!names.Types.IsKnown(include.SourceType)) return null;
        var sources = include.Reverse
            ? page.Where(f => include.TargetType is null || f.Stored.Key.Type == include.TargetType)
            : page.Where(f => f.Stored.Key.Type == include.SourceType);
        var rids = sources.Select(f => f.Rid).ToList();
        if (rids.Count is 0) return null;

        var sql = new SqlText();
        var from = sql.In(rids);
        var parameters = sql.In(Parameters(include, names));
        var type = include.Reverse ? include.SourceType : include.TargetType;
        var (near, far) = include.Reverse ? ("target", "rid") : ("rid", "target");
        return sql.Append(
            $"""
            SELECT {FoundRow.Columns} FROM resource r WHERE r.state = 1 AND r.rid IN (
                SELECT l.{far} FROM reference l WHERE l.{near} IN {from} AND l.param IN {parameters})
            {(type is null ? "" : $"AND r.type = {names.TypeOrNone(type)}")} AND {VisibilitySql.Of(visibility, "r", sql, names, type)} ORDER BY r.rid
            """);
    }

    private static List<int> Parameters(Include include, Names names) => include.Parameter is { } parameter
        ? [names.ParameterOrNone(parameter)]
        : [.. names.Parameters.NumbersOf(include.SourceType + ".")];
}
