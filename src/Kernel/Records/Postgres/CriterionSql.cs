using NpgsqlTypes;
using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Each kind of <see cref="Criterion"/> as a condition on a row of <c>resource</c>, itself and through others that point to or from it.</summary>
internal sealed class CriterionSql
{
    private readonly SqlText sql;
    private readonly Names names;
    private readonly Visibility visibility;
    private readonly NarrowLinks links;
    private readonly string fence;
    private readonly ValueSql values;

    /// <param name="paged">Rows are taken in order until a page is full, so a wide chain is checked row by row and not multiplied out.</param>
    public CriterionSql(
        SqlText sql, Names names, IReadOnlyDictionary<ResourceKey, long> keys, Visibility visibility, NarrowLinks links, bool paged)
    {
        (this.sql, this.names, this.visibility, this.links) = (sql, names, visibility, links);
        // PostgreSQL does not turn an EXISTS with OFFSET into a join.
        fence = paged ? " OFFSET 0" : "";
        values = new(sql, names, keys);
    }

    /// <summary>Check every criterion row by row: the statement has its rows from elsewhere.</summary>
    public bool IsFenced { get; init; }

    /// <summary>Table, alias and ON of a criterion that at most one row of a resource meets; null for all others.</summary>
    public string? Joined(Criterion criterion, string row, string alias)
    {
        if (criterion is not Criterion.Matches { Modifier: Modifier.None, Values: [var value] } matches) return null;
        var isSingle = value is SearchValue.Token { System: not null, Code: not null }
            or SearchValue.Reference { Type: not null, Id: not null, Version: null } or SearchValue.Uri;
        if (!isSingle) return null;
        return $"""
            {ValueSql.Table(matches.Parameter)} {alias}
            ON {alias}.rid = {row}.rid AND {alias}.param = {names.ParameterOrNone(matches.Parameter)} AND {values.Meets(matches, alias)}
            """;
    }

    /// <summary>Table, alias and ON of a chain that found few: what points to them.</summary>
    public string JoinedTo(Criterion.Chain narrow, string row, string alias) => $"""
        reference {alias} ON {alias}.rid = {row}.rid AND {alias}.param = {names.ParameterOrNone(narrow.Parameter)}
        AND {alias}.target = ANY({sql.Parameter(links.Of(narrow)!, NpgsqlDbType.Array | NpgsqlDbType.Bigint)})
        """;

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
        // One id is asked by "=": PostgreSQL expects ten rows of a list whose length it does not know.
        Criterion.IdIs { Ids: [var only] } => $"{row}.id = {sql.Text(only)}",
        Criterion.IdIs id => $"{row}.id = ANY({sql.Parameter(id.Ids.ToList(), NpgsqlDbType.Array | NpgsqlDbType.Text)})",
        Criterion.UpdatedWithin within => Updated(within, row),
        Criterion.Nothing => "false",
        _ => throw new NotSupportedException($"{criterion} has no SQL."),
    };

    private string Exists(Criterion.Matches matches, string row) => Exists(matches.Parameter, row, alias => values.Meets(matches, alias));

    private string Present(SearchParameter parameter, string row) =>
        Exists(parameter, row, alias => parameter.Type is SearchParameterType.String ? $"{alias}.original" : "true");

    private string Updated(Criterion.UpdatedWithin within, string row) => Intervals.Compare(
        within.Prefix, $"{row}.at", $"({row}.at + 1)", sql.Long(within.From.ToUnixTimeMilliseconds()), sql.Long(Intervals.Milliseconds(within.To)));

    private string Exists(SearchParameter parameter, string row, Func<string, string> condition)
    {
        var alias = sql.Alias("x");
        return $"""
            EXISTS (SELECT 1 FROM {ValueSql.Table(parameter)} {alias}
            WHERE {alias}.rid = {row}.rid AND {alias}.param = {names.ParameterOrNone(parameter)} AND {condition(alias)}{(IsFenced ? " OFFSET 0" : "")})
            """;
    }

    /// <summary>
    /// That a row is current and of its type. Left out where a criterion says it: only current resources have index rows, and a parameter is one
    /// type's; repeated, PostgreSQL would take it for a further condition and expect a hundredth of the rows.
    /// </summary>
    public string Stands(string row, string type, IReadOnlyList<Criterion> criteria) =>
        criteria.Any(c => c is Criterion.Matches { Modifier: not Modifier.Not } matches && matches.Parameter.ResourceType == type)
            ? "true"
            : $"{row}.type = {names.TypeOrNone(type)} AND {row}.state = 1";

    private string Chained(Criterion.Chain chain, string row)
    {
        if (links.Of(chain) is { } few) return Linked(chain.Parameter, row, "rid", "target", few);
        var (link, target) = (sql.Alias("l"), sql.Alias("c"));
        return $"""
            EXISTS (SELECT 1 FROM reference {link} JOIN resource {target} ON {target}.rid = {link}.target
            WHERE {link}.rid = {row}.rid AND {link}.param = {names.ParameterOrNone(chain.Parameter)}
            AND {Stands(target, chain.TargetType, chain.Inner)}
            AND {VisibilitySql.Of(visibility, target, sql, names, chain.TargetType)}{All(chain.Inner, target)}{fence})
            """;
    }

    private string Linked(SearchParameter parameter, string row, string near, string far, List<long> few)
    {
        var link = sql.Alias("l");
        return $"""
            EXISTS (SELECT 1 FROM reference {link} WHERE {link}.{near} = {row}.rid AND {link}.param = {names.ParameterOrNone(parameter)}
            AND {link}.{far} = ANY({sql.Parameter(few, NpgsqlDbType.Array | NpgsqlDbType.Bigint)}))
            """;
    }

    private string Having(Criterion.Has has, string row)
    {
        if (links.Of(has) is { } few) return Linked(has.Parameter, row, "target", "rid", few);
        var (link, pointing) = (sql.Alias("l"), sql.Alias("c"));
        return $"""
            EXISTS (SELECT 1 FROM reference {link} JOIN resource {pointing} ON {pointing}.rid = {link}.rid
            WHERE {link}.target = {row}.rid AND {link}.param = {names.ParameterOrNone(has.Parameter)}
            AND {Stands(pointing, has.SourceType, has.Inner)}
            AND {VisibilitySql.Of(visibility, pointing, sql, names, has.SourceType)}{All(has.Inner, pointing)}{fence})
            """;
    }

    private string InCompartment(Criterion.InCompartment compartment, string row)
    {
        var parameters = compartment.Parameters.Select(names.ParameterOrNone).ToList();
        var link = sql.Alias("l");
        return $"""
            EXISTS (SELECT 1 FROM reference {link} WHERE {link}.rid = {row}.rid AND {link}.target = {values.Rid(compartment.Owner)}
            AND {link}.param = ANY({sql.Parameter(parameters, NpgsqlDbType.Array | NpgsqlDbType.Integer)}))
            """;
    }

    private string All(IReadOnlyList<Criterion> criteria, string row) => string.Concat(criteria.Select(c => $" AND {Holds(c, row)}"));
}
