using System.Text.Json;

namespace Tongxin.Fhir.Validation;

/// <summary>The contained resources of one resource, and who mentions them (dom-2 to dom-5, ref-1).</summary>
internal sealed class ContainedResources
{
    private readonly HashSet<string> ids = new(StringComparer.Ordinal);
    private readonly HashSet<string> mentioned = new(StringComparer.Ordinal);

    /// <summary>Null when the resource contains none.</summary>
    public static ContainedResources? In(JsonElement resource)
    {
        if (!resource.TryGetProperty("contained"u8, out var list) || list.ValueKind is not JsonValueKind.Array) return null;
        var found = new ContainedResources();
        foreach (var item in list.EnumerateArray())
            if (Id(item) is { } id) found.ids.Add("#" + id);
        return found;
    }

    public bool Has(string reference) => ids.Contains(reference);

    public void Mention(string reference) => mentioned.Add(reference);

    public void Mention(JsonElement uri)
    {
        if (uri.GetString() is ['#', ..] text) mentioned.Add(text);
    }

    public void Check(JsonElement resource, ValidationWalk walk)
    {
        if (!resource.TryGetProperty("contained"u8, out var list) || list.ValueKind is not JsonValueKind.Array) return;
        var at = 0;
        foreach (var item in list.EnumerateArray())
        {
            var below = $"contained[{at++}]";
            if (item.ValueKind is not JsonValueKind.Object) continue;
            if (item.TryGetProperty("contained"u8, out _)) walk.Error("invariant", "A contained resource contains no others (dom-2).", below);
            if (Id(item) is not { } id) walk.Error("invariant", "A contained resource has an id by which it is referred to.", below);
            // What points back to its container ('#') need not be pointed to.
            else if (!mentioned.Contains("#" + id) && !mentioned.Contains("#"))
                walk.Error("invariant", $"Nothing refers to the contained resource '{Quote.Short(id)}' (dom-3).", below);
            if (!item.TryGetProperty("meta"u8, out var meta) || meta.ValueKind is not JsonValueKind.Object) continue;
            if (meta.TryGetProperty("versionId"u8, out _) || meta.TryGetProperty("lastUpdated"u8, out _))
                walk.Error("invariant", "A contained resource has no version of its own (dom-4).", below + ".meta");
            if (meta.TryGetProperty("security"u8, out _)) walk.Error("invariant", "A contained resource has no security labels of its own (dom-5).", below + ".meta");
        }
    }

    private static string? Id(JsonElement item) =>
        item.ValueKind is JsonValueKind.Object && item.TryGetProperty("id"u8, out var id) && id.ValueKind is JsonValueKind.String ? id.GetString() : null;
}
