using System.Globalization;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Programmes;

namespace Tongxin.Host.Shell;

/// <summary>The frozen periods as one caller may see them: the list, or one period with its indicators, or one indicator with who changed since.</summary>
/// <remarks>Addressed by a link alone: county <c>c</c>, last day <c>f</c>, place <c>o</c>, indicator <c>i</c>, page <c>from</c>.</remarks>
internal sealed class FrozenView
{
    public const int PeoplePerPage = 50;

    public required DateOnly Today { get; init; }
    public required IReadOnlyDictionary<string, string> Names { get; init; }

    /// <summary>One for each county and period, newest first.</summary>
    public required IReadOnlyList<IReadOnlyList<FrozenReport>> Periods { get; init; }

    /// <summary>The period that was opened; empty when none was.</summary>
    public IReadOnlyList<FrozenLine> Lines { get; private init; } = [];
    public string County { get; private init; } = "";
    public string Place { get; private init; } = "";
    public IReadOnlyList<(string Id, string Name)> Below { get; private init; } = [];

    /// <summary>The indicator that was opened; null when none was.</summary>
    public FrozenLine? Chosen { get; private init; }

    /// <summary>Null when nothing was opened, or the list in the record is not the one that was signed: then <see cref="IsDamaged"/>.</summary>
    public RestatedPlace? Restated { get; private init; }
    public bool IsDamaged { get; private init; }
    public int From { get; private init; }

    public DateOnly End => Lines[0].Report.End;
    public string PlaceName => Name(Place);
    public string Name(string? place) => place is null ? "" : Names.GetValueOrDefault(place, place);

    /// <summary>Null when the link names a period that is not there.</summary>
    public static async Task<FrozenView?> OfAsync(HttpContext http, Caller caller, FrozenOutlook outlook, Board board, TimeProvider clock)
    {
        var (query, cancel) = (http.Request.Query, http.RequestAborted);
        var all = await outlook.AllAsync(caller, cancel);
        var periods = all.GroupBy(r => (r.End, r.County)).Select(g => (IReadOnlyList<FrozenReport>)[.. g]).ToList();
        var view = new FrozenView { Today = LocalTime.Today(clock), Names = board.Names(), Periods = periods };
        if (query["f"].ToString() is not { Length: > 0 } asked) return view;
        var opened = periods.Find(p => Day(p[0].End) == asked && (query["c"].Count is 0 || p[0].County == query["c"]));
        if (opened is null || outlook.Place(caller, opened[0].County, query["o"]) is not { } place) return null;
        var lines = new List<FrozenLine>();
        foreach (var report in opened) lines.Add(await outlook.LineAsync(caller, report, place, cancel));
        lines = [.. lines.OrderBy(l => l.Indicator?.Headline ?? int.MaxValue).ThenBy(l => l.Indicator?.Module, StringComparer.Ordinal)];
        var chosen = lines.Find(l => l.Report.Indicator == query["i"]);
        var (restated, isDamaged) = chosen is null ? (null, false) : await RestateAsync(caller, outlook, chosen.Report, place, cancel);
        return new()
        {
            Today = view.Today, Names = view.Names, Periods = periods, Lines = lines, County = opened[0].County, Place = place, Chosen = chosen,
            Restated = restated, IsDamaged = isDamaged, Below = await outlook.BelowAsync(opened[0], place, cancel),
            From = int.TryParse(query["from"], NumberStyles.None, CultureInfo.InvariantCulture, out var from) ? from : 0,
        };
    }

    private static async Task<(RestatedPlace?, bool)> RestateAsync(Caller caller, FrozenOutlook outlook, FrozenReport report, string place, CancellationToken cancel)
    {
        try
        {
            return (await outlook.RestateAsync(caller, report, place, cancel), false);
        }
        catch (InvalidDataException)
        {
            return (null, true);
        }
    }

    public string Link(string? indicator = null, string? place = null, string? more = null)
    {
        var of = indicator is null ? "" : $"&i={Uri.EscapeDataString(indicator)}";
        return $"/cockpit/frozen?f={Day(End)}&c={Uri.EscapeDataString(County)}&o={Uri.EscapeDataString(place ?? Place)}{of}{more}";
    }

    public static string Link(FrozenReport report) => $"/cockpit/frozen?f={Day(report.End)}&c={Uri.EscapeDataString(report.County)}";

    /// <summary>What a period is called: the year, the half, the quarter or the month that it ends with, and the months that it counts.</summary>
    public static string PeriodName(DateOnly end, Words words) => string.Format(CultureInfo.InvariantCulture, words[end.Month switch
    {
        12 => "frozen.year",
        6 => "frozen.half",
        3 or 9 => "frozen.quarter",
        _ => "frozen.month",
    }], end.Year, end.Month, end.Month / 3);

    /// <summary>Why somebody stands differently, in one sentence.</summary>
    public string Why(SeenRestated change, Words words)
    {
        var (then, now) = (Reason(change.ReasonThen), Reason(change.ReasonNow));
        return change.Kind switch
        {
            Restating.CameIn => now,
            Restating.WentOut => $"{then} → {words[change.IsOnRecord ? "frozen.why-left" : "frozen.why-gone"]}",
            Restating.MovedIn or Restating.MovedAway when change.PlaceThen is not null => $"{Name(change.PlaceThen)} → {Name(change.PlaceNow)}",
            Restating.MovedIn or Restating.MovedAway => words["frozen.why-moved"],
            _ => then == now ? then : $"{then} → {now}",
        };
    }

    private string Reason(string? code) => code is null ? "" : Chosen?.Indicator?.Reasons.GetValueOrDefault(code, code) ?? code;

    /// <summary>A moment by the county's clock.</summary>
    internal static string Time(DateTimeOffset at) => at.ToOffset(LocalTime.Offset).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    internal static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
