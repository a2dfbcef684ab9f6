namespace Tongxin.Modules.HospitalPerformance;

/// <summary>What stands behind one line of a card at one place.</summary>
/// <param name="People">Denominator; null when it may not be told.</param>
/// <param name="Reached">Numerator, or for a survey the mean times the answers.</param>
public sealed record Measured(double? People, double? Reached)
{
    public static Measured Hidden { get; } = new(null, null);

    public bool IsHidden => People is null;

    public double? Rate => People is > 0 ? Reached / People : null;
}

/// <summary>One line of a score.</summary>
/// <param name="Scored">Null when nobody was eligible (the points count for nobody) or when it may not be told.</param>
/// <param name="Missing">How many more people (or for a rate that should be low, how many fewer) bring all the points; null when none are lost.</param>
public sealed record ScoredItem(ScoreItem Item, Measured Measured, double? Scored, long? Missing)
{
    public double? Lost => Item.Points - Scored;
}

/// <summary>A place's score by a card.</summary>
/// <param name="Total">
/// Points as if every line had somebody eligible: those scored, scaled from the points that could be had to those of the card. Null when nothing could
/// be scored, or when a line may not be told: a total would give it away.
/// </param>
public sealed record Score(string Organisation, IReadOnlyList<ScoredItem> Items, double? Total);

/// <summary>Scores a place by a card. Pure.</summary>
public static class Scoring
{
    public static Score Of(ScoreCard card, string organisation, Func<ScoreItem, Measured> measured)
    {
        var items = card.Items.Select(i => Line(i, measured(i))).ToList();
        var counted = items.Where(i => i.Scored is not null).ToList();
        var possible = counted.Sum(i => i.Item.Points);
        var total = possible <= 0 || items.Exists(i => i.Measured.IsHidden) ? (double?)null : counted.Sum(i => i.Scored!.Value) * card.Points / possible;
        return new(organisation, items, total);
    }

    /// <summary>Best first; who has no total last, and ranks with nobody.</summary>
    public static IReadOnlyList<(int? Rank, Score Score)> Ranked(IEnumerable<Score> scores)
    {
        var ordered = scores.OrderByDescending(s => s.Total ?? double.MinValue).ThenBy(s => s.Organisation, StringComparer.Ordinal).ToList();
        return [.. ordered.Select(s => (s.Total is { } own ? 1 + ordered.Count(o => o.Total > own) : (int?)null, s))];
    }

    private static ScoredItem Line(ScoreItem item, Measured measured)
    {
        if (measured.Rate is not { } rate) return new(item, measured, null, null);
        var scored = item.Points * item.Curve.At(rate);
        return new(item, measured, scored, item.Points - scored > 1e-9 ? Missing(item.Curve, measured.People!.Value, measured.Reached!.Value) : null);
    }

    // The fewest people that carry the rate across the corner where all points begin.
    private static long Missing(Curve curve, double people, double reached) => curve.IsRising
        ? (long)Math.Ceiling(Math.Round(curve.Full * people - reached, 6))
        : (long)Math.Ceiling(Math.Round(reached - curve.Full * people, 6));
}
