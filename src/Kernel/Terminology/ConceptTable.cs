using System.Collections.Frozen;

namespace Tongxin.Kernel.Terminology;

/// <summary>All concepts of one code system in memory, found by code, text, pinyin or initials. Immutable: a new version is a new table.</summary>
/// <remarks>
/// 47,000 diagnoses take a few megabytes. Searching is a straight scan over short strings: at this size a scan beats every index that
/// would have to be kept, and it ranks at the same time.
/// </remarks>
public sealed class ConceptTable
{
    private readonly Concept[] concepts;
    private readonly string[] folded;
    private readonly PinyinReading[] readings;
    private readonly FrozenDictionary<string, int> byCode;

    /// <summary>Throws <see cref="ArgumentException"/> when a code stands twice.</summary>
    public ConceptTable(string url, string? version, string title, IReadOnlyList<Concept> concepts, Pinyin pinyin)
    {
        (Url, Version, Title) = (url, version, title);
        this.concepts = [.. concepts];
        folded = [.. concepts.Select(c => Fold(c.English is null ? c.Display : $"{c.Display} {c.English}"))];
        readings = [.. concepts.Select(c => pinyin.Of(c.Display))];
        byCode = concepts.Index().ToDictionary(c => c.Item.Code, c => c.Index, StringComparer.Ordinal).ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>Canonical of the code system; <c>Coding.system</c>.</summary>
    public string Url { get; }

    public string? Version { get; }

    public string Title { get; }

    public int Count => concepts.Length;

    public Concept this[int index] => concepts[index];

    /// <summary>Null when the system has no such code.</summary>
    public Concept? Find(string code) => byCode.TryGetValue(code, out var index) ? concepts[index] : null;

    /// <summary>Index of a code; -1 when there is none.</summary>
    public int IndexOf(string code) => byCode.TryGetValue(code, out var index) ? index : -1;

    /// <summary>True when <paramref name="ancestor"/> is the concept itself or broader.</summary>
    public bool IsA(int concept, int ancestor)
    {
        for (var at = concept; at >= 0; at = concepts[at].Parent)
            if (at == ancestor) return true;
        return false;
    }

    /// <summary>How well a concept fits what was typed: 0 best; -1 not at all. An empty filter fits all.</summary>
    public int Rank(int index, string filter)
    {
        if (filter.Length is 0) return 0;
        var code = concepts[index].Code;
        if (code.Equals(filter, StringComparison.OrdinalIgnoreCase)) return 0;
        if (code.StartsWith(filter, StringComparison.OrdinalIgnoreCase)) return 1;
        var text = folded[index];
        var at = text.IndexOf(filter, StringComparison.Ordinal);
        if (at is 0) return 2;
        var (full, initials) = readings[index];
        if (initials.StartsWith(filter, StringComparison.Ordinal)) return initials.Length == filter.Length ? 3 : 4;
        if (full.StartsWith(filter, StringComparison.Ordinal)) return 5;
        if (at > 0) return 6;
        return initials.Contains(filter, StringComparison.Ordinal) ? 7 : full.Contains(filter, StringComparison.Ordinal) ? 8 : -1;
    }

    /// <summary>How text is compared: lower case, full-width letters and digits as half-width, no spaces at the ends.</summary>
    public static string Fold(string text) =>
        string.Create(text.Trim().Length, text.Trim(), static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                var c = source[i] is >= '！' and <= '～' ? (char)(source[i] - 0xFEE0) : source[i];
                span[i] = char.ToLowerInvariant(c);
            }
        });
}
