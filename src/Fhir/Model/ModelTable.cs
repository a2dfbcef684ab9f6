using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir.Questionnaires;

namespace Tongxin.Fhir.Model;

/// <summary>FHIR's types as a small table that can be sent: what the browser knows of them. Read type by type when first asked for; thread-safe.</summary>
/// <remarks>Holds what paths need (elements, types, cardinality, choices), not bindings and reference targets: those are checked by the server.</remarks>
public sealed class ModelTable : IFhirModel
{
    private readonly JsonElement table;
    private readonly ConcurrentDictionary<string, TypeModel?> types = new(StringComparer.Ordinal);

    private ModelTable(JsonElement table) => this.table = table;

    /// <summary>The given types, and every type that can stand in one of them.</summary>
    public static JsonObject Write(IFhirModel model, IEnumerable<string> roots)
    {
        var made = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        var open = new Stack<string>(roots);
        while (open.TryPop(out var name))
        {
            if (made.ContainsKey(name) || model.Type(name) is not { } type) continue;
            var elements = new JsonObject();
            foreach (var element in type.Elements.Values)
            {
                elements[element.Name] = string.Create(CultureInfo.InvariantCulture,
                    $"{string.Join(' ', element.Types)}|{element.Min}|{(element.Max is int.MaxValue ? "*" : element.Max)}|{(element.IsChoice ? "x" : "")}");
                foreach (var below in element.Types) open.Push(below);
            }

            made[name] = new() { ["base"] = type.Base, ["kind"] = (int)type.Kind, ["elements"] = elements };
            if (type.Base is { } parent) open.Push(parent);
        }

        return new(made.Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value)));
    }

    public static ModelTable Read(JsonElement table) => new(table);

    public TypeModel? Type(string name) => types.GetOrAdd(name, static (n, t) => t.TryGetProperty(n, out var found) ? Read(n, found) : null, table);

    private static TypeModel Read(string name, JsonElement row)
    {
        var elements = new Dictionary<string, ElementModel>(StringComparer.Ordinal);
        var choices = new Dictionary<string, (ElementModel Element, string Type)>(StringComparer.Ordinal);
        foreach (var member in row.GetProperty("elements").EnumerateObject())
        {
            var parts = member.Value.GetString()!.Split('|');
            var element = new ElementModel(member.Name, parts[0].Split(' ', StringSplitOptions.RemoveEmptyEntries), Number(parts[1]), Number(parts[2]), parts[3] is "x", null, []);
            elements[element.Name] = element;
            if (!element.IsChoice) continue;
            foreach (var type in element.Types) choices[element.Name + char.ToUpperInvariant(type[0]) + type[1..]] = (element, type);
        }

        return new(name, row.Text("base"), (TypeKind)row.GetProperty("kind").GetInt32(), elements) { Choices = choices };
    }

    private static int Number(string text) => text is "*" ? int.MaxValue : int.Parse(text, CultureInfo.InvariantCulture);
}
