using System.Globalization;
using System.Text;

namespace Tongxin.Kernel.Records.Search;

/// <summary>The one text of a condition, however it was written: the unique key that guards conditional interactions.</summary>
/// <remarks>Order of parameters and of alternatives does not matter; what is sorted, counted or included does not either. Read by nobody.</remarks>
public static class SearchText
{
    // What a token or a date says of who somebody is, not of how she is.
    private static readonly string[] Identifying = ["identifier", "telecom", "phone", "email", "birthdate", "death-date"];

    public static string Of(SearchRequest request) => $"{request.Type}?{All(request.Criteria, null)}";

    /// <summary>The same for the audit trail: names, numbers and addresses are replaced by what <paramref name="mask"/> makes of them.</summary>
    public static string Masked(SearchRequest request, Func<string, string> mask) => $"{request.Type}?{All(request.Criteria, mask)}";

    private static string All(IReadOnlyList<Criterion> criteria, Func<string, string>? mask) =>
        string.Join('&', criteria.Select(c => Of(c, mask)).Order(StringComparer.Ordinal));

    private static string Of(Criterion criterion, Func<string, string>? mask) => criterion switch
    {
        Criterion.Matches m => $"{m.Parameter}:{m.Modifier}={Values(mask is null ? m.Values : m.Values.Select(v => Hidden(v, m.Parameter, mask)))}",
        Criterion.Missing m => $"{m.Parameter}:missing={m.IsMissing}",
        Criterion.Chain c => $"{c.Parameter}>{c.TargetType}({All(c.Inner, mask)})",
        Criterion.AnyOf a => $"any({All(a.Alternatives, mask)})",
        Criterion.Has h => $"{h.Parameter}<({All(h.Inner, mask)})",
        Criterion.InCompartment c => $"in:{c.Owner}",
        Criterion.IdIs i => $"_id={string.Join(',', i.Ids.Order(StringComparer.Ordinal))}",
        Criterion.UpdatedWithin u => $"_lastUpdated={u.Prefix}{u.From.UtcTicks}-{u.To.UtcTicks}",
        Criterion.Nothing => "nothing",
        _ => throw new ArgumentException($"A new kind of criterion: {criterion.GetType().Name}.", nameof(criterion)),
    };

    private static string Values(IEnumerable<SearchValue> values) => string.Join(',', values.Select(Of).Order(StringComparer.Ordinal));

    private static SearchValue Hidden(SearchValue value, SearchParameter parameter, Func<string, string> mask) => value switch
    {
        SearchValue.Text text => text with { Value = mask(text.Value) },
        SearchValue.Token { Code: { } code } token when Identifying.Contains(parameter.Code) => token with { Code = mask(code) },
        SearchValue.OfType type => type with { Value = mask(type.Value) },
        SearchValue.Date day when Identifying.Contains(parameter.Code) => new SearchValue.Text(mask($"{day.From:yyyy-MM-dd}")),
        _ => value,
    };

    private static string Of(SearchValue value) => value switch
    {
        SearchValue.Token t => $"{Part(t.System)}|{Part(t.Code)}",
        SearchValue.Text t => Part(t.Value),
        SearchValue.Date d => $"{d.Prefix}{d.From.UtcTicks}-{d.To.UtcTicks}",
        SearchValue.Quantity q => string.Create(CultureInfo.InvariantCulture, $"{q.Prefix}{q.Low}-{q.High}|{Part(q.System)}|{Part(q.Unit)}"),
        SearchValue.Reference r => $"{Part(r.Type)}/{Part(r.Id)}/{Part(r.Url)}/{Part(r.Version)}",
        SearchValue.Uri u => Part(u.Value),
        SearchValue.Composite c => string.Join('$', c.Parts.Select(Of)),
        SearchValue.OfType o => $"{Part(o.System)}|{Part(o.Code)}|{Part(o.Value)}",
        _ => throw new ArgumentException($"A new kind of value: {value.GetType().Name}.", nameof(value)),
    };

    // Quoted, so that no value can be mistaken for the text around it.
    private static string Part(string? text) =>
        text is null ? "*" : new StringBuilder(text).Replace("\\", "\\\\").Replace("\"", "\\\"").Insert(0, '"').Append('"').ToString();
}
