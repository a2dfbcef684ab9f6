using NpgsqlTypes;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>A <see cref="Visibility"/> as part of a WHERE, on a row that has type, labels, county and person.</summary>
internal static class VisibilitySql
{
    /// <summary>The condition on the row named <paramref name="row"/>; <paramref name="type"/> is its type where the statement fixes one.</summary>
    public static string Of(Visibility visibility, string row, SqlText sql, Names names, string? type = null, Start? start = null) => visibility switch
    {
        Visibility.Everything => "true",
        Visibility.Scoped scoped when type is not null => scoped.Types.TryGetValue(type, out var reach) ? Reached(scoped, reach, row, sql, names, start) : "false",
        Visibility.Scoped scoped => AnyType(scoped, row, sql, names, start),
        _ => "false",
    };

    /// <summary>That the statement starts at few rows, so that who cares for their person is checked row by row and nothing starts at the carers.</summary>
    /// <param name="Person">rid of the person whose rows most of them are, who is then asked for once; null when they may be anybody's.</param>
    public sealed record Start(long? Person = null);

    private static string AnyType(Visibility.Scoped scoped, string row, SqlText sql, Names names, Start? start)
    {
        string Types(Visibility.Reach reach) => sql.Parameter(
            scoped.Types.Where(t => t.Value == reach && names.Types.IsKnown(t.Key)).Select(t => names.Types[t.Key]).ToList(), NpgsqlDbType.Array | NpgsqlDbType.Integer);

        var reaches = scoped.Types.Values.Distinct().Order();
        var ways = reaches.Select(reach => $"({row}.type = ANY({Types(reach)}) AND {Reached(scoped, reach, row, sql, names, start)})").ToList();
        return ways.Count is 0 ? "false" : $"({string.Join(" OR ", ways)})";
    }

    private static string Reached(Visibility.Scoped scoped, Visibility.Reach reach, string row, SqlText sql, Names names, Start? start)
    {
        var labels = scoped.Labels is SensitivityLabels.All ? "true" : $"({row}.labels & {(short)~(short)scoped.Labels}::smallint) = 0";
        return reach switch
        {
            Visibility.Reach.Any => labels,
            Visibility.Reach.Shared => $"({labels} AND {row}.person IS NULL)",
            Visibility.Reach.Related => $"({labels} AND {row}.person IS NOT NULL AND ({People(scoped, row, sql, names, start)}))",
            Visibility.Reach.RelatedOrShared => $"({labels} AND ({row}.person IS NULL OR {People(scoped, row, sql, names, start)}))",
            _ => "false",
        };
    }

    private static string People(Visibility.Scoped scoped, string row, SqlText sql, Names names, Start? start)
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
        if (Organisations(scoped, sql, names) is { } organisations) ways.Add(Cared($"{row}.person", organisations, sql, start));
        return ways.Count is 0 ? "false" : string.Join(" OR ", ways);

        string Texts(IEnumerable<string> ids) => sql.Parameter(ids.ToList(), NpgsqlDbType.Array | NpgsqlDbType.Text);
        string Type(string name) => names.Types.IsKnown(name) ? names.Types[name].ToString() : "-1";
    }

    // What stands behind "organisation ="; null when no organisation reaches anybody.
    private static string? Organisations(Visibility.Scoped scoped, SqlText sql, Names names)
    {
        if (scoped.Organisations.Count is 0) return null;
        if (names.Organisations.Of(scoped.Organisations) is { } rows)
            return rows is [var only] ? sql.Long(only) : $"ANY({sql.Parameter(rows, NpgsqlDbType.Array | NpgsqlDbType.Bigint)})";
        var ids = sql.Parameter(scoped.Organisations.ToList(), NpgsqlDbType.Array | NpgsqlDbType.Text);
        return $"ANY(ARRAY(SELECT v.rid FROM resource v WHERE v.id = ANY({ids}) AND v.type = {names.TypeOrNone("Organization")}))";
    }

    private static string Cared(string person, string organisations, SqlText sql, Start? start)
    {
        if (start is null) return One(person, "");
        if (start.Person is not { } most) return One(person, " OFFSET 0");
        // The first EXISTS names no row of the statement, so PostgreSQL evaluates it once.
        var known = sql.Long(most);
        return $"CASE WHEN {person} = {known} THEN {One(known, "")} ELSE {One(person, " OFFSET 0")} END";

        string One(string whose, string fence) => $"EXISTS (SELECT 1 FROM relation x WHERE x.person = {whose} AND x.organisation = {organisations}{fence})";
    }
}
