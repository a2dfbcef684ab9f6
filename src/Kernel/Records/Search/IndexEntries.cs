namespace Tongxin.Kernel.Records.Search;

/// <summary>Everything that search needs to know about one version of one resource: rows for the typed index tables.</summary>
/// <remarks>A pure function of the body and the search parameters, so that <c>rebuild</c> makes it anew and <c>verify</c> compares.</remarks>
public sealed record IndexEntries
{
    public List<TokenEntry> Tokens { get; } = [];
    public List<StringEntry> Strings { get; } = [];
    public List<DateEntry> Dates { get; } = [];
    public List<QuantityEntry> Quantities { get; } = [];
    public List<ReferenceEntry> References { get; } = [];
    public List<UriEntry> Uris { get; } = [];
    public List<CompositeEntry> Composites { get; } = [];
}

/// <summary>System null: none given. Text: display for <c>:text</c>; null when there is none. TypeSystem/TypeCode: identifier type for <c>:of-type</c>.</summary>
/// <remarks>A concept's own text, where it differs from every display, is a row of its own with an empty Code.</remarks>
public readonly record struct TokenEntry(SearchParameter Parameter, string? System, string Code, string? Text = null, string? TypeSystem = null, string? TypeCode = null);

/// <summary>Value as written; Folded for matching (<see cref="Folding"/>: no case, no accents, full-width to half).</summary>
/// <remarks>
/// The extractor emits, engines only store. Rows with Original false are further ways to find the same value by its beginning: pinyin and
/// initials of names (张三: <c>zhangsan</c>, <c>zs</c>), the parts of a name or address written together, and what follows each Chinese
/// character (沙县凤岗: <c>县凤岗</c>, <c>凤岗</c>, <c>岗</c>), cut at <see cref="Folding.LongestTail"/>. So one range scan for "begins with"
/// answers plain and <c>:contains</c> searches for Chinese text of any two characters. Only Original rows answer <c>:exact</c>, <c>:missing</c> and <c>_sort</c>.
/// </remarks>
public readonly record struct StringEntry(SearchParameter Parameter, string Value, string Folded, bool Original = true);

/// <summary>From inclusive, To exclusive, UTC; open ends are MinValue and MaxValue.</summary>
public readonly record struct DateEntry(SearchParameter Parameter, DateTimeOffset From, DateTimeOffset To);

/// <summary>Numbers (no unit) and quantities. Low inclusive, High exclusive.</summary>
/// <remarks>
/// A value stands as the point that was measured, [v, v+ε) (<see cref="QuantityRange.Point"/>), so that ge140 means 140 and not 139.5.
/// Only ranges and values with a comparator are wider; an open end is decimal.MinValue or MaxValue.
/// </remarks>
public readonly record struct QuantityEntry(SearchParameter Parameter, decimal Low, decimal High, string? System = null, string? Code = null, string? Unit = null);

/// <summary>Local references have Type and Id; others keep the Url. Identifier parts feed <c>:identifier</c>.</summary>
public readonly record struct ReferenceEntry(
    SearchParameter Parameter, string? Type, string? Id, string? Url = null, string? Version = null, string? IdentifierSystem = null, string? IdentifierValue = null);

/// <summary>A uri, matched exactly, or by prefix for <c>:above</c> and <c>:below</c>.</summary>
public readonly record struct UriEntry(SearchParameter Parameter, string Value);

/// <summary>One tuple of a composite: one entry per part, each a Token-, Date-, Quantity-, String-, Reference- or UriEntry.</summary>
public readonly record struct CompositeEntry(SearchParameter Parameter, IReadOnlyList<object> Parts);
