using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Tests.Records;

/// <summary>Search the slow way: every resource in memory against every criterion, written from the specification and not from an engine.</summary>
internal sealed class SearchOracle(IReadOnlyDictionary<ResourceKey, SearchWorld.Row> rows, Visibility visibility)
{
    public HashSet<ResourceKey> Matches(SearchRequest request) =>
        [.. rows.Values.Where(r => r.Key.Type == request.Type && Sees(r) && request.Criteria.All(c => Holds(c, r))).Select(r => r.Key)];

    private bool Sees(SearchWorld.Row row)
    {
        if (visibility is Visibility.Everything) return true;
        if (visibility is not Visibility.Scoped scoped || !scoped.Types.TryGetValue(row.Key.Type, out var reach)) return false;
        if ((row.Labels & ~scoped.Labels) != SensitivityLabels.None) return false;
        if (reach is Visibility.Reach.Any) return true;
        if (row.Person is not { } person) return reach is not Visibility.Reach.Related;
        return reach is not Visibility.Reach.Shared && (scoped.People.Contains(person) || (row.County is { } county && scoped.Counties.Contains(county))
            || rows.Values.SelectMany(r => r.Relations).Any(r => r.Person == person && scoped.Organisations.Contains(r.Organisation)));
    }

    private bool Holds(Criterion criterion, SearchWorld.Row row) => criterion switch
    {
        Criterion.IdIs id => id.Ids.Contains(row.Key.Id),
        Criterion.Missing missing => Present(missing.Parameter, row) != missing.IsMissing,
        Criterion.Matches { Modifier: Modifier.Not } not => !Any(not, row),
        Criterion.Matches matches => Any(matches, row),
        Criterion.Chain chain => row.Index.References.Where(r => r.Parameter == chain.Parameter && r.Type == chain.TargetType)
            .Any(r => rows.TryGetValue(new(r.Type!, r.Id!), out var target) && Sees(target) && chain.Inner.All(c => Holds(c, target))),
        Criterion.AnyOf any => any.Alternatives.Any(a => Holds(a, row)),
        Criterion.Has has => rows.Values.Any(other => other.Key.Type == has.SourceType && Sees(other)
            && other.Index.References.Any(r => r.Parameter == has.Parameter && r.Type == row.Key.Type && r.Id == row.Key.Id) && has.Inner.All(c => Holds(c, other))),
        Criterion.InCompartment compartment => row.Index.References.Any(r =>
            compartment.Parameters.Contains(r.Parameter) && r.Type == compartment.Owner.Type && r.Id == compartment.Owner.Id),
        _ => throw new NotSupportedException(criterion.ToString()),
    };

    private static bool Present(SearchParameter parameter, SearchWorld.Row row) => row.Index.Tokens.Any(e => e.Parameter == parameter)
        || row.Index.Strings.Any(e => e.Parameter == parameter) || row.Index.Dates.Any(e => e.Parameter == parameter)
        || row.Index.Quantities.Any(e => e.Parameter == parameter) || row.Index.References.Any(e => e.Parameter == parameter)
        || row.Index.Uris.Any(e => e.Parameter == parameter);

    private static bool Any(Criterion.Matches matches, SearchWorld.Row row) => matches.Values.Any(value => value switch
    {
        SearchValue.Token token => row.Index.Tokens.Any(e => e.Parameter == matches.Parameter && Token(token, e)),
        SearchValue.OfType type => row.Index.Tokens.Any(e => e.Parameter == matches.Parameter && e.Code == type.Value && e.TypeCode == type.Code && e.TypeSystem == type.System),
        SearchValue.Text text => row.Index.Strings.Any(e => e.Parameter == matches.Parameter && Text(text.Value, matches.Modifier, e)),
        SearchValue.Date date => row.Index.Dates.Any(e => e.Parameter == matches.Parameter
            && Compare(date.Prefix, e.From.UtcTicks, e.To.UtcTicks, date.From.UtcTicks, date.To.UtcTicks)),
        SearchValue.Quantity quantity => row.Index.Quantities.Any(e => e.Parameter == matches.Parameter && Quantity(quantity, e)),
        SearchValue.Reference reference => row.Index.References.Any(e => e.Parameter == matches.Parameter && (reference.Url is not null
            ? e.Url == reference.Url : e.Id == reference.Id && (reference.Type is null || e.Type == reference.Type))),
        SearchValue.Uri uri => row.Index.Uris.Any(e => e.Parameter == matches.Parameter && Uri(uri.Value, matches.Modifier, e.Value)),
        SearchValue.Composite composite => row.Index.Composites.Any(e => e.Parameter == matches.Parameter
            && Token((SearchValue.Token)composite.Parts[0], (TokenEntry)e.Parts[0]) && Quantity((SearchValue.Quantity)composite.Parts[1], (QuantityEntry)e.Parts[1])),
        _ => throw new NotSupportedException(value.ToString()),
    });

    private static bool Token(SearchValue.Token asked, TokenEntry has) =>
        (asked.Code is null || asked.Code == has.Code) && (asked.System is null || asked.System == (has.System ?? ""));

    private static bool Uri(string asked, Modifier modifier, string has) => modifier switch
    {
        Modifier.Below => has.StartsWith(asked, StringComparison.Ordinal),
        Modifier.Above => asked.StartsWith(has, StringComparison.Ordinal),
        _ => has == asked,
    };

    private static bool Text(string asked, Modifier modifier, StringEntry has) => modifier switch
    {
        Modifier.Exact => has.Original && has.Value == asked,
        Modifier.Contains => has.Original && has.Folded.Contains(Folding.Fold(asked), StringComparison.Ordinal),
        _ => has.Folded.StartsWith(Folding.Fold(asked), StringComparison.Ordinal),
    };

    private static bool Quantity(SearchValue.Quantity asked, QuantityEntry has) =>
        Number(asked.Prefix, has.Low, has.High, asked.Low, asked.High)
        && (asked.System is null || asked.System == (has.System ?? ""))
        && (asked.Unit is null || asked.Unit == has.Code || (asked.System is null && asked.Unit == has.Unit));

    private static bool Number(Prefix prefix, decimal low, decimal high, decimal from, decimal to) => prefix switch
    {
        Prefix.Ge => high > from,
        Prefix.Le => low < to,
        _ => Compare(prefix, low, high, from, to),
    };

    // FHIR R4 §3.1.1.4.5, on half-open intervals.
    private static bool Compare<T>(Prefix prefix, T low, T high, T from, T to)
        where T : IComparable<T>
    {
        var contained = low.CompareTo(from) >= 0 && high.CompareTo(to) <= 0;
        return prefix switch
        {
            Prefix.Eq => contained,
            Prefix.Ne => !contained,
            Prefix.Gt => high.CompareTo(to) > 0,
            Prefix.Lt => low.CompareTo(from) < 0,
            Prefix.Ge => high.CompareTo(to) > 0 || contained,
            Prefix.Le => low.CompareTo(from) < 0 || contained,
            Prefix.Sa => low.CompareTo(to) >= 0,
            Prefix.Eb => high.CompareTo(from) <= 0,
            _ => low.CompareTo(to) < 0 && high.CompareTo(from) > 0,
        };
    }
}
