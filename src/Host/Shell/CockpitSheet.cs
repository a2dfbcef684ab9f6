using System.Globalization;
using Tongxin.Kernel.Measures;

namespace Tongxin.Host.Shell;

/// <summary>What is on the cockpit's screen as a sheet to take away: tables of cells, written as CSV or XLSX. Shows nothing that the screen does not.</summary>
internal sealed class CockpitSheet(CockpitView view, Words words)
{
    public byte[] Csv() => SheetFile.Csv(Tables());

    public byte[] Xlsx() => SheetFile.Xlsx([.. Tables()]);

    private IEnumerable<SheetTable> Tables()
    {
        var place = words["cockpit.place"];
        yield return new(words["cockpit.rank"], [place, words["cockpit.numerator"], words["cockpit.denominator"], words["cockpit.rate"], words["cockpit.standardised"]],
            [.. view.Rank().Select(r => new object?[] { Name(r.Organisation), r.Cell?.Numerator, r.Cell?.Denominator, r.Cell?.Rate, r.Standardised })]);
        yield return new(words["cockpit.all"],
            [words["cockpit.indicator"], words["cockpit.numerator"], words["cockpit.denominator"], words["cockpit.rate"], words["cockpit.target"]],
            [.. view.Top.Concat(view.Rest.SelectMany(g => g)).Select(i => Row(i, view.At(i).Cell))]);
        if (view.ShowsPeople)
            yield return new(words["people"], [words["cockpit.alias"], place, words["cockpit.reasons"], words["cockpit.evidence"]],
                [.. view.People(Board.MostPeoplePerPage).Select(m =>
                    new object?[] { m.Alias, Name(m.Place), view.Chosen.Indicator.Reasons.GetValueOrDefault(m.Reason, m.Reason), m.Evidence })]);
        var chosen = view.Chosen.Indicator;
        yield return new(words["cockpit.how"], [words["cockpit.indicator"], words["cockpit.how"]],
        [
            [place, view.PlaceName], [words["cockpit.fresh"], view.Today.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)], [words["cockpit.indicator"], Title(chosen)],
            [words["cockpit.norm"], chosen.Norm], [words["cockpit.denominator"], chosen.Denominator], [words["cockpit.numerator"], chosen.Numerator],
            [words["cockpit.exclusion"], chosen.Exclusion], [words["cockpit.edition"], chosen.Edition],
        ]);
    }

    private object?[] Row(Indicator indicator, Cell? cell) =>
        [Title(indicator), cell?.Numerator, cell?.Denominator, indicator.IsDetector ? null : cell?.Rate, indicator.Target];

    private string Title(Indicator indicator) => words.IsChinese ? indicator.Title : indicator.TitleInEnglish;

    private string Name(string organisation) => view.Names.GetValueOrDefault(organisation, organisation);
}
