using System.Globalization;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Modules.HospitalPerformance;

/// <summary>Reads score cards from <c>definitions/score-cards/*.yaml</c>. Refuses (422, with file and line) what does not add up.</summary>
internal static class ScoreCardYaml
{
    private const int MostItems = 200;
    private static readonly string[] Levels = ["township", "village"];

    /// <param name="indicators">Ids that may be scored.</param>
    public static IReadOnlyList<ScoreCard> ReadFolder(string folder, IReadOnlySet<string> indicators)
    {
        if (!Directory.Exists(folder)) return [];
        var cards = Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal).Select(f => Read(Path.GetFileName(f), File.ReadAllText(f), indicators)).ToList();
        foreach (var (a, b) in cards.SelectMany((a, i) => cards.Skip(i + 1).Select(b => (a, b))))
            if (a.Id == b.Id && a.From <= (b.To ?? DateOnly.MaxValue) && b.From <= (a.To ?? DateOnly.MaxValue))
                throw RefusedException.Because(422, "conflict", $"评分表 {a.Id} 的 {a.Edition} 版与 {b.Edition} 版有效期重叠。");
        return cards;
    }

    internal static ScoreCard Read(string file, string text, IReadOnlySet<string> indicators)
    {
        var yaml = YamlDocument.Parse(file, text);
        var root = yaml.Root;
        var sections = Array(root, "sections")
            .Select(s => new ScoreSection(Text(yaml, s, "title"), Text(yaml, s, "en"), [.. Array(s, "items").Select(i => Item(yaml, i, indicators))])).ToList();
        var card = new ScoreCard(Text(yaml, root, "id"), Text(yaml, root, "title"), Text(yaml, root, "en"), Text(yaml, root, "level"), Text(yaml, root, "edition"),
            Day(yaml, root, "from") ?? throw yaml.Refuse(root, "required", "缺少 from。"), Day(yaml, root, "to"), Text(yaml, root, "citation"), sections);
        if (!Levels.Contains(card.Level)) throw yaml.Refuse(root, "value", $"level 应为 {string.Join('、', Levels)}。");
        if (card.Items.Count() is 0 or > MostItems) throw yaml.Refuse(root, "value", $"评分表应有 1～{MostItems} 项。");
        if (card.Items.GroupBy(i => i.Indicator, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw yaml.Refuse(root, "duplicate", $"{twice.Key} 出现了两次。");
        var total = Number(yaml, root, "total");
        if (Math.Abs(card.Points - total) > 1e-9)
            throw yaml.Refuse(root, "value", string.Create(CultureInfo.InvariantCulture, $"各项分值合计 {card.Points}，不等于 total {total}。"));
        return card;
    }

    private static ScoreItem Item(YamlDocument yaml, JsonObject item, IReadOnlySet<string> indicators)
    {
        var indicator = Text(yaml, item, "indicator");
        if (indicator is not ScoreItem.Satisfaction && !indicators.Contains(indicator)) throw yaml.Refuse(item, "not-found", $"没有指标 {indicator}。");
        var points = Number(yaml, item, "points");
        return points > 0 ? new(indicator, points, Curve(yaml, item)) : throw yaml.Refuse(item, "value", "points 应大于 0。");
    }

    private static Curve Curve(YamlDocument yaml, JsonObject item)
    {
        var corners = (item["curve"] as JsonArray ?? []).OfType<JsonArray>().Select(c => c is [JsonValue x, JsonValue y] && Number(x) is { } rate && Number(y) is { } share
            ? (Rate: rate, Share: share)
            : throw yaml.Refuse(item, "value", "curve 的每一点是 [比率, 得分份额]。")).ToList();
        if (corners.Count < 2 || corners.Exists(c => c.Rate is < 0 or > 1 || c.Share is < 0 or > 1)) throw yaml.Refuse(item, "value", "curve 至少两点，都在 0～1 之间。");
        var steps = corners.Zip(corners.Skip(1)).ToList();
        if (steps.Exists(s => s.Second.Rate <= s.First.Rate)) throw yaml.Refuse(item, "value", "curve 的比率应逐点增大。");
        if (steps.Exists(s => s.Second.Share < s.First.Share) && steps.Exists(s => s.Second.Share > s.First.Share))
            throw yaml.Refuse(item, "value", "curve 只能一直升或一直降。");
        return new(corners);
    }

    private static IEnumerable<JsonObject> Array(JsonObject owner, string name) => (owner[name] as JsonArray ?? []).OfType<JsonObject>();

    private static string Text(YamlDocument yaml, JsonObject owner, string name) =>
        owner[name]?.ToString() is { Length: > 0 } text ? text : throw yaml.Refuse(owner, "required", $"缺少 {name}。");

    private static double Number(YamlDocument yaml, JsonObject owner, string name) =>
        owner[name] is JsonValue value && Number(value) is { } number && number >= 0 ? number : throw yaml.Refuse(owner, "value", $"{name} 应为不小于 0 的数。");

    // A number in YAML may come as text or as a number, as it was written.
    private static double? Number(JsonValue value) =>
        double.TryParse(value.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    private static DateOnly? Day(YamlDocument yaml, JsonObject owner, string name) => owner[name] is not { } node ? null
        : DateOnly.TryParseExact(node.ToString(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day
        : throw yaml.Refuse(owner, "value", $"{name} 的日期写法不对。");
}
