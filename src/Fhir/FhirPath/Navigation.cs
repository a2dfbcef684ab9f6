using System.Text.Json;
using Tongxin.Fhir.Model;

namespace Tongxin.Fhir.FhirPath;

/// <summary>From an element to its children, with their types (FHIR R4 §2.1.0.4: choices by bare name, primitives with their sibling).</summary>
internal static class Navigation
{
    public static PathValue Root(JsonElement json, IFhirModel model)
    {
        var type = json.ValueKind is JsonValueKind.Object && json.TryGetProperty("resourceType", out var name) ? name.GetString() : null;
        return json.ValueKind is JsonValueKind.Object ? new(type, json, null) : Typed(null, json, default, model);
    }

    public static void Children(PathValue parent, string name, IFhirModel model, List<PathValue> into)
    {
        if (parent.Json.ValueKind is not JsonValueKind.Object)
        {
            if (parent.Extra.ValueKind is JsonValueKind.Object && parent.Extra.TryGetProperty(name, out var part))
                Add(part, default, name is "extension" ? "Extension" : "string", model, into);
            if (name is "value" && parent.Value is PathQuantity quantity) into.Add(new("Decimal", default, quantity.Value));
            return;
        }

        var type = parent.Type is null ? null : model.Type(parent.Type);
        if (type is not null && type.Elements.TryGetValue(name, out var element))
        {
            if (element.IsChoice) Choice(parent.Json, type, name, model, into);
            else Member(parent.Json, name, element.Types is [var only] ? only : null, model, into);
        }
        else if (type is null || name is "resourceType")
        {
            if (!Untyped(parent.Json, name, model, into) && type is null) UntypedChoice(parent.Json, name, model, into);
        }
    }

    /// <summary>False when the model knows the type and the type has no such element.</summary>
    public static bool Has(PathValue parent, string name, IFhirModel model) =>
        parent.Type is null || model.Type(parent.Type) is not { } type || type.Kind is TypeKind.Primitive || type.Elements.ContainsKey(name) || name is "resourceType";

    public static void AllChildren(PathValue parent, IFhirModel model, List<PathValue> into)
    {
        if (parent.Json.ValueKind is JsonValueKind.Object)
        {
            var type = parent.Type is null ? null : model.Type(parent.Type);
            foreach (var member in parent.Json.EnumerateObject())
            {
                if (member.Name is "resourceType") continue;
                var name = member.Name.StartsWith('_') && !parent.Json.TryGetProperty(member.Name[1..], out _) ? member.Name[1..] : member.Name;
                if (name.StartsWith('_')) continue;
                var childType = type is null ? null
                    : type.Elements.TryGetValue(name, out var element) ? element.Types is [var only] ? only : null
                    : type.Choices.TryGetValue(name, out var choice) ? choice.Type : null;
                Member(parent.Json, name, childType, model, into);
            }
        }
        else if (parent.Extra.ValueKind is JsonValueKind.Object)
        {
            foreach (var member in parent.Extra.EnumerateObject()) Add(member.Value, default, member.Name is "extension" ? "Extension" : "string", model, into);
        }
    }

    private static void Choice(JsonElement json, TypeModel type, string name, IFhirModel model, List<PathValue> into)
    {
        foreach (var member in json.EnumerateObject())
        {
            var bare = member.Name.StartsWith('_') ? member.Name[1..] : member.Name;
            if (!bare.StartsWith(name, StringComparison.Ordinal) || !type.Choices.TryGetValue(bare, out var choice) || choice.Element.Name != name) continue;
            if (bare.Length < member.Name.Length && json.TryGetProperty(bare, out _)) continue;
            Member(json, bare, choice.Type, model, into);
            return;
        }
    }

    private static bool Untyped(JsonElement json, string name, IFhirModel model, List<PathValue> into)
    {
        var before = into.Count;
        Member(json, name, null, model, into);
        return into.Count > before;
    }

    private static void UntypedChoice(JsonElement json, string name, IFhirModel model, List<PathValue> into)
    {
        foreach (var member in json.EnumerateObject())
        {
            if (member.Name.Length <= name.Length || !member.Name.StartsWith(name, StringComparison.Ordinal) || !char.IsAsciiLetterUpper(member.Name[name.Length])) continue;
            var suffix = member.Name[name.Length..];
            var primitive = char.ToLowerInvariant(suffix[0]) + suffix[1..];
            var type = model.Type(primitive) is { Kind: TypeKind.Primitive } ? primitive : model.Type(suffix)?.Name;
            if (type is null) continue;
            Member(json, member.Name, type, model, into);
            return;
        }
    }

    private static void Member(JsonElement json, string name, string? type, IFhirModel model, List<PathValue> into)
    {
        var has = json.TryGetProperty(name, out var value);
        var extra = default(JsonElement);
        if (!has || value.ValueKind is not JsonValueKind.Object and not JsonValueKind.Array || IsArrayOfPrimitives(value)) json.TryGetProperty("_" + name, out extra);
        if (has || extra.ValueKind is not JsonValueKind.Undefined) Add(value, extra, type, model, into);
    }

    private static bool IsArrayOfPrimitives(JsonElement value) =>
        value.ValueKind is JsonValueKind.Array && value.GetArrayLength() > 0 && value[0].ValueKind is not JsonValueKind.Object;

    private static void Add(JsonElement value, JsonElement extra, string? type, IFhirModel model, List<PathValue> into)
    {
        if (value.ValueKind is not JsonValueKind.Array && extra.ValueKind is not JsonValueKind.Array)
        {
            into.Add(Typed(type, value, extra, model));
            return;
        }

        var length = Math.Max(Length(value), Length(extra));
        for (var i = 0; i < length; i++)
        {
            var item = i < Length(value) ? value[i] : default;
            var beside = i < Length(extra) ? extra[i] : default;
            if (beside.ValueKind is JsonValueKind.Null) beside = default;
            if (item.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined && beside.ValueKind is JsonValueKind.Undefined) continue;
            into.Add(Typed(type, item, beside, model));
        }
    }

    private static int Length(JsonElement element) => element.ValueKind is JsonValueKind.Array ? element.GetArrayLength() : 0;

    /// <summary>An element with its type and, for a primitive, its value.</summary>
    public static PathValue Typed(string? type, JsonElement json, JsonElement extra, IFhirModel model)
    {
        if (json.ValueKind is JsonValueKind.Object)
        {
            if (json.TryGetProperty("resourceType", out var resource) && (type is null or "Resource" || model.Type(type)?.Kind is TypeKind.Resource)) type = resource.GetString();
            return new(type, json, null, extra);
        }

        return new(type, json, Primitive(type, json), extra);
    }

    private static object? Primitive(string? type, JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => Text(type, json.GetString()!),
        JsonValueKind.Number when type is "integer" or "positiveInt" or "unsignedInt" or null && json.TryGetInt64(out var whole) => whole,
        JsonValueKind.Number => json.TryGetDecimal(out var number) ? number : null,
        _ => null,
    };

    private static object? Text(string? type, string text) => type switch
    {
        "date" => (object?)PathTime.Parse(PathTimeKind.Date, text) ?? text,
        "dateTime" or "instant" => (object?)PathTime.Parse(PathTimeKind.DateTime, text) ?? text,
        "time" => (object?)PathTime.Parse(PathTimeKind.Time, text) ?? text,
        _ => text,
    };
}
