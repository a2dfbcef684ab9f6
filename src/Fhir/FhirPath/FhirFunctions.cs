using System.Text.Json;

namespace Tongxin.Fhir.FhirPath;

/// <summary>What FHIR adds to the language (FHIR R4 §2.9.1.4).</summary>
internal static class FhirFunctions
{
    public static IReadOnlyDictionary<string, Functions.Entry> All { get; } = new Dictionary<string, Functions.Entry>(StringComparer.Ordinal)
    {
        ["extension"] = new(1, 1, Extension),
        ["hasValue"] = new(0, 0, (_, _, f) => Items.Of(f is [{ Value: not null, Json.ValueKind: not (JsonValueKind.Object or JsonValueKind.Array) }])),
        ["getValue"] = new(0, 0, (_, _, f) => f is [{ Value: { } value, Json.ValueKind: not JsonValueKind.Undefined } item]
            ? [new(System(value) ?? item.Type, default, value)] : Items.None),
        ["resolve"] = new(0, 0, Resolve),
        ["elementDefinition"] = new(0, 0, (_, _, _) => Items.None),
        ["conformsTo"] = new(1, 1, ConformsTo),
        ["memberOf"] = new(1, 1, MemberOf),
        ["htmlChecks"] = new(0, 0, (_, _, f) => Items.Of(f.TrueForAll(i => i.Value is string html && !html.Contains("<script", StringComparison.OrdinalIgnoreCase)))),
        ["comparable"] = new(1, 1, (c, s, f) => Items.Single(f) is { } a && Items.Single(c.Argument(0, s)) is { } b && Items.Quantity(a) is { } p && Items.Quantity(b) is { } q
            ? Items.Of(Units.Canonical(p) is { } x && Units.Canonical(q) is { } y && x.Dimension == y.Dimension) : Items.None),
        ["getResourceKey"] = new(0, 0, (_, _, f) => f is [{ Json: { ValueKind: JsonValueKind.Object } json }] && json.TryGetProperty("id", out var id)
            ? Items.Of(id.GetString()) : Items.None),
        ["getReferenceKey"] = new(0, 1, ReferenceKey),
    };

    private static List<PathValue> Extension(Call call, Scope scope, List<PathValue> focus)
    {
        var url = call.Text(0, scope);
        var found = new List<PathValue>();
        foreach (var item in focus) Navigation.Children(item, "extension", scope.Context.Model, found);
        return found.FindAll(e => e.Json.TryGetProperty("url", out var its) && its.GetString() == url);
    }

    // A contained resource, an entry of the bundle that is evaluated, then whatever the caller can find.
    private static List<PathValue> Resolve(Call call, Scope scope, List<PathValue> focus)
    {
        var found = new List<PathValue>();
        foreach (var item in focus)
        {
            var reference = item.Value as string ?? (item.Json.ValueKind is JsonValueKind.Object && item.Json.TryGetProperty("reference", out var text) ? text.GetString() : null);
            if (reference is null) continue;
            scope.Step();
            if (reference.StartsWith('#') && Contained(scope, reference[1..]) is { } contained) found.Add(Navigation.Root(contained, scope.Context.Model));
            else if (scope.Context.Resolve?.Invoke(reference) is { } resource) found.Add(Navigation.Root(resource, scope.Context.Model));
            else if (scope.Context.Resolve is null && Kind(reference) is { } type) found.Add(new(type, default, null));
        }

        return found;
    }

    private static JsonElement? Contained(Scope scope, string id)
    {
        var root = scope.Context.Resource ?? (scope.Root is [{ Json: var focus }] ? focus : default);
        if (root.ValueKind is not JsonValueKind.Object || !root.TryGetProperty("contained", out var list)) return null;
        foreach (var resource in list.EnumerateArray())
            if (resource.TryGetProperty("id", out var its) && its.GetString() == id) return resource;
        return null;
    }

    // Without anything to look in, a reference still tells what it points to: enough for resolve() is Patient.
    private static string? Kind(string reference)
    {
        var parts = reference.Split('/');
        for (var i = parts.Length - 2; i >= 0; i--)
            if (parts[i].Length > 0 && char.IsAsciiLetterUpper(parts[i][0]) && parts[i] is not "_history") return parts[i];
        return null;
    }

    private static List<PathValue> ReferenceKey(Call call, Scope scope, List<PathValue> focus)
    {
        if (focus is not [{ Json: { ValueKind: JsonValueKind.Object } json }] || !json.TryGetProperty("reference", out var text)) return Items.None;
        var parts = text.GetString()!.Split('/');
        if (parts.Length < 2) return Items.None;
        var history = Array.IndexOf(parts, "_history");
        var at = history > 1 ? history - 1 : parts.Length - 1;
        return call.Count is 0 || parts[at - 1] == Types.Specifier(call[0]) ? Items.Of(parts[at]) : Items.None;
    }

    private static List<PathValue> ConformsTo(Call call, Scope scope, List<PathValue> focus)
    {
        var url = call.Text(0, scope) ?? throw call.Wrong("the profile has no name.");
        const string core = "http://hl7.org/fhir/StructureDefinition/";
        if (!url.StartsWith(core, StringComparison.Ordinal) || scope.Context.Model.Type(url[core.Length..]) is null) throw call.Wrong($"the profile {url} is not known.");
        return Items.Single(focus) is { } item ? Items.Of(Types.Is(item, url[core.Length..], scope.Context.Model)) : Items.None;
    }

    private static List<PathValue> MemberOf(Call call, Scope scope, List<PathValue> focus)
    {
        if (Items.Single(focus) is not { } item || call.Text(0, scope) is not { } set || scope.Context.MemberOf is not { } ask) return Items.None;
        if (item.Value is string code) return Items.Of(ask(set, null, code));
        if (item.Json.ValueKind is not JsonValueKind.Object) return Items.None;
        var codings = item.Json.TryGetProperty("coding", out var list) ? list.EnumerateArray().ToList() : [item.Json];
        bool? answer = null;
        foreach (var coding in codings)
        {
            var system = coding.TryGetProperty("system", out var its) ? its.GetString() : null;
            if (coding.TryGetProperty("code", out var c) && ask(set, system, c.GetString()!) is { } known) answer = answer is true || known;
        }

        return Items.Of(answer);
    }

    private static string? System(object value) => value switch
    {
        bool => "Boolean",
        string => "String",
        long => "Integer",
        decimal => "Decimal",
        PathTime time => time.Kind.ToString(),
        _ => null,
    };
}
