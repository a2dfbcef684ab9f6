using NpgsqlTypes;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Postgres;

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
        var from = sql.Parameter(rids, NpgsqlDbType.Array | NpgsqlDbType.Bigint);
        var parameters = sql.Parameter(Parameters(include, names), NpgsqlDbType.Array | NpgsqlDbType.Integer);
        var type = include.Reverse ? include.SourceType : include.TargetType;
        var (near, far) = include.Reverse ? ("target", "rid") : ("rid", "target");
        // Fenced, so that what is asked of an included row never leads PostgreSQL to walk all rows of its type instead.
        return sql.Append(
            $"""
            SELECT {FoundRow.Columns} FROM (SELECT DISTINCT l.{far} AS rid FROM reference l WHERE l.{near} = ANY({from}) AND l.param = ANY({parameters}) OFFSET 0) f
            CROSS JOIN LATERAL (SELECT * FROM resource t WHERE t.rid = f.rid OFFSET 0) r WHERE r.state = 1{(type is null ? "" : $" AND r.type = {names.TypeOrNone(type)}")}
            AND {VisibilitySql.Of(visibility, "r", sql, names, type, new())}
            """);
    }

    private static List<int> Parameters(Include include, Names names) => include.Parameter is { } parameter
        ? [names.ParameterOrNone(parameter)]
        : [.. names.Parameters.NumbersOf(include.SourceType + ".")];
}
