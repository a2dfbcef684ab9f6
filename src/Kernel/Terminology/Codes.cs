using System.Collections.Concurrent;
using System.Text.Json;
using Tongxin.Fhir;

namespace Tongxin.Kernel.Terminology;

/// <summary>Every code system and value set the platform knows: looks codes up, checks them, expands value sets for pickers.</summary>
/// <remarks>
/// A function of the CodeSystem and ValueSet resources of the record and of the small national sets that ship with the platform;
/// held in memory, made anew at start. Shared by all counties.
/// </remarks>
public sealed class Codes(Pinyin pinyin)
{
    public const int MostPerExpansion = 1_000;
    public const int LongestFilter = 64;

    private readonly ConcurrentDictionary<string, ConceptTable> systems = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ValueSetRule> valueSets = new(StringComparer.Ordinal);

    public IEnumerable<ConceptTable> Systems => systems.Values;

    public void Put(ConceptTable table) => systems[table.Url] = table;

    /// <summary>Takes in a CodeSystem or ValueSet resource; other types are ignored. Throws <see cref="RefusedException"/> (422) when it is not usable.</summary>
    public void Put(JsonElement resource)
    {
        if (resource.GetProperty("resourceType").GetString() is "CodeSystem" && CodeSystemReader.Read(resource, pinyin) is { } table) Put(table);
        else if (resource.GetProperty("resourceType").GetString() is "ValueSet" && ValueSetRule.Read(resource, pinyin) is { Url.Length: > 0 } rule) valueSets[rule.Url] = rule;
    }

    /// <summary>Forgets a code system or value set whose resource was deleted.</summary>
    public void Remove(string url)
    {
        systems.TryRemove(url, out _);
        valueSets.TryRemove(url, out _);
    }

    public ConceptTable? System(string url) => systems.GetValueOrDefault(url);

    /// <summary>Null when the system or the code is not known: the two are different questions, ask <see cref="System"/> first where it matters.</summary>
    public Concept? Lookup(string system, string code) => System(system)?.Find(code);

    /// <summary>
    /// Null when the value set, or a code system that it takes whole or by filter, is not known; the system may be null when the value set has the
    /// code in only one.
    /// </summary>
    public bool? IsMember(string valueSet, string? system, string code) => Rule(valueSet) is { } rule ? IsMember(rule, system, code) : null;

    /// <summary>The same of a ValueSet resource that need not be on record.</summary>
    public bool? IsMember(JsonElement valueSet, string? system, string code) =>
        ValueSetRule.Read(valueSet, pinyin) is { } rule ? IsMember(rule, system, code) : null;

    private bool? IsMember(ValueSetRule rule, string? system, string code)
    {
        foreach (var part in rule.Resolve(this))
            if ((system is null || part.Table.Url == system) && part.Table.IndexOf(code) is >= 0 and var index && part.Has(index)) return true;
        return rule.Missing(this).Any(missing => system is null || missing == system) ? null : false;
    }

    /// <summary>Whether the first code is the second or narrower (<c>CodeSystem/$subsumes</c>); null when the system or one of the codes is not known.</summary>
    public bool? IsA(string system, string code, string ancestor)
    {
        if (System(system) is not { } table) return null;
        var (at, above) = (table.IndexOf(code), table.IndexOf(ancestor));
        return at < 0 || above < 0 ? null : table.IsA(at, above);
    }

    /// <summary>The code itself and everything narrower (below) or broader in its system; null when the system or the code is not known.</summary>
    public IReadOnlyList<string>? Related(string system, string code, bool below)
    {
        if (System(system) is not { } table || table.IndexOf(code) is not (>= 0 and var at)) return null;
        var found = new List<string>();
        if (below)
        {
            for (var i = 0; i < table.Count; i++)
                if (table.IsA(i, at)) found.Add(table[i].Code);
        }
        else
        {
            for (; at >= 0; at = table[at].Parent) found.Add(table[at].Code);
        }

        return found;
    }

    /// <summary>Null when the value set (or the code system of that URL) is not known. The filter is code, text, pinyin or initials.</summary>
    public Expansion? Expand(string valueSet, string filter = "", int offset = 0, int count = 20)
    {
        return Rule(valueSet) is { } rule ? Expand(rule, filter, offset, count) : null;
    }

    /// <summary>The same of a ValueSet resource that need not be on record. Null when it has no compose.</summary>
    public Expansion? Expand(JsonElement valueSet, string filter = "", int offset = 0, int count = 20) =>
        ValueSetRule.Read(valueSet, pinyin) is { } rule ? Expand(rule, filter, offset, count) : null;

    private Expansion Expand(ValueSetRule rule, string filter, int offset, int count)
    {
        if (rule.Missing(this).FirstOrDefault() is { } missing)
            throw RefusedException.Because(422, "not-supported", $"{rule.Url} takes codes of {missing}, which is not known here.", "ValueSet.compose");
        if (filter.Length > LongestFilter)
            throw RefusedException.Because(400, "too-long", $"A filter has at most {LongestFilter} characters.", "filter");
        var wanted = ConceptTable.Fold(filter);
        var found = new List<(int Rank, int Length, int Order, ConceptTable Table, int Index)>();
        foreach (var part in rule.Resolve(this))
            for (var i = 0; i < part.Table.Count; i++)
                if (part.Table.Rank(i, wanted) is >= 0 and var rank && part.Has(i))
                    found.Add((rank, wanted.Length is 0 ? 0 : part.Table[i].Display.Length, found.Count, part.Table, i));

        if (wanted.Length > 0) found.Sort();
        var page = found.Skip(offset).Take(Math.Clamp(count, 0, MostPerExpansion)).Select(f => Expanded(f.Table, f.Index));
        return new([.. page], found.Count);
    }

    private static ExpandedConcept Expanded(ConceptTable table, int index) =>
        new(table.Url, table[index].Code, table[index].Display, table[index].English);

    private ValueSetRule? Rule(string url)
    {
        var bar = url.IndexOf('|', StringComparison.Ordinal);
        var canonical = bar < 0 ? url : url[..bar];
        return valueSets.GetValueOrDefault(canonical) ?? (systems.ContainsKey(canonical) ? ValueSetRule.WholeSystem(canonical) : null);
    }

    internal ValueSetRule? Find(string url) => valueSets.GetValueOrDefault(url);
}
