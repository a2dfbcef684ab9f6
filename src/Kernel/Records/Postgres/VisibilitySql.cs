using NpgsqlTypes;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>A <see cref="Visibility"/> as part of a WHERE, on a row that has type, labels, county and person.</summary>
internal static class VisibilitySql
{
    /// <summary>The condition on the row named <paramref name="row"/>; <paramref name="type"/> is its type where the statement fixes one.</summary>
    public static string Of(Visibility visibility, string row, SqlText sql, Names names, string? type = null) => visibility switch
    {
        Visibility.Everything => "true",
        Visibility.Scoped scoped when type is not null => scoped.Types.TryGetValue(type, out var reach) ? Reached(scoped, reach, row, sql, names) : "false",
        Visibility.Scoped scoped => AnyType(scoped, row, sql, names),
        _ => "false",
    };

    private static string AnyType(Visibility.Scoped scoped, string row, SqlText sql, Names names)
    {
        string Types(Visibility.Reach reach) => sql.Parameter(
            scoped.Types.Where(t => t.Value == reach && names.Types.IsKnown(t.Key)).Select(t => names.Types[t.Key]).ToList(), NpgsqlDbType.Array | NpgsqlDbType.Integer);

        var reaches = scoped.Types.Values.Distinct().Order();
        var ways = reaches.Select(reach => $"({row}.type = ANY({Types(reach)}) AND {Reached(scoped, reach, row, sql, names)})").ToList();
        return ways.Count is 0 ? "false" : $"({string.Join(" OR ", ways)})";
    }

    private static string Reached(Visibility.Scoped scoped, Visibility.Reach reach, string row, SqlText sql, Names names)
    {
        var labels = scoped.Labels is SensitivityLabels.All ? "true" : $"({row}.labels & {(short)~(short)scoped.Labels}::smallint) = 0";
        return reach switch
        {
            Visibility.Reach.Any => labels,
            Visibility.Reach.Shared => $"({labels} AND {row}.person IS NULL)",
            Visibility.Reach.Related => $"({labels} AND {row}.person IS NOT NULL AND ({People(scoped, row, sql, names)}))",
            Visibility.Reach.RelatedOrShared => $"({labels} AND ({row}.person IS NULL OR {People(scoped, row, sql, names)}))",
            _ => "false",
        };
    }

    private static string People(Visibility.Scoped scoped, string row, SqlText sql, Names names)
    {
        var ways = new List<string>(3);
        // One place or person is asked by "=": a list of unknown length makes PostgreSQL plan the statement anew each time.
        if (scoped.People.Count is 1)
            ways.Add($"{row}.person = (SELECT v.rid FROM resource v WHERE v.id = {sql.Text(scoped.People.First())} AND v.type = {Type("Patient")})");
        else if (scoped.People.Count > 0)
            ways.Add($"{row}.person = ANY(ARRAY(SELECT v.rid FROM resource v WHERE v.id = ANY({Texts(scoped.People)}) AND v.type = {Type("Patient")}))");
        if (scoped.Counties.Count > 0)
        {
            var counties = scoped.Counties.Where(names.Counties.IsKnown).Select(c => names.Counties[c]).ToList();
            ways.Add($"{row}.county = ANY({sql.Parameter(counties, NpgsqlDbType.Array | NpgsqlDbType.Integer)})");
        }
        if (names.Organisations.Of(scoped.Organisations) is { } rows)
            ways.Add($"EXISTS (SELECT 1 FROM relation x WHERE x.person = {row}.person AND x.organisation = {Rows(rows)})");
        else if (scoped.Organisations.Count > 0)
            ways.Add(
                $"""
                EXISTS (SELECT 1 FROM relation x WHERE x.person = {row}.person AND x.organisation = ANY(
                    ARRAY(SELECT v.rid FROM resource v WHERE v.id = ANY({Texts(scoped.Organisations)}) AND v.type = {Type("Organization")})))
                """);
        return ways.Count is 0 ? "false" : string.Join(" OR ", ways);

        string Rows(long[] rows) => rows.Length is 1 ? sql.Long(rows[0]) : $"ANY({sql.Parameter(rows, NpgsqlDbType.Array | NpgsqlDbType.Bigint)})";
        string Texts(IEnumerable<string> ids) => sql.Parameter(ids.ToList(), NpgsqlDbType.Array | NpgsqlDbType.Text);
        string Type(string name) => names.Types.IsKnown(name) ? names.Types[name].ToString() : "-1";
    }
}
