using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;

namespace Tongxin.Kernel.Measures;

/// <summary>One line of a frozen period: what was reported and what the same question answers now, for one place.</summary>
/// <param name="Indicator">Null when no module defines it any longer: then nothing is known of now.</param>
/// <param name="Then">Null when the place did not stand then or its number may not be told.</param>
/// <param name="Now">Null when it may not be told or is not kept for that day any longer; the list counts it then.</param>
/// <param name="IsOther">True when another edition or another query counts now than counted then.</param>
public sealed record FrozenLine(FrozenReport Report, Indicator? Indicator, Cell? Then, Cell? Now, bool IsHidden, bool IsOther);

/// <summary>The difference between a frozen number and now, down to the people.</summary>
/// <param name="Changed">How many people differ; null when telling it would point at some.</param>
/// <param name="People">Empty for who sees counts only.</param>
public sealed record RestatedPlace(Cell? Then, Cell? Now, int? Changed, IReadOnlyList<SeenRestated> People);

/// <summary>A person of a restatement as somebody may see him.</summary>
/// <param name="Person">Null when only the pseudonym may be seen.</param>
/// <param name="PlaceThen">Where he was counted; null for a pseudonym.</param>
/// <param name="IsOnRecord">False when the record of the person was withdrawn or merged.</param>
public sealed record SeenRestated(
    string Alias, string? Person, Restating Kind, string? ReasonThen, string? ReasonNow, string? Evidence, string? PlaceThen, string? PlaceNow, bool IsOnRecord);

/// <summary>Frozen periods as one caller may see them: the same roles, places and details as the live numbers.</summary>
public sealed class FrozenOutlook(FrozenReports reports, RecordAccess records, IndicatorCatalogue catalogue, Outlooks outlooks, Board board, TimeProvider clock)
{
    /// <summary>The reports of the counties that the caller's view of the numbers lies in or over.</summary>
    public async Task<IReadOnlyList<FrozenReport>> AllAsync(Caller caller, CancellationToken cancel)
    {
        var all = new List<FrozenReport>();
        if (board.Home(caller.Organisation) is { } home)
            foreach (var county in board.Counties(home)) all.AddRange(await reports.OfCountyAsync(county, cancel));
        return all;
    }

    /// <summary>The place asked for when the caller may look at it within that county; else the widest that she may.</summary>
    public string? Place(Caller caller, string county, string? asked)
    {
        if (board.Home(caller.Organisation) is not { } home) return null;
        var top = board.IsWithin(home, county) ? home : board.IsWithin(county, home) ? county : null;
        return asked is { Length: > 0 } && top is not null && board.IsWithin(asked, top) ? asked : top;
    }

    public async Task<FrozenLine> LineAsync(Caller caller, FrozenReport report, string place, CancellationToken cancel)
    {
        var indicator = catalogue.Find(report.Indicator);
        var tree = await reports.TreeAsync(report, cancel);
        var isOther = indicator is not null && (indicator.Edition != report.Edition || FrozenBodies.DefinitionOf(indicator) != report.Definition);
        if (indicator is null || outlooks.Of(caller, indicator) is not { } outlook) return new(report, indicator, null, null, true, isOther);
        var then = Told(outlook, report, tree, place);
        var isKept = FrozenReports.Periods(LocalTime.Today(clock)).Contains(report.End);
        var now = isKept && MayTell(outlook, report, place) ? outlook.At(place, report.End).Cell : null;
        return new(report, indicator, then, now, !MayTell(outlook, report, place) || (then is null && tree.At(place) is not null), isOther);
    }

    /// <summary>The names of the places below, as they were called then; those that the caller may open.</summary>
    public async Task<IReadOnlyList<(string Id, string Name)>> BelowAsync(FrozenReport report, string place, CancellationToken cancel)
    {
        var tree = await reports.TreeAsync(report, cancel);
        return [.. tree.Below(place).Where(id => board.IsWithin(id, place)).Select(id => (id, tree.Name(id) ?? id))];
    }

    /// <summary>Counts again and compares, person by person. Throws <see cref="InvalidDataException"/> when the frozen list is not the one that was signed.</summary>
    public async Task<RestatedPlace?> RestateAsync(Caller caller, FrozenReport report, string place, CancellationToken cancel)
    {
        if (catalogue.Find(report.Indicator) is not { } indicator || outlooks.Of(caller, indicator) is not { } outlook) return null;
        var (tree, then) = (await reports.TreeAsync(report, cancel), await reports.PeopleAsync(report, cancel));
        var here = board.Within(place).ToHashSet(StringComparer.Ordinal);
        var (changes, now) = Compare(indicator, report, then, place, tree, here);
        if (outlook.Detail is Detail.Counts)
        {
            var told = MayTell(outlook, report, place) && !SmallCells.IsSmall(now);
            return new(Told(outlook, report, tree, place), told ? now : null, told && !SmallCells.IsSmall(changes.Count) ? changes.Count : null, []);
        }

        var standing = board.OnRecord([.. changes.Select(c => c.Person)]);
        await records.NoteFiguresAsync(caller, "restatement", $"{report.Id} {place}",
            outlook.Detail is Detail.Names ? [.. changes.Select(c => c.Person)] : [], cancel);
        return new(tree.At(place), now, changes.Count, [.. changes.Select(c => Seen(outlook, c, standing.Contains(c.Person)))]);
    }

    private (IReadOnlyList<Restated> Changes, Cell Now) Compare(
        Indicator indicator, FrozenReport report, Dictionary<string, Member> then, string place, FrozenTree tree, HashSet<string> here)
    {
        using var connection = reports.Snapshot(report.End);
        var now = new Cell(indicator.Id, place, report.End, 0, 0, 0);
        var changes = Restatement.Between(then, Counted(), o => tree.IsWithin(o, place), here.Contains);
        return (changes, now);

        IEnumerable<Member> Counted()
        {
            foreach (var member in Evaluation.Answers(connection, indicator))
            {
                if (here.Contains(member.Organisation))
                    now = member.Excluded ? now with { Excluded = now.Excluded + 1 }
                        : now with { Denominator = now.Denominator + 1, Numerator = now.Numerator + (member.Numerator ? 1 : 0) };
                yield return member;
            }
        }
    }

    // Who sees counts sees that of her own place or of the whole county: places below are not told beside one another, and what is hidden live is hidden here.
    private static bool MayTell(Outlook outlook, FrozenReport report, string place) =>
        outlook.Detail is not Detail.Counts || ((place == outlook.Home || place == report.County) && !outlook.At(place, report.End).IsHidden);

    private static Cell? Told(Outlook outlook, FrozenReport report, FrozenTree tree, string place) =>
        tree.At(place) is { } cell && MayTell(outlook, report, place) && (outlook.Detail is not Detail.Counts || !SmallCells.IsSmall(cell)) ? cell : null;

    private static SeenRestated Seen(Outlook outlook, Restated change, bool isOnRecord)
    {
        var names = outlook.Detail is Detail.Names;
        var evidence = change.Now?.Evidence;
        return new(outlook.Alias(change.Person), names ? change.Person : null, change.Kind, change.Then?.Reason, change.Now?.Reason,
            names || evidence is null ? evidence : evidence[..evidence.IndexOf('/', StringComparison.Ordinal)],
            names ? change.Then?.Organisation : null, names ? change.Now?.Organisation : null, isOnRecord);
    }
}
