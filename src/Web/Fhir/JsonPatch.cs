using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;

namespace Tongxin.Web.Fhir;

/// <summary>JSON Patch (RFC 6902) on a resource: all operations in order, or a refusal that names the one that cannot be done.</summary>
internal static class JsonPatch
{
    public const int MostOperations = 1_000;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>Throws <see cref="RefusedException"/> 400 for what is no patch, 422 for what cannot be done here.</summary>
    public static byte[] Apply(ReadOnlyMemory<byte> resource, ReadOnlyMemory<byte> patch)
    {
        if (Parse(patch) is not JsonArray { Count: <= MostOperations } operations)
            throw RefusedException.Because(400, "structure", $"A JSON Patch is a list of at most {MostOperations} operations.");
        var root = JsonNode.Parse(resource.Span, documentOptions: Strict);
        for (var i = 0; i < operations.Count; i++)
        {
            try
            {
                root = Do(root, operations[i] as JsonObject ?? throw Wrong("An operation is an object."));
            }
            catch (RefusedException refused)
            {
                throw new RefusedException(refused.Status, refused.Issues[0] with { Expression = $"[{i}]" });
            }
        }

        if (root is not JsonObject) throw RefusedException.Because(422, "processing", "The patch leaves no resource.");
        return Encoding.UTF8.GetBytes(root.ToJsonString(Relaxed));
    }

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static JsonNode? Do(JsonNode? root, JsonObject operation) => Text(operation, "op") switch
    {
        "add" => Add(root, Pointer(operation, "path"), Value(operation)),
        "remove" => Remove(root, Pointer(operation, "path"), out _),
        "replace" => Replace(root, Pointer(operation, "path"), Value(operation)),
        "copy" => Add(root, Pointer(operation, "path"), Find(root, Pointer(operation, "from"))?.DeepClone()),
        "move" => Move(root, Pointer(operation, "from"), Pointer(operation, "path")),
        "test" => JsonNode.DeepEquals(Find(root, Pointer(operation, "path")), Value(operation))
            ? root : throw Cannot($"The value at '{Text(operation, "path")}' is not the one that the test expects."),
        var other => throw Wrong($"'{Shorten(other)}' is no operation of JSON Patch."),
    };

    private static JsonNode? Add(JsonNode? root, string[] path, JsonNode? value)
    {
        if (path.Length is 0) return value;
        switch (Find(root, path[..^1]))
        {
            case JsonObject holder:
                holder[path[^1]] = value;
                return root;
            case JsonArray list:
                var at = path[^1] is "-" ? list.Count : Position(path[^1]);
                if (at > list.Count) throw Cannot($"The list has {list.Count} items; there is no place {at}.");
                list.Insert(at, value);
                return root;
            default:
                throw NotThere(path);
        }
    }

    private static JsonNode? Remove(JsonNode? root, string[] path, out JsonNode? removed)
    {
        removed = Find(root, path);
        if (path.Length is 0) return null;
        switch (Find(root, path[..^1]))
        {
            case JsonObject holder: holder.Remove(path[^1]); break;
            case JsonArray list: list.RemoveAt(Position(path[^1])); break;
        }

        return root;
    }

    private static JsonNode? Replace(JsonNode? root, string[] path, JsonNode? value)
    {
        Find(root, path);
        if (path.Length is 0) return value;
        switch (Find(root, path[..^1]))
        {
            case JsonObject holder: holder[path[^1]] = value; break;
            case JsonArray list: list[Position(path[^1])] = value; break;
        }

        return root;
    }

    private static JsonNode? Move(JsonNode? root, string[] from, string[] to)
    {
        // RFC 6902 §4.4: a value cannot be moved into itself.
        if (to.Length > from.Length && to.AsSpan().StartsWith(from)) throw Cannot("A value cannot be moved into itself.");
        root = Remove(root, from, out var moved);
        return Add(root, to, moved);
    }

    private static JsonNode? Find(JsonNode? at, string[] path)
    {
        foreach (var step in path)
        {
            at = at switch
            {
                JsonObject holder => holder.TryGetPropertyValue(step, out var value) ? value : throw NotThere(path),
                JsonArray list => Position(step) < list.Count ? list[Position(step)] : throw NotThere(path),
                _ => throw NotThere(path),
            };
        }

        return at;
    }

    /// <summary>RFC 6901 §4: digits without a leading zero.</summary>
    private static int Position(string step) =>
        step is "0" || (step is [>= '1' and <= '9', ..] && step.Length < 7 && step.All(char.IsAsciiDigit))
            ? int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)
            : throw Wrong($"'{Shorten(step)}' is no place in a list.");

    private static string[] Pointer(JsonObject operation, string name)
    {
        var text = Text(operation, name);
        if (text.Length is 0) return [];
        if (text[0] is not '/') throw Wrong($"'{name}' is a JSON Pointer and begins with '/' (RFC 6901).");
        return [.. text[1..].Split('/').Select(step => step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
    }

    private static JsonNode? Value(JsonObject operation) =>
        operation.TryGetPropertyValue("value", out var value) ? value?.DeepClone() : throw Wrong("The operation has no value.");

    private static string Text(JsonObject operation, string name) =>
        operation[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : throw Wrong($"The operation has no '{name}'.");

    private static JsonNode? Parse(ReadOnlyMemory<byte> patch)
    {
        try
        {
            return JsonNode.Parse(patch.Span, documentOptions: Strict);
        }
        catch (JsonException wrong)
        {
            throw RefusedException.Because(400, "structure", $"The patch is not JSON: line {wrong.LineNumber + 1}, column {wrong.BytePositionInLine + 1}.");
        }
    }

    private static RefusedException Wrong(string sentence) => RefusedException.Because(400, "structure", sentence);

    private static RefusedException Cannot(string sentence) => RefusedException.Because(422, "processing", sentence);

    private static RefusedException NotThere(string[] path) => Cannot($"There is nothing at '{Shorten("/" + string.Join('/', path))}'.");

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
