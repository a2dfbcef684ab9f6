using Tongxin.Fhir;

namespace Tongxin.Kernel.Records.Search;

/// <summary>Reads one value of a search parameter by the parameter's type (FHIR R4 §3.1.1.4.4–14). Values arrive still escaped.</summary>
internal sealed class ValueReader(SearchMeaning meaning)
{
    private const decimal ApproximateShare = 0.1m;

    public SearchValue Read(SearchParameter parameter, Modifier modifier, string text, string? targetType, string whole)
    {
        if (text.Length is 0) throw RefusedException.Because(400, "value", $"'{whole}' has an empty value.", whole);
        return (parameter.Type, modifier) switch
        {
            (SearchParameterType.Token, Modifier.OfType) => OfType(text, whole),
            (SearchParameterType.Token, Modifier.Text) => new SearchValue.Text(Storable(CriterionReader.Unescape(text), whole)),
            (SearchParameterType.Token, _) => Storable(Token(text), whole),
            (SearchParameterType.Reference, Modifier.Identifier) => Storable(Token(text), whole),
            (SearchParameterType.Reference, _) => Reference(parameter, text, targetType, whole),
            (SearchParameterType.Date, _) => Date(text, whole),
            (SearchParameterType.Number, _) => Number(text, whole),
            (SearchParameterType.Quantity, _) => Quantity(text, whole),
            (SearchParameterType.Uri, _) => new SearchValue.Uri(Storable(CriterionReader.Unescape(text), whole)),
            (SearchParameterType.Composite, _) => Composite(parameter, text, whole),
            _ => new SearchValue.Text(Storable(CriterionReader.Unescape(text), whole)),
        };
    }

    /// <summary><c>code</c>, <c>system|code</c>, <c>|code</c> (no system), <c>system|</c> (any code).</summary>
    public static SearchValue.Token Token(string text)
    {
        var parts = CriterionReader.Split(text, '|');
        if (parts is [var alone]) return new(null, CriterionReader.Unescape(alone));
        var code = CriterionReader.Unescape(string.Join('|', parts.Skip(1)));
        return new(CriterionReader.Unescape(parts[0]), code.Length is 0 ? null : code);
    }

    public SearchValue.Date Date(string text, string whole)
    {
        var (prefix, rest) = Prefixed(text);
        // A plus sign that was not percent-encoded arrives as a space.
        if (!DateRange.TryParse(rest.Replace(' ', '+'), meaning.Zone, out var range))
            throw RefusedException.Because(400, "value", $"'{CriterionReader.Shorten(text)}' is not a date such as 2026-03, 2026-03-31 or ge2026-03-31T08:00:00+08:00.", whole);
        if (prefix is not Prefix.Ap) return new(prefix, range.From, range.To);
        var width = (meaning.Clock.GetUtcNow() - range.From).Duration() * (double)ApproximateShare;
        return new(prefix, Earlier(range.From, width), Later(range.To, width));
    }

    private static DateTimeOffset Earlier(DateTimeOffset at, TimeSpan by) => at - DateTimeOffset.MinValue < by ? DateTimeOffset.MinValue : at - by;

    private static DateTimeOffset Later(DateTimeOffset at, TimeSpan by) => DateTimeOffset.MaxValue - at < by ? DateTimeOffset.MaxValue : at + by;

    private static SearchValue.Quantity Number(string text, string whole)
    {
        var (prefix, rest) = Prefixed(text);
        if (!QuantityRange.TryImplied(rest, out var implied) || !QuantityRange.TryNumber(rest, out var value))
            throw RefusedException.Because(400, "value", $"'{CriterionReader.Shorten(text)}' is not a number such as 5.4 or ge140.", whole);
        var share = Math.Abs(value) * ApproximateShare;
        var range = prefix switch
        {
            Prefix.Eq or Prefix.Ne => implied,
            Prefix.Ap => new QuantityRange(Math.Min(implied.Low, value - share), Math.Max(implied.High, value + share)),
            _ => QuantityRange.Point(value),
        };
        return new(prefix, range.Low, range.High);
    }

    private static SearchValue.Quantity Quantity(string text, string whole)
    {
        var parts = CriterionReader.Split(text, '|');
        if (parts.Count is not (1 or 3))
            throw RefusedException.Because(400, "value", "A quantity is written number, number|system|code or number||unit.", whole);
        var number = Number(parts[0], whole);
        if (parts.Count is 1) return number;
        var (system, unit) = (CriterionReader.Unescape(parts[1]), CriterionReader.Unescape(parts[2]));
        return number with { System = system.Length is 0 ? null : Storable(system, whole), Unit = unit.Length is 0 ? null : Storable(unit, whole) };
    }

    private SearchValue.Reference Reference(SearchParameter parameter, string text, string? targetType, string whole)
    {
        var plain = Storable(CriterionReader.Unescape(text), whole);
        if (ResourceKey.IsLegalId(plain)) return new(targetType ?? (parameter.Targets is [var single] ? single : null), plain);
        var (url, version) = CriterionReader.Cut(plain, '|');
        var read = ReferenceText.Read(url, meaning.Bases);
        if (read is null || (targetType is not null && read.Value.Type is { } type && type != targetType))
            throw RefusedException.Because(400, "value", $"'{CriterionReader.Shorten(plain)}' is not a reference that '{whole}' can have.", whole);
        if (read.Value is { IsLocal: true } local) return new(local.Type, local.Id, null, local.Version ?? version);
        // An absolute reference, a urn or a canonical; anything else can only be a mistake.
        return url.Contains(':', StringComparison.Ordinal)
            ? new(read.Value.Type, null, read.Value.Url, read.Value.Version ?? version)
            : throw RefusedException.Because(400, "value", $"'{CriterionReader.Shorten(plain)}' is not an id, Type/id or address.", whole);
    }

    private SearchValue.Composite Composite(SearchParameter parameter, string text, string whole)
    {
        var parts = CriterionReader.Split(text, '$');
        if (parts.Count != parameter.Parts.Count)
            throw RefusedException.Because(400, "value", $"{parameter} is written with {parameter.Parts.Count} parts, separated by $.", whole);
        return new([.. parts.Select((part, i) => Read(parameter.Parts[i].Parameter, Modifier.None, part, null, whole))]);
    }

    private static SearchValue.OfType OfType(string text, string whole)
    {
        var parts = CriterionReader.Split(text, '|');
        return parts.Count is 3 && parts.TrueForAll(p => p.Length > 0)
            ? new(CriterionReader.Unescape(parts[0]), CriterionReader.Unescape(parts[1]), Storable(CriterionReader.Unescape(parts[2]), whole))
            : throw RefusedException.Because(400, "value", "':of-type' is written system|code|value.", whole);
    }

    private static (Prefix Prefix, string Value) Prefixed(string text) =>
        text.Length > 2 && char.IsAsciiLetterLower(text[0]) && Enum.TryParse<Prefix>(text[..2], ignoreCase: true, out var prefix) && Enum.IsDefined(prefix)
            ? (prefix, text[2..])
            : (Prefix.Eq, text);

    // Neither engine can hold these characters, so nothing stored can match them; half a pair would not even reach the engine.
    private static string Storable(string text, string whole)
    {
        var valid = !text.Contains('\0', StringComparison.Ordinal);
        for (var i = 0; valid && i < text.Length; i++)
            if (char.IsSurrogate(text[i])) valid = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[++i]);
        return valid ? text : throw RefusedException.Because(400, "value", $"'{whole}' holds a character that no text has.", whole);
    }

    private static SearchValue.Token Storable(SearchValue.Token token, string whole)
    {
        if (token.System is not null) Storable(token.System, whole);
        if (token.Code is not null) Storable(token.Code, whole);
        return token;
    }
}
