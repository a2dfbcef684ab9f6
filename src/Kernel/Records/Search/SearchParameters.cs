using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Hl7.Fhir.Model;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Kernel.Records.Search;

/// <summary>Every search parameter of FHIR R4 by resource type, and the common ones (<c>_id</c>, <c>_lastUpdated</c>, <c>_tag</c>…).</summary>
/// <remarks>
/// From the FHIR library's own list; a type's parameters are made when the type is first asked for. Definitions that R4 wrote for several
/// types at once are cut to the part that speaks of the type. <c>as</c> is read as <c>ofType</c>: R4 means it for lists, FHIRPath does not.
/// </remarks>
public static partial class SearchParameters
{
    private static readonly ConcurrentDictionary<string, FrozenDictionary<string, SearchParameter>> ByType = new(StringComparer.Ordinal);
    private static readonly Lazy<ILookup<string, SearchParamDefinition>> Definitions =
        new(() => ModelInfo.SearchParameters.ToLookup(d => d.Resource ?? "", StringComparer.Ordinal));

    /// <summary>Patient by any piece of an identifier or a telephone, from four characters on.</summary>
    public const string NumberPart = "number-part";

    private static int numbers;

    /// <summary>Parameters by code; null when there is no such resource type.</summary>
    public static FrozenDictionary<string, SearchParameter>? Of(string resourceType)
    {
        if (ByType.TryGetValue(resourceType, out var known)) return known;
        return FirelyModel.ResourceTypes.Contains(resourceType) ? ByType.GetOrAdd(resourceType, Make) : null;
    }

    /// <summary>Null when the type or the parameter is not known.</summary>
    public static SearchParameter? Find(string resourceType, string code) => Of(resourceType)?.GetValueOrDefault(code);

    /// <summary>The same for a type and code known to exist.</summary>
    public static SearchParameter Get(string resourceType, string code) =>
        Find(resourceType, code) ?? throw new ArgumentException($"FHIR R4 has no search parameter {resourceType}.{code}.", nameof(code));

    private static FrozenDictionary<string, SearchParameter> Make(string type)
    {
        var definitions = Definitions.Value[type].Where(d => d.Expression is not null && d.Code is not null).ToList();
        var made = new Dictionary<string, SearchParameter>(StringComparer.Ordinal);
        foreach (var common in Common(type)) made[common.Code] = common;
        foreach (var definition in definitions.Where(d => d.Type is not SearchParamType.Composite))
            made.TryAdd(definition.Code!, Plain(type, definition));

        // R4 has no parameter for the window in which a task is to be done, and a work list asks for nothing else; it begins with what waited longest.
        if (type is "Task")
        {
            made["window"] = new() { ResourceType = type, Code = "window", Type = SearchParameterType.Date, Number = Next(), Path = "Task.restriction.period" };
            made["window-end"] = new() { ResourceType = type, Code = "window-end", Type = SearchParameterType.Date, Number = Next(), Path = "Task.restriction.period.end" };
        }

        // A counter knows a piece of a number: the last four digits, a birth date within it. R4 finds identifiers and telephones only whole.
        if (type is "Patient")
            made[NumberPart] = new() { ResourceType = type, Code = NumberPart, Type = SearchParameterType.String, Number = Next(), Path = "Patient.identifier | Patient.telecom" };

        var byUrl = made.Values.Where(p => p.Url is not null).ToDictionary(p => p.Url!, StringComparer.Ordinal);
        foreach (var definition in definitions.Where(d => d.Type is SearchParamType.Composite))
            if (Parts(definition, byUrl) is { } parts) made.TryAdd(definition.Code!, Plain(type, definition) with { Parts = parts });
        return made.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static IEnumerable<SearchParameter> Common(string type) =>
    [
        new() { ResourceType = type, Code = "_id", Type = SearchParameterType.Token, Number = Next() },
        new() { ResourceType = type, Code = "_lastUpdated", Type = SearchParameterType.Date, Number = Next() },
        new() { ResourceType = type, Code = "_tag", Type = SearchParameterType.Token, Number = Next(), Path = $"{type}.meta.tag" },
        new() { ResourceType = type, Code = "_security", Type = SearchParameterType.Token, Number = Next(), Path = $"{type}.meta.security" },
        new() { ResourceType = type, Code = "_profile", Type = SearchParameterType.Uri, Number = Next(), Path = $"{type}.meta.profile" },
        new() { ResourceType = type, Code = "_source", Type = SearchParameterType.Uri, Number = Next(), Path = $"{type}.meta.source" },
    ];

    private static SearchParameter Plain(string type, SearchParamDefinition definition) => new()
    {
        ResourceType = type,
        Code = definition.Code!,
        Type = Enum.Parse<SearchParameterType>(definition.Type.ToString()),
        Number = Next(),
        Url = definition.Url,
        Path = Cut(type, definition.Expression!),
        Targets = [.. (definition.Target ?? []).Select(t => t.ToString()).Where(FirelyModel.ResourceTypes.Contains)],
    };

    private static List<CompositePart>? Parts(SearchParamDefinition definition, Dictionary<string, SearchParameter> byUrl)
    {
        var parts = new List<CompositePart>();
        foreach (var component in definition.Component ?? [])
        {
            if (component.Definition is null || !byUrl.TryGetValue(component.Definition, out var parameter)) return null;
            parts.Add(new(parameter, Normalise(component.Expression ?? "")));
        }

        return parts.Count > 0 ? parts : null;
    }

    /// <summary>Alternatives about other types fall away; a relative path (<c>InsurancePlan: name | alias</c>) speaks of this type.</summary>
    private static string Cut(string type, string expression)
    {
        var kept = Normalise(expression).Split('|', StringSplitOptions.TrimEntries).Where(part =>
            part == type || part.StartsWith(type + ".", StringComparison.Ordinal) || !char.IsAsciiLetterUpper(part[0]));
        return string.Join(" | ", kept);
    }

    private static string Normalise(string expression)
    {
        var plain = AsOperator.Replace(expression, "$1.ofType($2)");
        plain = AsFunction.Replace(plain, ".ofType($1)");
        return plain.Replace("ofType(DateTime)", "ofType(dateTime)", StringComparison.Ordinal);
    }

    private static int Next() => Interlocked.Increment(ref numbers) - 1;

    [GeneratedRegex(@"\(([\w.]+) as (\w+)\)")]
    private static partial Regex AsOperator { get; }

    [GeneratedRegex(@"\.as\((\w+)\)")]
    private static partial Regex AsFunction { get; }
}
