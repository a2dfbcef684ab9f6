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

/// <summary>System null: none given. Text: display or concept text for <c>:text</c>; null when there is none. TypeSystem/TypeCode: identifier type for <c>:of-type</c>.</summary>
public readonly record struct TokenEntry(SearchParameter Parameter, string? System, string Code, string? Text = null, string? TypeSystem = null, string? TypeCode = null);

/// <summary>Value as written; Folded for matching (no case, no accents, full-width to half).</summary>
/// <remarks>Pinyin and initials of Chinese names go in as further entries with Original false.</remarks>
public readonly record struct StringEntry(SearchParameter Parameter, string Value, string Folded, bool Original = true);

/// <summary>From inclusive, To exclusive, UTC; open ends are MinValue and MaxValue.</summary>
public readonly record struct DateEntry(SearchParameter Parameter, DateTimeOffset From, DateTimeOffset To);

/// <summary>Numbers (no unit) and quantities. Low inclusive, High exclusive.</summary>
public readonly record struct QuantityEntry(SearchParameter Parameter, decimal Low, decimal High, string? System = null, string? Code = null, string? Unit = null);

/// <summary>Local references have Type and Id; others keep the Url. Identifier parts feed <c>:identifier</c>.</summary>
public readonly record struct ReferenceEntry(
    SearchParameter Parameter, string? Type, string? Id, string? Url = null, string? Version = null, string? IdentifierSystem = null, string? IdentifierValue = null);

/// <summary>A uri, matched exactly, or by prefix for <c>:above</c> and <c>:below</c>.</summary>
public readonly record struct UriEntry(SearchParameter Parameter, string Value);

/// <summary>One tuple of a composite: one entry per part, each a Token-, Date-, Quantity-, String-, Reference- or UriEntry.</summary>
public readonly record struct CompositeEntry(SearchParameter Parameter, IReadOnlyList<object> Parts);
