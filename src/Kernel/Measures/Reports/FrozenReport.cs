namespace Tongxin.Kernel.Measures;

/// <summary>One indicator as it was reported (报表锁定): the number of a county for a period, signed, with the list of people behind it.</summary>
/// <remarks>Stands in the record and never changes; what came later is a <see cref="Restated"/> list beside it, not a correction of it.</remarks>
public sealed record FrozenReport
{
    /// <summary>Id of the MeasureReport: one for each county, period and indicator.</summary>
    public required string Id { get; init; }

    public required string Indicator { get; init; }

    /// <summary>Edition of the definition that counted, and the digest of its query: an edition can be mended without a new name.</summary>
    public required string Edition { get; init; }

    public required string Definition { get; init; }

    /// <summary>Organisation at the top of the tree that was frozen.</summary>
    public required string County { get; init; }

    /// <summary>Last day of the period; it begins on the first of that year.</summary>
    public required DateOnly End { get; init; }

    /// <summary>Name and reference of who signed.</summary>
    public required string SignedBy { get; init; }

    public required string Signer { get; init; }

    public required DateTimeOffset SignedAt { get; init; }

    /// <summary>What the signer wrote beside it; null when nothing.</summary>
    public string? Note { get; init; }

    /// <summary>Position of the record up to which everything was counted.</summary>
    public required long Position { get; init; }

    /// <summary>Name of the list of people, how many parts it has, and the digest over all of them.</summary>
    public required string List { get; init; }

    public required int Parts { get; init; }

    public required string Digest { get; init; }

    /// <summary>The whole county. Null in what is read back when it was too small to stand in a report that many may read.</summary>
    public Cell? Total { get; init; }

    /// <summary>How often the resource was written; more than once means that somebody went round the program.</summary>
    public long Version { get; init; } = 1;
}

/// <summary>One organisation of the tree as it stood when it was frozen, with the people counted at itself.</summary>
/// <param name="Parent">Null for the top.</param>
public sealed record FrozenPlace(string Id, string? Parent, string Name, string Kind, long Denominator, long Numerator, long Excluded);

/// <summary>A frozen report with its tree: sums of any place as they were.</summary>
public sealed class FrozenTree
{
    private const int MostLevels = 12;
    private readonly Dictionary<string, FrozenPlace> places;
    private readonly string indicator;
    private readonly DateOnly end;

    public FrozenTree(string indicator, DateOnly end, IEnumerable<FrozenPlace> places) =>
        (this.indicator, this.end, this.places) = (indicator, end, places.ToDictionary(p => p.Id, StringComparer.Ordinal));

    public IReadOnlyCollection<FrozenPlace> Places => places.Values;

    /// <summary>Null for a place that did not stand then.</summary>
    public string? Name(string place) => places.GetValueOrDefault(place)?.Name;

    /// <summary>The places straight below that have people of their own or below them.</summary>
    public IReadOnlyList<string> Below(string place) =>
        [.. places.Values.Where(p => p.Parent == place && p.Kind is not ("commission" or "hospital" or "disease-control")).Select(p => p.Id).Order(StringComparer.Ordinal)];

    public bool IsWithin(string? organisation, string place)
    {
        for (var level = 0; organisation is not null && level < MostLevels; level++)
        {
            if (organisation == place) return true;
            organisation = places.GetValueOrDefault(organisation)?.Parent;
        }

        return false;
    }

    /// <summary>The sum over a place and all below it; null for one that did not stand then.</summary>
    public Cell? At(string place)
    {
        if (!places.ContainsKey(place)) return null;
        var within = places.Values.Where(p => IsWithin(p.Id, place)).ToList();
        return new(indicator, place, end, within.Sum(p => p.Denominator), within.Sum(p => p.Numerator), within.Sum(p => p.Excluded));
    }
}
