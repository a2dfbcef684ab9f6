using System.Text.Json;
using Tongxin.Fhir;

namespace Tongxin.Kernel.Terminology;

/// <summary>Reads the concepts of a CodeSystem resource, nested or flat, into a table.</summary>
internal static class CodeSystemReader
{
    private const int MostConcepts = 1_000_000;

    /// <summary>Null when it has no canonical or no concepts (content = not-present). Throws 422 when a code stands twice.</summary>
    public static ConceptTable? Read(JsonElement resource, Pinyin pinyin)
    {
        if (!resource.TryGetProperty("url", out var url) || !resource.TryGetProperty("concept", out var top)) return null;
        var concepts = new List<Concept>();
        var byCode = new Dictionary<string, int>(StringComparer.Ordinal);
        Add(top, -1, concepts, byCode, url.GetString()!);
        return new(url.GetString()!, Text(resource, "version"), Text(resource, "title") ?? Text(resource, "name") ?? url.GetString()!, concepts, pinyin);
    }

    private static void Add(JsonElement list, int parent, List<Concept> concepts, Dictionary<string, int> byCode, string url)
    {
        foreach (var item in list.EnumerateArray())
        {
            if (concepts.Count >= MostConcepts)
                throw RefusedException.Because(422, "too-costly", $"A code system has at most {MostConcepts} concepts.", "CodeSystem.concept");
            var code = item.GetProperty("code").GetString()!;
            if (!byCode.TryAdd(code, concepts.Count))
                throw RefusedException.Because(422, "duplicate", $"Code '{code}' stands twice in {url}.", "CodeSystem.concept");
            concepts.Add(new(code, Text(item, "display") ?? code, English(item), parent >= 0 ? parent : ByProperty(item, byCode)));
            if (item.TryGetProperty("concept", out var narrower)) Add(narrower, concepts.Count - 1, concepts, byCode, url);
        }
    }

    // Flat systems name the broader code as a property "parent" (http://hl7.org/fhir/concept-properties#parent).
    private static int ByProperty(JsonElement item, Dictionary<string, int> before)
    {
        if (!item.TryGetProperty("property", out var properties)) return -1;
        foreach (var property in properties.EnumerateArray())
            if (Text(property, "code") is "parent" && Text(property, "valueCode") is { } parent) return before.GetValueOrDefault(parent, -1);
        return -1;
    }

    private static string? English(JsonElement item)
    {
        if (!item.TryGetProperty("designation", out var designations)) return null;
        foreach (var designation in designations.EnumerateArray())
            if (Text(designation, "language") is "en") return Text(designation, "value");
        return null;
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;
}
