using Tongxin.Fhir;
using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>The values of a criterion as a condition on one row of its parameter's index table. Several values are one array where the kind allows it.</summary>
internal sealed class ValueSql(SqlText sql, Names names, IReadOnlyDictionary<ResourceKey, long> keys)
{
    // Greater than any text that begins like the prefix: no character is beyond it.
    private const string Beyond = "\U0010FFFF";

    private readonly CompositeSql composites = new(sql, names, keys);

    /// <summary>The index table of a parameter.</summary>
    public static string Table(SearchParameter parameter) => parameter.Type switch
    {
        SearchParameterType.Token => "token",
        SearchParameterType.String => "string",
        SearchParameterType.Date => "date",
        SearchParameterType.Number or SearchParameterType.Quantity => "quantity",
        SearchParameterType.Reference => "reference",
        SearchParameterType.Uri => "uri",
        SearchParameterType.Composite => "composite",
        _ => throw RefusedException.Because(400, "not-supported", $"The search parameter {parameter.Code} is not supported."),
    };

    /// <summary>rid of a key; -1, which no row has, when nothing was ever stored or mentioned under it.</summary>
    public string Rid(ResourceKey key) => sql.Value(keys.GetValueOrDefault(key, -1));

    public string Meets(Criterion.Matches matches, string row) => matches.Modifier switch
    {
        Modifier.Text when matches.Parameter.Type is SearchParameterType.Token => AnyOf(matches, v => Display(v, row)),
        Modifier.OfType => AnyOf(matches, v => OfType((SearchValue.OfType)v, row)),
        Modifier.Identifier => AnyOf(matches, v => Identifier((SearchValue.Token)v, row)),
        _ => matches.Parameter.Type switch
        {
            SearchParameterType.Token => Tokens([.. matches.Values.Cast<SearchValue.Token>()], row),
            SearchParameterType.Reference => References([.. matches.Values.Cast<SearchValue.Reference>()], row),
            SearchParameterType.Uri => AnyOf(matches, v => Uri(((SearchValue.Uri)v).Value, matches.Modifier, row)),
            SearchParameterType.String => AnyOf(matches, v => Text(((SearchValue.Text)v).Value, matches.Modifier, row)),
            SearchParameterType.Date => AnyOf(matches, v => Date((SearchValue.Date)v, row)),
            SearchParameterType.Composite => AnyOf(matches, v => composites.Tuple(matches.Parameter, (SearchValue.Composite)v, row)),
            _ => AnyOf(matches, v => Quantity((SearchValue.Quantity)v, row)),
        },
    };

    private static string AnyOf(Criterion.Matches matches, Func<SearchValue, string> one) =>
        matches.Values is [var single] ? one(single) : $"({string.Join(" OR ", matches.Values.Select(one))})";

    private string Tokens(List<SearchValue.Token> values, string row)
    {
        var ways = new List<string>(3);
        var codes = values.Where(v => v.System is null).Select(v => Texts.Exact(v.Code ?? "")).ToList();
        if (codes is [var code]) ways.Add($"{row}.code = {sql.Value(code)}");
        else if (codes.Count > 1) ways.Add($"{row}.code IN {sql.In(codes)}");

        foreach (var system in values.Where(v => v is { System: not null, Code: not null }).GroupBy(v => v.System!, StringComparer.Ordinal))
        {
            var ofSystem = system.Select(v => Texts.Exact(v.Code!)).ToList();
            var which = ofSystem is [var only] ? $"= {sql.Value(only)}" : $"IN {sql.In(ofSystem)}";
            ways.Add($"({row}.code {which} AND {row}.system = {names.SystemOrNoRow(system.Key)})");
        }

        var whole = values.Where(v => v is { System: not null, Code: null }).Select(v => names.SystemOrNoRow(v.System!)).ToList();
        if (whole.Count > 0) ways.Add($"{row}.system IN {sql.In(whole)}");
        return ways is [var way] ? way : $"({string.Join(" OR ", ways)})";
    }

    private string Display(SearchValue value, string row)
    {
        var text = value switch { SearchValue.Text t => t.Value, SearchValue.Token t => t.Code ?? "", _ => "" };
        return $"{row}.display IN (SELECT d.id FROM display d WHERE d.name LIKE {sql.Value($"%{Texts.Like(Texts.Display(text))}%")} ESCAPE '\\')";
    }

    private string OfType(SearchValue.OfType value, string row)
    {
        var type = $"{row}.type_code = {sql.Value(Texts.Exact(value.Code))} AND {row}.type_system = {names.SystemOrNoRow(value.System)}";
        return $"({row}.code = {sql.Value(Texts.Exact(value.Value))} AND {type})";
    }

    private string Identifier(SearchValue.Token value, string row)
    {
        var code = $"{row}.identifier = {sql.Value(Texts.Exact(value.Code ?? ""))}";
        return value.System is null ? code : $"({code} AND {row}.identifier_system = {names.SystemOrNoRow(value.System)})";
    }

    private string References(List<SearchValue.Reference> values, string row)
    {
        var ways = new List<string>(3);
        var plain = values.Where(v => v is { Type: not null, Id: not null, Version: null }).Select(v => keys.GetValueOrDefault(new(v.Type!, v.Id!), -1)).ToList();
        if (plain is [var one]) ways.Add($"{row}.target = {sql.Value(one)}");
        else if (plain.Count > 1) ways.Add($"{row}.target IN {sql.In(plain)}");

        foreach (var value in values.Where(v => v is { Type: not null, Id: not null, Version: not null }))
            ways.Add($"({row}.target = {Rid(new(value.Type!, value.Id!))} AND {row}.version = {sql.Value(Texts.Exact(value.Version!))})");

        var ids = values.Where(v => v is { Type: null, Id: not null }).Select(v => v.Id!).ToList();
        if (ids.Count > 0) ways.Add($"{row}.target IN (SELECT i.rid FROM resource i WHERE i.id IN {sql.In(ids)})");

        var urls = values.Where(v => v.Url is not null).Select(v => Texts.Exact(v.Url!)).ToList();
        if (urls.Count > 0) ways.Add($"{row}.url IN {sql.In(urls)}");
        return ways is [var way] ? way : $"({string.Join(" OR ", ways)})";
    }

    private string Uri(string value, Modifier modifier, string row) => modifier switch
    {
        Modifier.Below => Begins($"{row}.value", value),
        Modifier.Above => $"{row}.value IN {sql.In([.. Enumerable.Range(1, value.Length).Select(n => value[..n]).Select(Texts.Exact)])}",
        _ => $"{row}.value = {sql.Value(Texts.Exact(value))}",
    };

    private string Text(string value, Modifier modifier, string row)
    {
        var folded = Folding.Fold(value);
        return modifier switch
        {
            Modifier.Exact => Exact(value, folded, row),
            Modifier.Contains or Modifier.Text => Contains(folded, row),
            _ => Begins($"{row}.folded", folded),
        };
    }

    private string Exact(string value, string folded, string row) =>
        $"({row}.original AND {row}.folded = {sql.Value(Texts.Beginning(folded))} AND coalesce(nullif({row}.value, ''), {row}.folded) = {sql.Value(Texts.Clean(value))})";

    /// <summary>Chinese text has a row from each character on, so "contains" is "a row begins"; beyond a row's length the whole value decides.</summary>
    private string Contains(string folded, string row)
    {
        var like = $"({row}.original AND {row}.folded LIKE {sql.Value($"%{Texts.Like(folded)}%")} ESCAPE '\\')";
        var beginsHan = folded.Length > 0 && Folding.HasHan(folded[..Math.Min(folded.Length, char.IsHighSurrogate(folded[0]) ? 2 : 1)]);
        return beginsHan && folded.Length <= Folding.LongestTail ? Begins($"{row}.folded", folded) : like;
    }

    private string Date(SearchValue.Date value, string row) =>
        Intervals.Compare(value.Prefix, $"{row}.low", $"{row}.high", sql.Value(value.From.UtcTicks), sql.Value(value.To.UtcTicks));

    private string Quantity(SearchValue.Quantity value, string row)
    {
        var number = Intervals.CompareNumber(value.Prefix, $"{row}.low", $"{row}.high", Double(value.Low), Double(value.High));
        if (value.Unit is null) return value.System is null ? number : $"({number} AND {row}.system = {names.SystemOrNoRow(value.System)})";
        var unit = sql.Value(Texts.Exact(value.Unit));
        return value.System is null
            ? $"({number} AND ({row}.code = {unit} OR {row}.unit = {unit}))"
            : $"({number} AND {row}.system = {names.SystemOrNoRow(value.System)} AND {row}.code = {unit})";
    }

    private string Begins(string column, string prefix)
    {
        var clean = Texts.Beginning(prefix);
        return $"({column} >= {sql.Value(clean)} AND {column} < {sql.Value(clean + Beyond)})";
    }

    private string Double(decimal value) => sql.Value((double)value);
}
