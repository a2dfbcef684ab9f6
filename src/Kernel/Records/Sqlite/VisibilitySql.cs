namespace Tongxin.Kernel.Records.Sqlite;

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
        string Types(Visibility.Reach reach) => sql.In(scoped.Types.Where(t => t.Value == reach && names.Types.IsKnown(t.Key)).Select(t => names.Types[t.Key]));

        var reaches = scoped.Types.Values.Distinct().Order();
        var ways = reaches.Select(reach => $"({row}.type IN {Types(reach)} AND {Reached(scoped, reach, row, sql, names)})").ToList();
        return ways.Count is 0 ? "false" : $"({string.Join(" OR ", ways)})";
    }

    private static string Reached(Visibility.Scoped scoped, Visibility.Reach reach, string row, SqlText sql, Names names)
    {
        var labels = scoped.Labels is SensitivityLabels.All ? "true" : $"({row}.labels & {(int)(SensitivityLabels.All & ~scoped.Labels)}) = 0";
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
        if (scoped.People.Count > 0)
            ways.Add($"{row}.person IN (SELECT v.rid FROM resource v WHERE v.id IN {sql.In(scoped.People)} AND v.type = {Type("Patient")})");
        if (scoped.Counties.Count > 0)
        {
            var counties = scoped.Counties.Where(names.Counties.IsKnown).Select(c => names.Counties[c]).ToList();
            ways.Add($"{row}.county IN {sql.In(counties)}");
        }
        if (names.Organisations.Of(scoped.Organisations) is { } rows)
            ways.Add($"EXISTS (SELECT 1 FROM relation x WHERE x.person = {row}.person AND x.organisation IN {sql.In(rows)})");
        else if (scoped.Organisations.Count > 0)
            ways.Add(
                $"""
                EXISTS (SELECT 1 FROM relation x WHERE x.person = {row}.person AND x.organisation IN (
                    SELECT v.rid FROM resource v WHERE v.id IN {sql.In(scoped.Organisations)} AND v.type = {Type("Organization")}))
                """);
        return ways.Count is 0 ? "false" : string.Join(" OR ", ways);

        string Type(string name) => names.Types.IsKnown(name) ? names.Types[name].ToString() : "-1";
    }
}
