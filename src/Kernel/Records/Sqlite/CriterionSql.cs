using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>Each kind of <see cref="Criterion"/> as a condition on a row of <c>resource</c>, itself and through others that point to or from it.</summary>
internal sealed class CriterionSql
{
    private readonly SqlText sql;
    private readonly Names names;
    private readonly Visibility visibility;
    private readonly NarrowLinks links;
    private readonly ValueSql values;

    public CriterionSql(SqlText sql, Names names, IReadOnlyDictionary<ResourceKey, long> keys, Visibility visibility, NarrowLinks links)
    {
        (this.sql, this.names, this.visibility, this.links) = (sql, names, visibility, links);
        values = new(sql, names, keys);
    }

    /// <summary>Table, alias and ON of a criterion that at most one row of a resource meets; null for all others.</summary>
    public string? Joined(Criterion criterion, string row)
    {
        if (criterion is not Criterion.Matches { Modifier: Modifier.None, Values: [var value] } matches) return null;
        var isSingle = value is SearchValue.Token { System: not null, Code: not null }
            or SearchValue.Reference { Type: not null, Id: not null, Version: null } or SearchValue.Uri;
        if (!isSingle) return null;
        var alias = sql.Alias("x");
        return $"""
            {ValueSql.Table(matches.Parameter)} {alias}
            ON {alias}.rid = {row}.rid AND {alias}.param = {names.ParameterOrNone(matches.Parameter)} AND {values.Meets(matches, alias)}
            """;
    }

    public string Holds(Criterion criterion, string row) => criterion switch
    {
        Criterion.Matches { Modifier: Modifier.Not } matches => $"NOT {Exists(matches, row)}",
        // Ne of a date or number: "has a value that is not it", so it stays an EXISTS of the row's own.
        Criterion.Matches matches => Exists(matches, row),
        Criterion.Missing { IsMissing: true } missing => $"NOT {Present(missing.Parameter, row)}",
        Criterion.Missing missing => Present(missing.Parameter, row),
        Criterion.Chain chain => Chained(chain, row),
        Criterion.AnyOf any => $"({string.Join(" OR ", any.Alternatives.Select(a => Holds(a, row)))})",
        Criterion.Has has => Having(has, row),
        Criterion.InCompartment compartment => InCompartment(compartment, row),
        Criterion.IdIs id => $"{row}.id IN {sql.In(id.Ids.ToList())}",
        Criterion.UpdatedWithin within => Updated(within, row),
        Criterion.Nothing => "false",
        _ => throw new NotSupportedException($"{criterion} has no SQL."),
    };

    private string Exists(Criterion.Matches matches, string row) => Exists(matches.Parameter, row, alias => values.Meets(matches, alias));

    private string Present(SearchParameter parameter, string row) =>
        Exists(parameter, row, alias => parameter.Type is SearchParameterType.String ? $"{alias}.original" : "true");

    private string Updated(Criterion.UpdatedWithin within, string row) => Intervals.Compare(
        within.Prefix, $"{row}.at", $"({row}.at + 1)", sql.Value(within.From.ToUnixTimeMilliseconds()), sql.Value(Intervals.Milliseconds(within.To)));

    private string Exists(SearchParameter parameter, string row, Func<string, string> condition)
    {
        var alias = sql.Alias("x");
        return $"""
            EXISTS (SELECT 1 FROM {ValueSql.Table(parameter)} {alias}
            WHERE {alias}.rid = {row}.rid AND {alias}.param = {names.ParameterOrNone(parameter)} AND {condition(alias)})
            """;
    }

    private string Chained(Criterion.Chain chain, string row)
    {
        if (links.Of(chain) is { } few) return Linked(chain.Parameter, row, "rid", "target", few);
        var (link, target) = (sql.Alias("l"), sql.Alias("c"));
        return $"""
            EXISTS (SELECT 1 FROM reference {link} JOIN resource {target} ON {target}.rid = {link}.target
            WHERE {link}.rid = {row}.rid AND {link}.param = {names.ParameterOrNone(chain.Parameter)}
            AND {target}.type = {names.TypeOrNone(chain.TargetType)} AND {target}.state = 1
            AND {VisibilitySql.Of(visibility, target, sql, names, chain.TargetType)}{All(chain.Inner, target)})
            """;
    }

    // An IN, which the planner may start from: it finds at most a few patients' worth of rows.
    private string Linked(SearchParameter parameter, string row, string near, string far, List<long> few)
    {
        var link = sql.Alias("l");
        return few.Count is 0 ? "false" : $"""
            {row}.rid IN (SELECT {link}.{near} FROM reference {link} WHERE {link}.{far} IN {sql.In(few)} AND {link}.param = {names.ParameterOrNone(parameter)})
            """;
    }

    private string Having(Criterion.Has has, string row)
    {
        if (links.Of(has) is { } few) return Linked(has.Parameter, row, "target", "rid", few);
        var (link, pointing) = (sql.Alias("l"), sql.Alias("c"));
        return $"""
            EXISTS (SELECT 1 FROM reference {link} JOIN resource {pointing} ON {pointing}.rid = {link}.rid
            WHERE {link}.target = {row}.rid AND {link}.param = {names.ParameterOrNone(has.Parameter)}
            AND {pointing}.type = {names.TypeOrNone(has.SourceType)} AND {pointing}.state = 1
            AND {VisibilitySql.Of(visibility, pointing, sql, names, has.SourceType)}{All(has.Inner, pointing)})
            """;
    }

    private string InCompartment(Criterion.InCompartment compartment, string row)
    {
        var parameters = compartment.Parameters.Select(names.ParameterOrNone).ToList();
        var link = sql.Alias("l");
        return $"""
            EXISTS (SELECT 1 FROM reference {link} WHERE {link}.rid = {row}.rid AND {link}.target = {values.Rid(compartment.Owner)}
            AND {link}.param IN {sql.In(parameters)})
            """;
    }

    private string All(IReadOnlyList<Criterion> criteria, string row) => string.Concat(criteria.Select(c => $" AND {Holds(c, row)}"));
}
