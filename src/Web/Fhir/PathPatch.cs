using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Fhir.FhirPath;
using Tongxin.Fhir.Model;
using Tongxin.Kernel.Records;

namespace Tongxin.Web.Fhir;

/// <summary>FHIRPath Patch (FHIR R4, fhirpatch.html): operations in a Parameters resource, each on the element that its path finds.</summary>
/// <remarks>All in order or a refusal that names the one that cannot be done. What comes out is validated by whoever stores it.</remarks>
internal static class PathPatch
{
    public const int MostOperations = 200;
    private const int MostSteps = 100_000;

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Throws <see cref="RefusedException"/> 400 for what is no patch, 422 for what cannot be done here.</summary>
    public static byte[] Apply(ReadOnlyMemory<byte> resource, ReadOnlyMemory<byte> parameters, IFhirModel model, TimeProvider clock)
    {
        using var patch = BodyReader.Read(parameters);
        if (patch.Body.Type is not "Parameters") throw Wrong("A FHIRPath Patch is a Parameters resource.", "Parameters");
        var operations = patch.Root.TryGetProperty("parameter"u8, out var list) && list.ValueKind is JsonValueKind.Array ? list.EnumerateArray().ToList() : [];
        if (operations.Count > MostOperations) throw Wrong($"A FHIRPath Patch has at most {MostOperations} operations.", "Parameters.parameter");
        var body = resource.ToArray();
        for (var i = 0; i < operations.Count; i++)
        {
            try
            {
                body = Do(body, PathOperation.Read(operations[i]), model, clock);
            }
            catch (RefusedException refused)
            {
                throw new RefusedException(refused.Status, refused.Issues[0] with { Expression = $"Parameters.parameter[{i}]" });
            }
        }

        return body;
    }

    private static byte[] Do(byte[] body, PathOperation operation, IFhirModel model, TimeProvider clock)
    {
        using var document = JsonDocument.Parse(body);
        var found = Find(document, operation.Path, model, clock);
        var root = JsonNode.Parse(body)!.AsObject();
        switch (operation.Type)
        {
            case "add":
                Add(At(root, One(found, operation).Steps) as JsonObject ?? throw Cannot($"{operation.Path} has no elements of its own."), found[0].Type, operation, model);
                break;
            case "insert": Insert(root, found, operation, model); break;
            case "move": Move(root, found, operation); break;
            case "replace": Replace(root, One(found, operation), operation, model); break;
            case "delete" when found.Count is 0: break;
            case "delete": Delete(root, One(found, operation)); break;
            default: throw Wrong($"'{operation.Type}' is no operation of FHIRPath Patch (add, insert, delete, replace, move).", "");
        }

        return Encoding.UTF8.GetBytes(root.ToJsonString(Relaxed));
    }

    private static void Add(JsonObject holder, string? type, PathOperation operation, IFhirModel model)
    {
        var name = operation.Name ?? throw Wrong("add needs the part 'name'.", "");
        var (key, isList) = PatchedValue.Place(name, type, operation.ValueName, model);
        var value = PatchedValue.Of(operation.Value, type, name, model);
        if (!isList)
        {
            if (holder.ContainsKey(key)) throw Cannot($"{operation.Path}.{name} is there already and stands once; replace it.");
            holder[key] = value;
            return;
        }

        if (holder[key] is not JsonArray items) holder[key] = items = [];
        items.Add(value);
        if (holder["_" + key] is JsonArray extras) extras.Add(null);
    }

    private static void Insert(JsonObject root, IReadOnlyList<Located> found, PathOperation operation, IFhirModel model)
    {
        var (list, extras, place) = List(root, found, operation);
        var index = operation.Index ?? throw Wrong("insert needs the part 'index'.", "");
        if (index < 0 || index > list.Count) throw Cannot($"{operation.Path} has {list.Count} items; there is no place {index}.");
        list.Insert(index, PatchedValue.Of(operation.Value, found[0].Holder, place, model));
        extras?.Insert(Math.Min(index, extras.Count), null);
    }

    private static void Move(JsonObject root, IReadOnlyList<Located> found, PathOperation operation)
    {
        var (list, extras, _) = List(root, found, operation);
        var (from, to) = (operation.Source ?? throw Wrong("move needs the part 'source'.", ""), operation.Destination ?? throw Wrong("move needs the part 'destination'.", ""));
        if (from < 0 || to < 0 || from >= list.Count || to >= list.Count) throw Cannot($"{operation.Path} has {list.Count} items; {from} cannot be moved to {to}.");
        foreach (var items in new[] { list, extras }.OfType<JsonArray>().Where(a => a.Count > Math.Max(from, to)))
        {
            var moved = items[from];
            items.RemoveAt(from);
            items.Insert(to, moved);
        }
    }

    private static void Replace(JsonObject root, Located one, PathOperation operation, IFhirModel model)
    {
        if (one.Steps is []) throw Cannot("The whole resource is replaced by PUT, not by a patch.");
        var value = PatchedValue.Of(operation.Value, one.Holder, one.Name, model);
        switch (At(root, one.Steps[..^1]))
        {
            case JsonArray list: list[(int)one.Steps[^1]] = value; break;
            case JsonObject holder:
                var (key, _) = PatchedValue.Place(one.Name, one.Holder, operation.ValueName, model);
                if (key != (string)one.Steps[^1]) holder.Remove((string)one.Steps[^1]);
                holder[key] = value;
                break;
        }
    }

    private static void Delete(JsonObject root, Located one)
    {
        if (one.Steps is []) throw Cannot("The whole resource is deleted by DELETE, not by a patch.");
        Drop(root, one.Steps);
    }

    // What is left empty goes too: FHIR has no empty elements.
    private static void Drop(JsonObject root, object[] steps)
    {
        if (steps is []) return;
        var holder = At(root, steps[..^1]);
        if (holder is JsonObject element)
        {
            element.Remove((string)steps[^1]);
            element.Remove("_" + steps[^1]);
        }
        else if (holder is JsonArray list)
        {
            list.RemoveAt((int)steps[^1]);
            var extras = ((JsonObject)At(root, steps[..^2])!)["_" + steps[^2]] as JsonArray;
            if (extras?.Count > (int)steps[^1]) extras.RemoveAt((int)steps[^1]);
        }

        if (holder is JsonObject { Count: 0 } or JsonArray { Count: 0 }) Drop(root, steps[..^1]);
    }

    private static (JsonArray List, JsonArray? Extras, string Name) List(JsonObject root, IReadOnlyList<Located> found, PathOperation operation)
    {
        if (found.Count is 0) throw Cannot($"Nothing is at {operation.Path}.");
        if (found.Any(f => f.Steps is not [.., string, int] || !f.Steps.AsSpan(..^1).SequenceEqual(found[0].Steps.AsSpan(..^1))))
            throw Cannot($"{operation.Path} is not one list.");
        var (owner, name) = ((JsonObject)At(root, found[0].Steps[..^2])!, (string)found[0].Steps[^2]);
        return ((JsonArray)owner[name]!, owner["_" + name] as JsonArray, name);
    }

    private static Located One(IReadOnlyList<Located> found, PathOperation operation) => found switch
    {
        [var one] => one,
        [] => throw Cannot($"Nothing is at {operation.Path}."),
        _ => throw Cannot($"{operation.Path} finds {found.Count} elements; it must find one."),
    };

    private static List<Located> Find(JsonDocument document, string path, IFhirModel model, TimeProvider clock)
    {
        try
        {
            var context = new FhirPathContext { Model = model, Resource = document.RootElement, Clock = clock, MostSteps = MostSteps };
            return [.. FhirPathExpression.Compile(path).Evaluate(document.RootElement, context).Select(v => Located.Of(document, v, model))];
        }
        catch (FhirPathException wrong)
        {
            throw Wrong($"The path '{(path.Length > 80 ? path[..80] + "…" : path)}' cannot be evaluated: {wrong.Message}", "");
        }
    }

    private static JsonNode? At(JsonNode? root, IEnumerable<object> steps) => steps.Aggregate(root, (at, step) => step is int index ? at![index] : at![(string)step]);

    internal static RefusedException Wrong(string sentence, string place) => RefusedException.Because(400, "structure", sentence, place);

    internal static RefusedException Cannot(string sentence) => RefusedException.Because(422, "processing", sentence);
}

/// <summary>One operation as it was sent.</summary>
/// <param name="Value">The part named <c>value</c>; Undefined when there is none.</param>
internal sealed record PathOperation(string Type, string Path, string? Name, int? Index, int? Source, int? Destination, JsonElement Value)
{
    /// <summary>Property of the value (<c>valueDate</c>); null where it is built of parts.</summary>
    public string? ValueName => Value.ValueKind is JsonValueKind.Object
        ? Value.EnumerateObject().Select(p => p.Name).FirstOrDefault(n => n.StartsWith("value", StringComparison.Ordinal)) : null;

    public static PathOperation Read(JsonElement parameter)
    {
        if (parameter.ValueKind is not JsonValueKind.Object || Text(parameter, "name") is not "operation")
            throw PathPatch.Wrong("Every parameter of a FHIRPath Patch is named 'operation'.", "");
        var parts = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var part in parameter.TryGetProperty("part", out var list) ? list.EnumerateArray() : default)
            if (!parts.TryAdd(Text(part, "name") ?? "", part)) throw PathPatch.Wrong($"The part '{Text(part, "name")}' stands twice.", "");
        string? Code(string name) => parts.TryGetValue(name, out var part) ? Text(part, "valueCode") ?? Text(part, "valueString") : null;
        int? Whole(string name) => parts.TryGetValue(name, out var part) && part.TryGetProperty("valueInteger", out var v) && v.TryGetInt32(out var n) ? n : null;
        return new(
            Code("type") ?? throw PathPatch.Wrong("An operation has the part 'type'.", ""), Code("path") ?? throw PathPatch.Wrong("An operation has the part 'path'.", ""),
            Code("name"), Whole("index"), Whole("source"), Whole("destination"), parts.GetValueOrDefault("value"));
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var text) && text.ValueKind is JsonValueKind.String ? text.GetString() : null;
}
