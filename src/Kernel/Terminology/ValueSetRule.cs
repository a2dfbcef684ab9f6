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

    public static ValueSetRule WholeSystem(string url) => new(url, [new(url, null, [], [])], []);

    /// <summary>Null when the ValueSet has no canonical and so cannot be asked for.</summary>
    public static ValueSetRule? Read(JsonElement resource)
    {
        if (!resource.TryGetProperty("url", out var url)) return null;
        if (!resource.TryGetProperty("compose", out var compose)) return new(url.GetString()!, [], []);
        return new(url.GetString()!, Parts(compose, "include"), Parts(compose, "exclude"));
    }

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

    private static List<Part> Parts(JsonElement compose, string name)
    {
        if (!compose.TryGetProperty(name, out var list)) return [];
        return [.. list.EnumerateArray().Select(item => new Part(
            item.TryGetProperty("system", out var system) ? system.GetString() : null,
            item.TryGetProperty("concept", out var concepts) ? [.. concepts.EnumerateArray().Select(c => c.GetProperty("code").GetString()!)] : null,
            item.TryGetProperty("filter", out var filters) ? [.. filters.EnumerateArray().Select(Filter.Read)] : [],
            item.TryGetProperty("valueSet", out var sets) ? [.. sets.EnumerateArray().Select(s => s.GetString()!)] : []))];
    }

    /// <summary>Which concepts of one table belong.</summary>
    internal sealed record Members(ConceptTable Table, Func<int, bool> Has);

    private sealed record Part(string? System, HashSet<string>? Concepts, IReadOnlyList<Filter> Filters, IReadOnlyList<string> ValueSets)
    {
        public IEnumerable<Members> Resolve(Codes codes, int depth)
        {
            var imported = ValueSets.Select(v => codes.Find(v)?.Resolve(codes, depth + 1).ToList() ?? []).ToList();
            if (System is null) return imported.SelectMany(m => m);
            if (codes.System(System) is not { } table) return [];
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
