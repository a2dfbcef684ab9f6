namespace Tongxin.Modules.FamilyDoctor;

/// <summary>What a person is asked to sign.</summary>
/// <param name="Years">1 to 3.</param>
/// <param name="Stroke">Her signature as an SVG path, drawn on the screen; empty when she signed on paper.</param>
public sealed record Offer(string Team, DateOnly Start, int Years, IReadOnlyList<string> Packages, IReadOnlyList<string> Menu, string Stroke)
{
    /// <summary>The paper she signed, photographed; null when she signed on a screen.</summary>
    public PaperPhoto? Paper { get; init; }
}

/// <summary>Who may sign what, when a contract may be renewed or ended. Pure; one valid contract at a time is held by the commit, not here.</summary>
/// <remarks>Source: 国卫基层发〔2022〕10号: one resident one contract, 1 to 3 years, renewed before it ends; the prompt 30 days before is the platform's.</remarks>
public static class ContractRules
{
    public const int MostYears = 3;
    public const int PromptDays = 30;
    public const int RenewalOpensDays = 90;
    public const int MostMenuItems = 20;
    public const int LongestStroke = 20_000;
    public const int LongestReason = 500;

    /// <summary>Why a contract ends before its time: by the resident's wish, death, move.</summary>
    public static readonly IReadOnlyList<string> EndReasons = ["resident", "death", "move"];

    /// <summary>Code of the refusal, or null when it may be signed: <c>dead</c>, <c>years</c>, <c>start</c>, <c>team</c>, <c>panel</c>, <c>package</c>,
    /// <c>menu</c>, <c>signature</c>.</summary>
    public static string? Wrong(Offer offer, ServiceEdition edition, IReadOnlySet<string> groups, Team? team, long panel, bool isDead, DateOnly today)
    {
        if (isDead) return "dead";
        if (offer.Years is < 1 or > MostYears) return "years";
        if (offer.Start < today || offer.Start > today.AddDays(RenewalOpensDays)) return "start";
        if (team is not { IsActive: true }) return "team";
        if (panel >= team.PanelLimit) return "panel";
        var packages = edition.Packages.Where(p => offer.Packages.Contains(p.Id)).ToList();
        if (packages.Count != offer.Packages.Distinct().Count() || !packages.Exists(p => p.Groups.Count is 0) || packages.Exists(p => !p.IsFor(groups))) return "package";
        if (offer.Menu.Count > MostMenuItems || offer.Menu.Any(m => edition.Item(m) is not { OnMenu: true })) return "menu";
        return offer.Paper is not null || IsStroke(offer.Stroke) ? null : "signature";
    }

    /// <summary>The promised lines: the same item in two packages is owed as often as the package that promises it most, so that one visit is not owed twice.</summary>
    public static IReadOnlyList<ContractLine> Lines(ServiceEdition edition, IReadOnlyList<string> packages, IReadOnlyList<string> menu) =>
    [
        .. edition.Packages.Where(p => packages.Contains(p.Id)).SelectMany(p => p.Items.Select(i => (Package: p.Id, Item: i.Key, Count: i.Value)))
            .GroupBy(l => l.Item, StringComparer.Ordinal).Select(g => g.MaxBy(l => l.Count))
            .Select(l => new ContractLine(l.Item, l.Package, l.Count, edition.Item(l.Item)!.Price)),
        .. menu.GroupBy(m => m, StringComparer.Ordinal).Select(g => new ContractLine(g.Key, ContractLine.Menu, g.Count(), edition.Item(g.Key)!.Price)),
    ];

    /// <summary>The lines with one more unit of a menu item.</summary>
    public static IReadOnlyList<ContractLine> Ordered(IReadOnlyList<ContractLine> lines, ServiceItem item)
    {
        var before = lines.FirstOrDefault(l => l.From is ContractLine.Menu && l.Item == item.Id);
        return [.. lines.Where(l => l != before), new ContractLine(item.Id, ContractLine.Menu, (before?.PerYear ?? 0) + 1, item.Price)];
    }

    /// <summary>Code of the refusal: <c>state</c>, <c>early</c> (renewal opens 90 days before the end), <c>next</c> (renewed already).</summary>
    public static string? WrongRenewal(FamilyContract? current, bool hasNext, DateOnly today) =>
        current?.StateOn(today) is not ContractState.Active ? "state" : hasNext ? "next" : current.DaysLeft(today) > RenewalOpensDays ? "early" : null;

    /// <summary>Code of the refusal: <c>state</c>, <c>reason</c>.</summary>
    public static string? WrongEnd(FamilyContract? current, string reason, DateOnly today) =>
        current?.StateOn(today) is not (ContractState.Active or ContractState.Signed) ? "state" : EndReasons.Contains(reason) ? null : "reason";

    // Only a path of whole points: what is stored as a picture can hold nothing else.
    internal static bool IsStroke(string stroke) =>
        stroke.Length is >= 8 and <= LongestStroke && stroke[0] is 'M' && stroke.All(c => char.IsAsciiDigit(c) || c is 'M' or 'L' or ' ');
}
