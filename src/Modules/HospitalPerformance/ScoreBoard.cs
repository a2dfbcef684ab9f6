using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;

namespace Tongxin.Modules.HospitalPerformance;

/// <summary>The score cards that stand, and the scores of places as one caller may see them.</summary>
/// <remarks>Every number passes the indicator's outlook: where a cell may not be told, neither may a total that holds it.</remarks>
public sealed class ScoreBoard(IReadOnlyList<ScoreCard> cards, IndicatorCatalogue catalogue, Outlooks outlooks, Board board, Satisfaction satisfaction)
{
    /// <summary>The cards that hold on a day.</summary>
    public IEnumerable<ScoreCard> On(DateOnly day) => cards.Where(c => c.HoldsOn(day));

    /// <summary>The place where the caller's view begins; null when she has none.</summary>
    public string? Home(Caller caller) => board.Home(caller.Organisation);

    public bool IsWithin(string place, string home) => board.IsWithin(place, home);

    public IReadOnlyDictionary<string, string> Names() => board.Names();

    /// <summary>The houses of a card's level at or below a place.</summary>
    public IReadOnlyList<string> Places(ScoreCard card, string place) => board.OfKind(card.Level, place);

    /// <summary>The clinics and centres at or below a place.</summary>
    public IReadOnlyList<string> Houses(string place) => [.. board.OfKind("township", place), .. board.OfKind("village", place)];

    /// <param name="places">Each at or below the caller's own place; one that is not is scored as hidden.</param>
    public IReadOnlyList<Score> Of(Caller caller, ScoreCard card, IReadOnlyList<string> places, DateOnly on)
    {
        var measured = card.Items.ToDictionary(i => i, i => At(caller, i, places, on));
        return [.. places.Select(p => Scoring.Of(card, p, item => measured[item][p]))];
    }

    /// <summary>Null for the satisfaction survey, which is no indicator.</summary>
    public Indicator? Indicator(ScoreItem item) => catalogue.Find(item.Indicator);

    private Dictionary<string, Measured> At(Caller caller, ScoreItem item, IReadOnlyList<string> places, DateOnly on)
    {
        if (Indicator(item) is not { } indicator) return places.ToDictionary(p => p, p => satisfaction.At(p, board.Parent(p), on), StringComparer.Ordinal);
        if (outlooks.Of(caller, indicator) is not { } outlook) return places.ToDictionary(p => p, _ => Measured.Hidden, StringComparer.Ordinal);
        var within = Places(outlook.Home);
        var shown = outlook.At([.. places.Where(within.Contains)], on);
        return places.ToDictionary(p => p, p => shown.GetValueOrDefault(p) is { IsHidden: false } told
            ? new Measured(told.Cell?.Denominator ?? 0, told.Cell?.Numerator ?? 0) : Measured.Hidden, StringComparer.Ordinal);
    }

    private HashSet<string> Places(string home) => [.. board.Within(home)];
}
