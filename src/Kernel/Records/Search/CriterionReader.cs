using Tongxin.Fhir;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Kernel.Records.Search;

/// <summary>Reads one search parameter with its modifier, chain or <c>_has</c> into a criterion.</summary>
internal sealed class CriterionReader(SearchMeaning meaning)
{
    /// <summary>Links of a chain, forward and backward together.</summary>
    public const int DeepestChain = 4;

    /// <summary>Values of one parameter, separated by commas.</summary>
    public const int MostValues = 500;

    private static readonly string[] NotSupported = ["_filter", "_text", "_content", "_query", "_list", "_type"];

    private readonly ValueReader values = new(meaning);

    public Criterion Read(string type, string name, string value)
    {
        if (value.Length is 0) throw RefusedException.Because(400, "value", $"The search parameter '{name}' has no value.", name);
        return Read(type, name, value, name, 0);
    }

    private Criterion Read(string type, string name, string value, string whole, int depth)
    {
        if (depth > DeepestChain) throw RefusedException.Because(400, "too-costly", $"A chain has at most {DeepestChain} links.", whole);
        if (name.StartsWith("_has:", StringComparison.Ordinal)) return ReadHas(type, name, value, whole, depth);
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var (code, modifier) = Cut(dot < 0 ? name : name[..dot], ':');
        if (NotSupported.Contains(code)) throw RefusedException.Because(400, "not-supported", $"The search parameter '{code}' is not supported.", whole);
        if (SearchParameters.Find(type, code) is not { } parameter)
            throw RefusedException.Because(400, "not-supported", $"{type} has no search parameter '{Shorten(code)}'.", whole);
        return dot >= 0 ? ReadChain(parameter, modifier, name[(dot + 1)..], value, whole, depth) : ReadPlain(parameter, modifier, value, whole);
    }

    private Criterion.Has ReadHas(string type, string name, string value, string whole, int depth)
    {
        var parts = name.Split(':', 4);
        if (parts.Length < 4 || SearchParameters.Find(parts[1], parts[2]) is not { Type: SearchParameterType.Reference } parameter)
            throw RefusedException.Because(400, "value", "_has is written _has:Type:reference:parameter with a reference parameter of the type.", whole);
        if (parameter.Targets.Count > 0 && !parameter.Targets.Contains(type))
            throw RefusedException.Because(400, "value", $"{parameter} never points to a {type}.", whole);
        return new(parts[1], parameter, [Read(parts[1], parts[3], value, whole, depth + 1)]);
    }

    private Criterion ReadChain(SearchParameter parameter, string? only, string rest, string value, string whole, int depth)
    {
        if (parameter.Type is not SearchParameterType.Reference)
            throw RefusedException.Because(400, "value", $"{parameter} is not a reference, so nothing can follow it.", whole);
        var possible = parameter.Targets.Count > 0 ? parameter.Targets : [.. FirelyModel.ResourceTypes.Order(StringComparer.Ordinal)];
        if (only is not null && !possible.Contains(only)) throw RefusedException.Because(400, "value", $"{parameter} never points to a '{Shorten(only)}'.", whole);
        var next = Cut(Cut(rest, '.').Head, ':').Head;
        var targets = only is not null ? [only] : possible.Where(t => next is "_has" || SearchParameters.Find(t, next) is not null).ToList();
        if (targets.Count is 0)
            throw RefusedException.Because(400, "not-supported", $"No type that {parameter} points to has a search parameter '{Shorten(next)}'.", whole);
        if (targets.Count > MostTargets)
            throw RefusedException.Because(400, "too-costly", $"{parameter} may point to {targets.Count} types; write which: {parameter.Code}:Type.{Shorten(rest)}.", whole);
        List<Criterion> chains = [];
        foreach (var target in targets)
            chains.Add(new Criterion.Chain(parameter, target, [Read(target, rest, value, whole, depth + 1)]));
        return chains is [var single] ? single : new Criterion.AnyOf(chains);
    }

    private const int MostTargets = 12;

    private Criterion ReadPlain(SearchParameter parameter, string? modifier, string value, string whole)
    {
        if (parameter.Type is SearchParameterType.Special)
            throw RefusedException.Because(400, "not-supported", $"The search parameter {parameter} is not supported.", whole);
        if (parameter.Code is "_id" or "_lastUpdated" && modifier is not null)
            throw RefusedException.Because(400, "not-supported", $"'{parameter.Code}' takes no modifier.", whole);
        if (modifier is "missing")
            return value is "true" or "false"
                ? new Criterion.Missing(parameter, value is "true")
                : throw RefusedException.Because(400, "value", $"'{whole}' is true or false.", whole);

        var texts = Split(value, ',');
        if (texts.Count > MostValues) throw RefusedException.Because(400, "too-costly", $"'{whole}' has {texts.Count} values; at most {MostValues} are accepted.", whole);
        if (parameter.Code is "_id") return new Criterion.IdIs([.. texts.Select(t => LegalId(Unescape(t), whole))]);
        if (parameter.Code is "_lastUpdated") return Updated(texts, whole);
        return Matches(parameter, modifier, texts, whole);
    }

    private Criterion Matches(SearchParameter parameter, string? modifier, List<string> texts, string whole)
    {
        if (modifier is "in" or "not-in" or "above" or "below" && parameter.Type is SearchParameterType.Token)
            return new Criterion.Matches(parameter, modifier is "not-in" ? Modifier.Not : Modifier.None, Expanded(modifier, texts, whole));
        var kind = KindOf(parameter, modifier, whole);
        var targetType = parameter.Type is SearchParameterType.Reference && kind is Modifier.None ? modifier : null;
        return new Criterion.Matches(parameter, kind, [.. texts.Select(t => values.Read(parameter, kind, t, targetType, whole))]);
    }

    private Criterion Updated(List<string> texts, string whole)
    {
        List<Criterion> alternatives = [];
        foreach (var text in texts)
        {
            var date = values.Date(text, whole);
            alternatives.Add(new Criterion.UpdatedWithin(date.Prefix, date.From, date.To));
        }

        return alternatives is [var single] ? single : new Criterion.AnyOf(alternatives);
    }

    private List<SearchValue> Expanded(string modifier, List<string> texts, string whole)
    {
        List<SearchValue> all = [];
        foreach (var text in texts)
        {
            var found = modifier is "in" or "not-in" ? meaning.Expand(Unescape(text)) : meaning.Subsumed(ValueReader.Token(text), modifier is "below");
            if (found is null) throw RefusedException.Because(400, "not-found", $"'{Shorten(Unescape(text))}' is not known here, so '{whole}' cannot be answered.", whole);
            all.AddRange(found);
        }

        return all.Count <= MostExpanded
            ? all
            : throw RefusedException.Because(400, "too-costly", $"'{whole}' stands for {all.Count} codes; at most {MostExpanded} are searched.", whole);
    }

    /// <summary>Codes that a value set may stand for.</summary>
    public const int MostExpanded = 5_000;

    private static Modifier KindOf(SearchParameter parameter, string? modifier, string whole) => (parameter.Type, modifier) switch
    {
        (_, null) => Modifier.None,
        (SearchParameterType.String, "exact") => Modifier.Exact,
        (SearchParameterType.String, "contains") => Modifier.Contains,
        (SearchParameterType.Token, "text") => Modifier.Text,
        (SearchParameterType.Token, "not") => Modifier.Not,
        (SearchParameterType.Token, "of-type") => Modifier.OfType,
        (SearchParameterType.Uri, "above") => Modifier.Above,
        (SearchParameterType.Uri, "below") => Modifier.Below,
        (SearchParameterType.Reference, "identifier") => Modifier.Identifier,
        (SearchParameterType.Reference, _) when FirelyModel.ResourceTypes.Contains(modifier) => Modifier.None,
        _ => throw RefusedException.Because(400, "not-supported", $"{parameter} does not take the modifier ':{Shorten(modifier)}'.", whole),
    };

    private static string LegalId(string id, string whole) =>
        ResourceKey.IsLegalId(id) ? id : throw RefusedException.Because(400, "value", $"'{Shorten(id)}' is not a FHIR id.", whole);

    internal static (string Head, string? Tail) Cut(string text, char at) =>
        text.IndexOf(at, StringComparison.Ordinal) is >= 0 and var cut ? (text[..cut], text[(cut + 1)..]) : (text, null);

    /// <summary>Splits at a separator that has no backslash before it; the parts are still escaped.</summary>
    internal static List<string> Split(string text, char separator)
    {
        List<string> parts = [];
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '\\') i++;
            else if (text[i] == separator)
            {
                parts.Add(text[start..i]);
                start = i + 1;
            }
        }

        parts.Add(text[start..]);
        return parts;
    }

    /// <summary>FHIR R4 §3.1.1.4.1: <c>\,</c> <c>\|</c> <c>\$</c> <c>\\</c>.</summary>
    internal static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal)) return text;
        var plain = new System.Text.StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '\\' && i + 1 < text.Length && text[i + 1] is ',' or '|' or '$' or '\\') i++;
            plain.Append(text[i]);
        }

        return plain.ToString();
    }

    internal static string Shorten(string text) => text.Length <= 64 ? text : text[..64] + "…";
}
