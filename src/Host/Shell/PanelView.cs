using System.Globalization;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Host.Shell;

/// <summary>The panel of one programme as one caller asks for it, by a link alone.</summary>
/// <remarks>Its parts: <c>programme</c>, <c>place</c>, <c>need</c>, <c>class</c>, <c>doctor</c>, page <c>from</c>.</remarks>
/// <param name="Home">Organisation at which the caller's panel begins.</param>
internal sealed record PanelView(ProgrammePackage Package, string Home, PanelFilter Filter, int From)
{
    public const int PerPage = 50;

    /// <summary>Null when the caller may see the people of no programme that was asked for.</summary>
    /// <param name="given">What the link or the form says.</param>
    public static PanelView? Of(Func<string, string?> given, Caller caller, Panel panel, Board board, ProgrammeSet programmes)
    {
        var packages = Open(caller, panel, programmes);
        var package = packages.FirstOrDefault(p => p.Code == given("programme")) ?? (packages.Count > 0 ? packages[0] : null);
        if (package is null || panel.Home(caller, package.Sensitivity) is not { } home) return null;
        var place = Given(given("place")) is { } asked && board.IsWithin(asked, home) ? asked : home;
        var need = Enum.TryParse<PanelNeed>(given("need"), out var named) && Enum.IsDefined(named) ? named : PanelNeed.All;
        string[] examinations = [.. package.Services.Where(s => s.Kind is ServiceKind.Yearly).Select(s => $"{package.Code}.{s.Id}")];
        var from = int.TryParse(given("from"), NumberStyles.None, CultureInfo.InvariantCulture, out var row) ? row : 0;
        return new(package, home, new(package.Code, place, need, Given(given("class")), Given(given("doctor")), examinations), from);
    }

    /// <summary>The programmes whose people the caller sees by name.</summary>
    public static IReadOnlyList<ProgrammePackage> Open(Caller caller, Panel panel, ProgrammeSet programmes) =>
        [.. programmes.Codes.Select(c => programmes.All.Last(p => p.Code == c)).Where(p => panel.Home(caller, p.Sensitivity) is not null)];

    /// <summary>The link to this panel with some of it changed.</summary>
    public string Link(Func<PanelFilter, PanelFilter> changed, int from = 0)
    {
        var filter = changed(Filter);
        (string, string?)[] parts =
        [
            ("programme", filter.Programme), ("place", filter.Place == Home ? null : filter.Place), ("need", filter.Need is PanelNeed.All ? null : filter.Need.ToString()),
            ("class", filter.Class), ("doctor", filter.Doctor), ("from", from is 0 ? null : from.ToString(CultureInfo.InvariantCulture)),
        ];
        return "/panel?" + string.Join('&', parts.Where(p => p.Item2 is not null).Select(p => $"{p.Item1}={Uri.EscapeDataString(p.Item2!)}"));
    }

    private static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
