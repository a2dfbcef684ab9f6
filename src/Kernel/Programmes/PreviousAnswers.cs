using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir.Questionnaires;

namespace Tongxin.Kernel.Programmes;

/// <summary>What a form sees as <c>%previous</c>: the last answers to each of its parts, although the parts may have been filled on different days. Pure.</summary>
/// <remarks>A question that two of them answered has the later answer only.</remarks>
internal static class PreviousAnswers
{
    public static JsonElement Of(PersonRecord record, IReadOnlyList<string> forms)
    {
        var standing = record.Of("QuestionnaireResponse").Where(r => r.Text("status") is "completed" or "amended")
            .Select(r => (Response: r, Forms: Visit.FormsOf(r.Text("questionnaire")))).ToList();
        // Newest first, so that the first that has a part is its last.
        var last = forms.Select(f => standing.Find(s => s.Forms.Contains(f)).Response).Where(r => r.ValueKind is JsonValueKind.Object)
            .DistinctBy(r => r.Key).OrderByDescending(PersonRecord.Time, StringComparer.Ordinal).ToList();
        if (last.Count is 0) return JsonSerializer.SerializeToElement(new { resourceType = "QuestionnaireResponse" });
        if (last.Count is 1) return last[0];
        var whole = (JsonObject)JsonNode.Parse(last[0].GetRawText())!;
        if (whole["item"] is not JsonArray items) whole["item"] = items = [];
        foreach (var older in last.Skip(1))
        {
            var known = new HashSet<string>(StringComparer.Ordinal);
            Collect(whole, known, 0);
            foreach (var item in older.Each("item"))
                if (Without(item, known, 0) is { } rest) items.Add(rest);
        }

        return JsonSerializer.SerializeToElement(whole);
    }

    private static void Collect(JsonObject owner, HashSet<string> known, int depth)
    {
        if (depth > Form.MostDepth * 2 || owner["item"] is not JsonArray items) return;
        foreach (var item in items.OfType<JsonObject>())
        {
            if (item["answer"] is JsonArray && (string?)item["linkId"] is { } linkId) known.Add(linkId);
            Collect(item, known, depth + 1);
        }
    }

    // Null when nothing is left of it.
    private static JsonObject? Without(JsonElement item, HashSet<string> known, int depth)
    {
        if (depth > Form.MostDepth * 2) return null;
        if (item.Member("answer") is not null) return known.Contains(item.Text("linkId") ?? "") ? null : (JsonObject)JsonNode.Parse(item.GetRawText())!;
        var kept = item.Each("item").Select(i => Without(i, known, depth + 1)).OfType<JsonNode>().ToArray();
        return kept.Length is 0 ? null : new JsonObject { ["linkId"] = item.Text("linkId"), ["item"] = new JsonArray(kept) };
    }
}
