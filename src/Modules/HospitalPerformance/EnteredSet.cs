using System.Text.Json.Nodes;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Modules.HospitalPerformance;

/// <summary>Figures that nobody's record holds (医共体监测的录入项): what is asked, how it is to be worked out, and between which values it lies. Data, read from a file.</summary>
/// <param name="Groups">In the order of the norm.</param>
public sealed record EnteredSet(string Id, string Title, string TitleInEnglish, string Edition, IReadOnlyList<EnteredGroup> Groups)
{
    private const int MostItems = 200;

    public IEnumerable<EnteredItem> Items => Groups.SelectMany(g => g.Items);

    /// <summary>Reads <c>definitions/entered/*.yaml</c>. Refuses (422, with file and line) what does not add up.</summary>
    /// <param name="indicators">Ids that may stand beside an item.</param>
    internal static IReadOnlyList<EnteredSet> ReadFolder(string folder, IReadOnlySet<string> indicators) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal).Select(f => Read(Path.GetFileName(f), File.ReadAllText(f), indicators))]
        : [];

    internal static EnteredSet Read(string file, string text, IReadOnlySet<string> indicators)
    {
        var yaml = YamlDocument.Parse(file, text);
        string need(JsonObject owner, string name) => owner[name]?.ToString() is { Length: > 0 } value ? value : throw yaml.Refuse(owner, "required", $"缺少 {name}。");
        var groups = Each(yaml.Root, "groups").Select(g => new EnteredGroup(need(g, "title"), need(g, "en"), [.. Each(g, "items").Select(i => new EnteredItem(
            need(i, "id"), need(i, "title"), need(i, "en"), need(i, "kind") switch
            {
                "rate" => EnteredKind.Rate,
                "number" => EnteredKind.Number,
                "yes-no" => EnteredKind.YesNo,
                var other => throw yaml.Refuse(i, "value", $"kind 应为 rate、number 或 yes-no，不是 {other}。"),
            }, need(i, "how"), i["beside"]?.ToString() is { } beside ? indicators.Contains(beside) ? beside : throw yaml.Refuse(i, "not-found", $"没有指标 {beside}。") : null))]))
            .ToList();
        var set = new EnteredSet(need(yaml.Root, "id"), need(yaml.Root, "title"), need(yaml.Root, "en"), need(yaml.Root, "edition"), groups);
        if (set.Items.Count() is 0 or > MostItems) throw yaml.Refuse(yaml.Root, "value", $"应有 1～{MostItems} 项。");
        if (set.Items.GroupBy(i => i.Id, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice) throw yaml.Refuse(yaml.Root, "duplicate", $"{twice.Key} 出现了两次。");
        return set;
    }

    private static IEnumerable<JsonObject> Each(JsonObject owner, string name) => (owner[name] as JsonArray ?? []).OfType<JsonObject>();
}

/// <summary>Items of one head of the norm.</summary>
public sealed record EnteredGroup(string Title, string TitleInEnglish, IReadOnlyList<EnteredItem> Items);

/// <summary>What kind of value an item takes.</summary>
public enum EnteredKind
{
    /// <summary>A percentage, 0–100 and beyond where a ratio may be.</summary>
    Rate,

    /// <summary>A count or an amount, not negative.</summary>
    Number,

    /// <summary>1 for yes, 0 for no.</summary>
    YesNo,
}

/// <summary>One figure that is entered.</summary>
/// <param name="How">How it is to be worked out, in the norm's words.</param>
/// <param name="Beside">Indicator that the platform computes of the same thing, shown beside it and never instead of it; null when there is none.</param>
public sealed record EnteredItem(string Id, string Title, string TitleInEnglish, EnteredKind Kind, string How, string? Beside)
{
    /// <summary>Beyond any county.</summary>
    public const decimal Largest = 100_000_000_000m;

    /// <summary>Whether a value can be one of this kind.</summary>
    public bool Takes(decimal value) => Kind switch
    {
        EnteredKind.YesNo => value is 0 or 1,
        EnteredKind.Rate => value is >= 0 and <= 1_000,
        _ => value is >= 0 and <= Largest,
    };
}
