using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tongxin.Fhir.Questionnaires;

/// <summary>One form for a visit that serves several programmes: what the forms share is asked once.</summary>
/// <remarks>
/// Two items are the same question when they have the same linkId, in whatever group they stand; authors of programmes use the same linkIds for the same
/// things. Groups of the same linkId are merged, choices of the same question are united, everything else follows in the order of the forms. A question that
/// two forms ask with different types is asked as the first form asks it.
/// </remarks>
public static class FormComposition
{
    public const int MostForms = 6;

    /// <summary>The canonical of the composition names its parts, so that it can be made again from a stored response.</summary>
    public static string Url(IEnumerable<string> urls) => string.Join('+', urls.Select((u, i) => i is 0 ? u : u[(u.LastIndexOf('/') + 1)..]));

    public static JsonElement Compose(IReadOnlyList<JsonElement> questionnaires)
    {
        if (questionnaires.Count is 0 or > MostForms) throw RefusedException.Because(400, "value", $"一次随访可合并 1～{MostForms} 份表单。");
        if (questionnaires.Count is 1) return questionnaires[0];

        var whole = (JsonObject)JsonSerializer.SerializeToNode(questionnaires[0])!;
        foreach (var further in questionnaires.Skip(1))
        {
            var part = (JsonObject)JsonSerializer.SerializeToNode(further)!;
            MergeItems(whole, whole, part);
            MergeVariables(whole, part);
        }

        var extensions = whole["extension"] as JsonArray ?? [];
        whole["extension"] = extensions;
        foreach (var form in questionnaires)
            extensions.Add(new JsonObject { ["url"] = SdcUrls.ComposedOf, ["valueCanonical"] = $"{form.Text("url")}|{form.Text("version")}" });
        whole.Remove("id");
        whole["url"] = Url(questionnaires.Select(q => q.Text("url") ?? ""));
        whole["version"] = string.Join('+', questionnaires.Select(q => q.Text("version")));
        whole["title"] = string.Join("、", questionnaires.Select(q => q.Text("title")));
        return JsonSerializer.SerializeToElement(whole);
    }

    private static void MergeItems(JsonObject whole, JsonObject into, JsonObject from)
    {
        if (from["item"] is not JsonArray items) return;
        var target = into["item"] as JsonArray ?? [];
        into["item"] = target;
        // Items that close the first form (next date, signature) stay at its end: what is new goes before the first of those it shares after.
        var place = target.Count;
        foreach (var item in items.OfType<JsonObject>().Reverse().ToList())
        {
            if (Find(whole, (string?)item["linkId"]) is { } same)
            {
                if (target.IndexOf(same) is >= 0 and var at) place = at;
                Unite(whole, same, item);
                continue;
            }

            var added = (JsonObject)item.DeepClone();
            added.Remove("item");
            target.Insert(place, added);
            MergeItems(whole, added, item);
            // A group whose questions the other forms ask already is no group.
            if ((string?)item["type"] is "group" && added["item"] is JsonArray { Count: 0 }) target.Remove(added);
        }

        if (target.Count is 0 && into != whole && (string?)into["type"] is not "group") into.Remove("item");
    }

    private static void Unite(JsonObject whole, JsonObject same, JsonObject item)
    {
        MergeItems(whole, same, item);
        MergeChoices(same, item);
        if ((bool?)item["required"] is true) same["required"] = true;
        // Asked when one of the forms always asks it.
        if (item["enableWhen"] is null) same.Remove("enableWhen");
    }

    private static JsonObject? Find(JsonObject owner, string? linkId)
    {
        if (owner["item"] is not JsonArray items) return null;
        foreach (var item in items.OfType<JsonObject>())
        {
            if ((string?)item["linkId"] == linkId) return item;
            if (Find(item, linkId) is { } below) return below;
        }

        return null;
    }

    private static void MergeChoices(JsonObject into, JsonObject from)
    {
        if (into["answerOption"] is not JsonArray target || from["answerOption"] is not JsonArray options) return;
        foreach (var option in options.OfType<JsonObject>().ToList())
            if (!target.Any(t => (string?)t?["valueCoding"]?["code"] == (string?)option["valueCoding"]?["code"]
                && (string?)t?["valueCoding"]?["system"] == (string?)option["valueCoding"]?["system"]))
                target.Add(option.DeepClone());
    }

    private static void MergeVariables(JsonObject into, JsonObject from)
    {
        if (from["extension"] is not JsonArray extensions) return;
        var target = into["extension"] as JsonArray ?? [];
        into["extension"] = target;
        foreach (var extension in extensions.OfType<JsonObject>().ToList())
        {
            var name = (string?)extension["valueExpression"]?["name"];
            if (name is not null && target.Any(t => (string?)t?["valueExpression"]?["name"] == name)) continue;
            target.Add(extension.DeepClone());
        }
    }
}
