using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir.FhirPath;
using Tongxin.Fhir.Model;

namespace Tongxin.Web.Fhir;

/// <summary>Values of a FHIRPath Patch: a <c>value[x]</c>, or parts that make an element without a type of its own (Patient.contact).</summary>
internal static class PatchedValue
{
    private const int Deepest = 16;

    /// <summary>JSON name of an element of a type, with the suffix of the value where it is a choice, and whether it is a list.</summary>
    public static (string Key, bool IsList) Place(string name, string? holder, string? valueName, IFhirModel model)
    {
        var type = holder is null ? null : model.Type(holder);
        if (type is null) throw PathPatch.Cannot($"{holder ?? "A value"} has no elements.");
        if (type.Choices.TryGetValue(name, out var chosen)) return (name, chosen.Element.IsList);
        if (!type.Elements.TryGetValue(name, out var element)) throw PathPatch.Cannot($"{holder} has no element '{name}'.");
        if (!element.IsChoice) return (name, element.IsList);
        return (name + (valueName?["value".Length..] ?? throw PathPatch.Cannot($"{holder}.{name} needs a value[x] that says its type.")), element.IsList);
    }

    public static JsonNode? Of(JsonElement part, string? holder, string name, IFhirModel model, int depth = 0)
    {
        if (part.ValueKind is not JsonValueKind.Object) throw PathPatch.Wrong("The operation needs the part 'value'.", "");
        foreach (var property in part.EnumerateObject())
            if (property.Name.StartsWith("value", StringComparison.Ordinal) || property.Name is "resource") return JsonNode.Parse(property.Value.GetRawText());
        if (!part.TryGetProperty("part", out var parts) || parts.ValueKind is not JsonValueKind.Array || depth > Deepest)
            throw PathPatch.Wrong("A value is a value[x] or has parts.", "");
        var made = new JsonObject();
        var type = Element(holder, name, model);
        foreach (var inner in parts.EnumerateArray())
        {
            var innerName = inner.TryGetProperty("name", out var n) && n.ValueKind is JsonValueKind.String ? n.GetString()! : throw PathPatch.Wrong("A part has a name.", "");
            var valueName = inner.EnumerateObject().Select(p => p.Name).FirstOrDefault(p => p.StartsWith("value", StringComparison.Ordinal));
            var (key, isList) = Place(innerName, type, valueName, model);
            var value = Of(inner, type, innerName, model, depth + 1);
            if (isList) (made[key] as JsonArray ?? (JsonArray)(made[key] = new JsonArray())!).Add(value);
            else if (!made.TryAdd(key, value)) throw PathPatch.Cannot($"{type}.{innerName} stands once.");
        }

        return made;
    }

    /// <summary>Type of one element of a type; null when it is not known or has several.</summary>
    public static string? Element(string? holder, string name, IFhirModel model)
    {
        var type = holder is null ? null : model.Type(holder);
        if (type is null) return null;
        if (type.Choices.TryGetValue(name, out var chosen)) return chosen.Type;
        if (!type.Elements.TryGetValue(name, out var element) || element.Types is not [var only, ..]) return null;
        return only is "BackboneElement" or "Element" && model.Type($"{holder}.{name}") is { } backbone ? backbone.Name : only;
    }
}

/// <summary>Where an element that a path found stands in its document.</summary>
/// <param name="Steps">Names and indices from the root.</param>
/// <param name="Holder">Type of the element that it is part of; null where unknown.</param>
internal sealed record Located(object[] Steps, string? Type, string? Holder)
{
    public string Name => Steps is [.., string name, int] ? name : (string)Steps[^1];

    /// <summary>Throws 422 for a value that was computed and stands nowhere.</summary>
    public static Located Of(JsonDocument document, PathValue value, IFhirModel model)
    {
        var steps = new List<object>();
        if (value.Json.ValueKind is JsonValueKind.Undefined || !Descend(document.RootElement, Start(value.Json), steps))
            throw PathPatch.Cannot("The path computes a value; it must find an element that stands in the resource.");
        var holder = document.RootElement.GetProperty("resourceType").GetString();
        var names = steps.OfType<string>().ToList();
        foreach (var name in names.SkipLast(1)) holder = PatchedValue.Element(holder, name, model);
        return new([.. steps], value.Type, names.Count is 0 ? null : holder);

        bool Descend(JsonElement at, long target, List<object> path)
        {
            if (Start(at) == target) return true;
            switch (at.ValueKind)
            {
                case JsonValueKind.Object:
                    foreach (var property in at.EnumerateObject())
                        if (Contains(property.Value, target)) return Deeper(property.Name, property.Value);
                    break;
                case JsonValueKind.Array:
                    foreach (var (index, item) in at.EnumerateArray().Index())
                        if (Contains(item, target)) return Deeper(index, item);
                    break;
            }

            return false;

            bool Deeper(object step, JsonElement inner)
            {
                path.Add(step);
                return Descend(inner, target, path);
            }
        }

        bool Contains(JsonElement element, long target)
        {
            var start = Start(element);
            return target >= start && target < start + JsonMarshal.GetRawUtf8Value(element).Length;
        }

        // An element has no identity of its own; the place of its bytes within the document's is one.
        long Start(JsonElement element) => Unsafe.ByteOffset(
            ref MemoryMarshal.GetReference(JsonMarshal.GetRawUtf8Value(document.RootElement)), ref MemoryMarshal.GetReference(JsonMarshal.GetRawUtf8Value(element)));
    }
}
