using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tongxin.Fhir.Questionnaires;

/// <summary>Lays a QuestionnaireResponse over a form: each answer at its item, each row of a repeating group as one instance.</summary>
internal static class ResponseReader
{
    public static void Fill(IReadOnlyList<FormItem> items, FilledItem? parent, JsonElement source, List<FilledItem> into, List<Issue> unknown)
    {
        var given = source.Each("item").ToLookup(i => i.Text("linkId") ?? "", StringComparer.Ordinal);
        foreach (var strange in given.Where(g => !items.Any(i => i.LinkId == g.Key)))
            unknown.Add(Issue.Error("not-found", $"表单没有题目“{strange.Key}”，可能是旧版表单的答案；请用当前版本重新填写。", strange.Key));

        foreach (var item in items)
        {
            var rows = given[item.LinkId].ToList();
            if (rows.Count > Filling.MostRows) throw RefusedException.Because(422, "too-long", $"“{item.Text}”超过 {Filling.MostRows} 行。", item.LinkId);
            if (rows.Count is 0) into.Add(FilledItem.Make(item, parent));
            else if (item is { Type: ItemType.Group, Repeats: true }) into.AddRange(rows.Select((row, i) => Instance(item, parent, row, i, unknown)));
            else into.Add(Instance(item, parent, rows[0], 0, unknown));
            if (rows.Count > 1 && !(item is { Type: ItemType.Group, Repeats: true }))
                unknown.Add(Issue.Error("structure", $"“{item.Text}”只能出现一次。", item.LinkId));
        }
    }

    private static FilledItem Instance(FormItem item, FilledItem? parent, JsonElement source, int row, List<Issue> unknown)
    {
        var instance = new FilledItem(item, parent) { Row = row };
        var below = source;
        foreach (var answer in source.Each("answer"))
        {
            if (answer.Choice() is { } value) instance.Answers.Add(value);
            if (answer.Each("item").Any()) below = answer;
        }

        Fill(item.Items, instance, below, instance.Children, unknown);
        return instance;
    }
}

/// <summary>Writes a filled form as a QuestionnaireResponse; instances that are not asked or are empty are left out.</summary>
internal static class ResponseWriter
{
    public static JsonElement Write(Filling filling)
    {
        var response = new JsonObject { ["resourceType"] = "QuestionnaireResponse", ["questionnaire"] = filling.Form.Canonical, ["status"] = "in-progress" };
        if (Items(filling.Items) is { Count: > 0 } items) response["item"] = items;
        return JsonSerializer.SerializeToElement(response);
    }

    public static JsonElement Write(FilledItem item) => JsonSerializer.SerializeToElement(Node(item));

    private static JsonArray Items(IEnumerable<FilledItem> items) =>
        [.. items.Where(i => i is { Enabled: true, HasContent: true }).Select(Node)];

    private static JsonObject Node(FilledItem item)
    {
        var node = new JsonObject { ["linkId"] = item.Item.LinkId };
        if (item.Item.Text.Length > 0) node["text"] = item.Item.Text;
        var below = Items(item.Children);
        if (item.Answers.Count > 0)
        {
            var answers = new JsonArray([.. item.Answers.Select(a => (JsonNode)new JsonObject { ["value" + a.Type] = JsonSerializer.SerializeToNode(a.Value) })]);
            if (below.Count > 0) answers[0]!["item"] = below;
            node["answer"] = answers;
        }
        else if (below.Count > 0)
        {
            node["item"] = below;
        }

        return node;
    }
}
