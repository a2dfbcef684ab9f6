using System.Globalization;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>Reads the service list from <c>definitions/*.yaml</c>. Refuses (422, with file and line) what does not add up.</summary>
internal static class ServiceCatalogueYaml
{
    public static ServiceCatalogue ReadFolder(string folder)
    {
        var editions = Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal).Select(f => Read(Path.GetFileName(f), File.ReadAllText(f))).ToList();
        return editions.Count > 0 ? new(editions) : throw new InvalidOperationException($"No service list in {folder}.");
    }

    internal static ServiceEdition Read(string file, string text)
    {
        var yaml = YamlDocument.Parse(file, text);
        var items = Array(yaml.Root, "items").Select(i => Item(yaml, i)).ToList();
        var known = items.Select(i => i.Id).ToHashSet(StringComparer.Ordinal);
        if (known.Count != items.Count) throw yaml.Refuse(yaml.Root, "duplicate", "服务项目的 id 重复。");
        var packages = Array(yaml.Root, "packages").Select(p => Package(yaml, p, known)).ToList();
        if (packages.All(p => p.Groups.Count > 0)) throw yaml.Refuse(yaml.Root, "required", "至少要有一个人人可签的包。");
        return new(Text(yaml, yaml.Root, "edition"), DateOnly.ParseExact(Text(yaml, yaml.Root, "from"), "yyyy-MM-dd", CultureInfo.InvariantCulture),
            Text(yaml, yaml.Root, "citation"), items, packages);
    }

    private static ServiceItem Item(YamlDocument yaml, JsonObject item)
    {
        var evidence = item["evidence"] as JsonObject;
        return new(Text(yaml, item, "id"), Text(yaml, item, "title"), Text(yaml, item, "en"), Text(yaml, item, "unit"), Number(yaml, item, "price"),
            Text(yaml, item, "qualification"), item["on-menu"] is JsonValue menu && menu.GetValue<bool>(),
            evidence is null ? null : new(Set(evidence, "form"), Set(evidence, "reading"), Set(evidence, "visit")));
    }

    private static ServicePackage Package(YamlDocument yaml, JsonObject package, HashSet<string> known)
    {
        var payers = (package["payers"] as JsonObject ?? []).ToDictionary(p => p.Key, p => p.Value!.GetValue<decimal>(), StringComparer.Ordinal);
        var items = (package["items"] as JsonObject ?? []).ToDictionary(p => p.Key, p => p.Value!.GetValue<int>(), StringComparer.Ordinal);
        var fee = Number(yaml, package, "fee");
        if (payers.Values.Sum() != fee) throw yaml.Refuse(package, "value", $"各付费方合计 {payers.Values.Sum()} 不等于 {fee}。");
        foreach (var (item, count) in items)
            if (!known.Contains(item) || count < 1) throw yaml.Refuse(package, "value", $"没有服务项目 {item}，或数量不是正数。");
        return new(Text(yaml, package, "id"), Text(yaml, package, "title"), Text(yaml, package, "en"), Set(package, "groups"), fee, payers, items);
    }

    private static IEnumerable<JsonObject> Array(JsonObject owner, string name) => (owner[name] as JsonArray ?? []).OfType<JsonObject>();

    private static HashSet<string> Set(JsonObject owner, string name) =>
        (owner[name] as JsonArray ?? []).Select(n => n!.ToString()).ToHashSet(StringComparer.Ordinal);

    private static string Text(YamlDocument yaml, JsonObject owner, string name) =>
        owner[name]?.ToString() is { Length: > 0 } text ? text : throw yaml.Refuse(owner, "required", $"缺少 {name}。");

    private static decimal Number(YamlDocument yaml, JsonObject owner, string name) =>
        owner[name] is JsonValue value && value.TryGetValue<decimal>(out var number) && number >= 0 ? number : throw yaml.Refuse(owner, "value", $"{name} 应为不小于 0 的数。");
}
