using System.Text.Json;
using System.Text.RegularExpressions;
using Tongxin.Fhir;

namespace Tongxin.Kernel.Terminology;

/// <summary>The <c>compose</c> of a ValueSet, ready to be asked (FHIR R4 ValueSet §4.9.5).</summary>
internal sealed class ValueSetRule
{
    private const int DeepestImport = 8;
    private static readonly TimeSpan RegexTime = TimeSpan.FromMilliseconds(100);

    private readonly IReadOnlyList<Part> includes;
    private readonly IReadOnlyList<Part> excludes;

    private ValueSetRule(string url, IReadOnlyList<Part> includes, IReadOnlyList<Part> excludes) =>
        (Url, this.includes, this.excludes) = (url, includes, excludes);

    public string Url { get; }

    public static ValueSetRule WholeSystem(string url) => new(url, [new(url, null, null, [], [])], []);

    /// <summary>Null when the ValueSet says nothing of what belongs to it. Without a canonical (an empty Url) it can only be asked directly.</summary>
    public static ValueSetRule? Read(JsonElement resource, Pinyin pinyin)
    {
        var url = resource.TryGetProperty("url", out var given) ? given.GetString()! : "";
        return resource.TryGetProperty("compose", out var compose) ? new(url, Parts(compose, "include", pinyin), Parts(compose, "exclude", pinyin)) : null;
    }

    /// <summary>Code systems that this needs as a whole and that are not known.</summary>
    public IEnumerable<string> Missing(Codes codes, int depth = 0) =>
        depth > DeepestImport ? [] : includes.SelectMany(p => p.Missing(codes, depth)).Distinct(StringComparer.Ordinal);

    /// <summary>Tables and membership tests; a concept belongs when a test of its table says so.</summary>
    public IEnumerable<Members> Resolve(Codes codes, int depth = 0)
    {
        if (depth > DeepestImport)
            throw RefusedException.Because(422, "too-costly", $"ValueSet {Url} imports value sets more than {DeepestImport} deep, or itself.");
        var excludedBySystem = excludes.SelectMany(p => p.Resolve(codes, depth)).ToLookup(m => m.Table.Url);
        return
            from members in includes.SelectMany(p => p.Resolve(codes, depth))
            let excluded = excludedBySystem[members.Table.Url].ToList()
            select excluded.Count is 0 ? members : members with { Has = i => members.Has(i) && !excluded.Any(e => e.Has(i)) };
    }

    private static List<Part> Parts(JsonElement compose, string name, Pinyin pinyin)
    {
        if (!compose.TryGetProperty(name, out var list)) return [];
        return [.. list.EnumerateArray().Select(item => new Part(
            item.TryGetProperty("system", out var system) ? system.GetString() : null,
            item.TryGetProperty("concept", out var concepts) ? [.. concepts.EnumerateArray().Select(c => c.GetProperty("code").GetString()!)] : null,
            Listed(item, pinyin),
            item.TryGetProperty("filter", out var filters) ? [.. filters.EnumerateArray().Select(Filter.Read)] : [],
            item.TryGetProperty("valueSet", out var sets) ? [.. sets.EnumerateArray().Select(s => s.GetString()!)] : []))];
    }

    // A value set may list codes of a system that nobody loaded, with their names: then the list itself is what is known of the system.
    private static Lazy<ConceptTable>? Listed(JsonElement item, Pinyin pinyin)
    {
        if (!item.TryGetProperty("concept", out var list) || !item.TryGetProperty("system", out var system)) return null;
        var concepts = list.EnumerateArray()
            .Select(c => new Concept(c.GetProperty("code").GetString()!, c.TryGetProperty("display", out var display) ? display.GetString()! : c.GetProperty("code").GetString()!))
            .DistinctBy(c => c.Code, StringComparer.Ordinal)
            .ToList();
        var url = system.GetString()!;
        return new(() => new(url, null, url, concepts, pinyin));
    }

    /// <summary>Which concepts of one table belong.</summary>
    internal sealed record Members(ConceptTable Table, Func<int, bool> Has);

    private sealed record Part(
        string? System, HashSet<string>? Concepts, Lazy<ConceptTable>? Listed, IReadOnlyList<Filter> Filters, IReadOnlyList<string> ValueSets)
    {
        public IEnumerable<string> Missing(Codes codes, int depth) => ValueSets
            .SelectMany(v => codes.Find(v) is { } rule ? rule.Missing(codes, depth + 1) : [v])
            .Concat(System is not null && Listed is null && codes.System(System) is null ? [System] : []);

        public IEnumerable<Members> Resolve(Codes codes, int depth)
        {
            var imported = ValueSets.Select(v => codes.Find(v)?.Resolve(codes, depth + 1).ToList() ?? []).ToList();
            if (System is null) return imported.SelectMany(m => m);
            if ((codes.System(System) ?? Listed?.Value) is not { } table) return [];
            var tests = Filters.Select(f => f.Test(table)).ToList();
            return [new(table, i =>
                (Concepts is null || Concepts.Contains(table[i].Code))
                && tests.TrueForAll(t => t(i))
                && imported.TrueForAll(set => set.Exists(m => m.Table.Url == table.Url && m.Has(i))))];
        }
    }

    private sealed record Filter(string Property, string Operator, string Value)
    {
        public static Filter Read(JsonElement item) =>
            new(item.GetProperty("property").GetString()!, item.GetProperty("op").GetString()!, item.GetProperty("value").GetString()!);

        public Func<int, bool> Test(ConceptTable table)
        {
            var at = table.IndexOf(Value);
            switch (Operator)
            {
                case "is-a": return i => at >= 0 && table.IsA(i, at);
                case "descendent-of": return i => at >= 0 && i != at && table.IsA(i, at);
                case "is-not-a": return i => at < 0 || !table.IsA(i, at);
                case "=" when Property is "code": return i => table[i].Code == Value;
                case "in": var all = Value.Split(',', StringSplitOptions.TrimEntries).ToHashSet(StringComparer.Ordinal); return i => all.Contains(table[i].Code);
                case "regex":
                    var regex = new Regex($"^(?:{Value})$", RegexOptions.NonBacktracking, RegexTime);
                    return i => regex.IsMatch(Property is "display" ? table[i].Display : table[i].Code);
                default:
                    throw RefusedException.Because(422, "not-supported", $"Filter {Property} {Operator} of a value set is not supported.", "ValueSet.compose.include.filter");
            }
        }
    }
}
