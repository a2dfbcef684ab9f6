using System.Globalization;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;

namespace Tongxin.Host.Shell;

/// <summary>The cockpit as one caller may see it: numbers, ranks and people all pass the indicator's outlook first.</summary>
/// <remarks>Addressed by a link alone: indicator <c>i</c>, place <c>o</c>, <c>reason</c> or <c>open</c>, page <c>from</c>, one person <c>who</c>.</remarks>
internal sealed class CockpitView
{
    public const int PeoplePerPage = 50;
    private const int Headlines = 3, Months = 13;

    private readonly Board board;
    private readonly Outlooks outlooks;
    private readonly Caller caller;

    private CockpitView(Board board, Outlooks outlooks, Caller caller, DateOnly today) => (this.board, this.outlooks, this.caller, Today) = (board, outlooks, caller, today);

    public DateOnly Today { get; }
    public required Outlook Chosen { get; init; }
    public required string Place { get; init; }
    public required Dictionary<string, string> Names { get; init; }
    public required IReadOnlyList<Indicator> Catalogue { get; init; }
    public string? Reason { get; private init; }
    public string? Open { get; private init; }
    public string? Who { get; private init; }
    public int From { get; private init; }

    public string PlaceName => Names.GetValueOrDefault(Place, Place);
    public bool ShowsPeople => Reason is not null || Open is not null;

    /// <summary>Null when there is no indicator, or the caller has no place among the organisations.</summary>
    public static CockpitView? Of(HttpContext http, Caller caller, Board board, IndicatorCatalogue catalogue, Outlooks outlooks, DateOnly today)
    {
        var query = http.Request.Query;
        if (catalogue.All.Count is 0) return null;
        if (outlooks.Of(caller, catalogue.Find(query["i"].ToString()) ?? catalogue.All[0]) is not { } chosen) return null;
        return new(board, outlooks, caller, today)
        {
            Chosen = chosen, Place = chosen.Within(query["o"]), Names = board.Names(), Catalogue = catalogue.All,
            Reason = Text(query["reason"]), Open = Text(query["open"]), Who = Text(query["who"]),
            From = int.TryParse(query["from"], NumberStyles.None, CultureInfo.InvariantCulture, out var from) ? from : 0,
        };
    }

    /// <summary>The numbers that stand on top.</summary>
    public IEnumerable<Indicator> Top => Catalogue.Where(i => i.Headline is not null).Take(Headlines);

    /// <summary>All others by module, detectors last.</summary>
    public IEnumerable<IGrouping<string, Indicator>> Rest =>
        Catalogue.Except(Top).OrderBy(i => i.IsDetector).ThenBy(i => i.Module, StringComparer.Ordinal).GroupBy(i => i.Module, StringComparer.Ordinal);

    public Shown At(Indicator indicator) => outlooks.Of(caller, indicator)?.At(Place, Today) ?? new(Place, Today, null, true);

    public IReadOnlyList<Shown> Course(Indicator indicator) => [.. (outlooks.Of(caller, indicator)?.Course(Place, Today.AddMonths(-Months), Today) ?? [])
        .Where(s => s.Cell?.Rate is not null)];

    /// <summary>The places below, best first; hidden ones last.</summary>
    public IReadOnlyList<RankRow> Rank()
    {
        var below = Chosen.Below(Place, Today);
        var all = Chosen.At(Place, Today).Cell;
        var bands = below.Any(s => s.Cell is not null) ? board.Bands(Chosen.Indicator.Id, [Place, .. below.Select(s => s.Organisation)], Today) : null;
        var everybody = bands?[Place].ToList() ?? [];
        return [.. below.Select(s => Row(s, all, bands?[s.Organisation].ToList() ?? [], everybody))
            .OrderBy(r => r.Cell is null).ThenByDescending(r => (r.Cell?.Rate ?? -1) * (Chosen.Indicator.HigherIsBetter ? 1 : -1))];
    }

    private static RankRow Row(Shown shown, Cell? all, List<Band> here, List<Band> everybody)
    {
        var cell = shown.Cell;
        var standardised = cell is null ? null : Fairness.Standardised(here, everybody);
        if (cell?.Rate is not { } rate || all?.Rate is not { } mean) return new(shown.Organisation, cell, standardised, null, 0);
        var (low, high) = Fairness.Limits(mean, cell.Denominator, Fairness.Control);
        return new(shown.Organisation, cell, standardised, Fairness.Wilson(cell.Numerator, cell.Denominator), rate < low ? -1 : rate > high ? 1 : 0);
    }

    /// <summary>The places that a funnel can hold: those that may be told.</summary>
    public IReadOnlyList<FunnelPlot.Place> Funnel(IReadOnlyList<RankRow> rank) => [.. rank.Where(r => r.Cell?.Rate is not null)
        .Select(r => new FunnelPlot.Place(ShortName(r.Organisation), r.Cell!.Denominator, r.Cell.Rate!.Value, r.Beyond, Link(place: r.Organisation)))];

    /// <summary>The places below that have an outline; below a village, and where none has, there is no map.</summary>
    public IReadOnlyList<PlaceMap.Place> Map(IReadOnlyList<RankRow> rank, IReadOnlyDictionary<string, Outline> outlines, Words words) =>
        [.. from row in rank
            let outline = outlines.GetValueOrDefault(row.Organisation)
            where outline is not null
            let label = row.Cell is null ? words["cockpit.hidden"] : row.Cell.Rate is { } rate ? (rate * 100).ToString("0", CultureInfo.InvariantCulture) : words["cockpit.none"]
            select new PlaceMap.Place(outline, row.Cell?.Rate, label, Link(place: row.Organisation))];

    /// <summary>Against what the map's steps are counted: the target, or where none is set the rate of all.</summary>
    public double Yardstick => Chosen.Indicator.Target ?? Chosen.At(Place, Today).Cell?.Rate ?? 0;

    /// <summary>The rate of all, around which the funnel stands; null when there is none to tell.</summary>
    public double? Mean => Chosen.At(Place, Today).Cell?.Rate;

    // What every house here is called after its place adds nothing on a plot.
    private string ShortName(string organisation) => Names.GetValueOrDefault(organisation, organisation)
        .Replace("中心卫生院", "", StringComparison.Ordinal).Replace("卫生院", "", StringComparison.Ordinal).Replace("卫生室", "", StringComparison.Ordinal);

    public IReadOnlyList<SeenMember> People(int count = PeoplePerPage) =>
        Chosen.People(Place, Today, CockpitPosts.Numerator(Open), Reason, From, count);

    /// <summary>How many the whole list holds, beyond the page.</summary>
    public long Listed => Chosen.Reasons(Place, Today)
        .Where(r => (Reason is null || r.Reason == Reason) && (CockpitPosts.Numerator(Open) is not { } wanted || r.Numerator == wanted))
        .Sum(r => r.People);

    /// <summary>Whether the caller may send this list to the team.</summary>
    public bool MaySend => ShowsPeople && SendList.May(caller, Chosen);

    /// <summary>What decided about the one person who was opened, newest first; empty when there is none that may be seen.</summary>
    public IReadOnlyList<Evidence> Evidence() =>
        Who is not null && Chosen.Find(Place, Today, Who) is { } found ? board.EvidenceOf(found.Member.Person, new(Today.Year, 1, 1), Today) : [];

    public string Link(string? indicator = null, string? place = null, string? more = null) =>
        $"/cockpit?i={Uri.EscapeDataString(indicator ?? Chosen.Indicator.Id)}&o={Uri.EscapeDataString(place ?? Place)}{more}";

    private static string? Text(string? value) => string.IsNullOrEmpty(value) ? null : value;
}

/// <summary>One place of the ranking.</summary>
/// <param name="Cell">Null when it is too small to be told.</param>
/// <param name="Standardised">Rate as it would be with the ages of all; null when it cannot be said.</param>
/// <param name="Interval">Within which the true rate lies with 95 % (Wilson).</param>
/// <param name="Beyond">−1 or 1 when chance alone (99.8 %) does not explain how low or high it is.</param>
internal sealed record RankRow(string Organisation, Cell? Cell, double? Standardised, (double Low, double High)? Interval, int Beyond);
