using System.Globalization;
using System.Text;
using MiniExcelLibs;
using MiniExcelLibs.Attributes;
using MiniExcelLibs.OpenXml;
using Tongxin.Kernel.Measures;

namespace Tongxin.Host.Shell;

/// <summary>What is on the cockpit's screen as a sheet to take away: tables of cells, written as CSV or XLSX. Shows nothing that the screen does not.</summary>
internal sealed class CockpitSheet(CockpitView view, Words words)
{
    public const string WorkbookType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    private const string RateFormat = "0.0%";

    /// <summary>One table: its name, its heads and its rows; a cell is text, a whole number or a rate.</summary>
    private sealed record Table(string Name, IReadOnlyList<string> Heads, IReadOnlyList<object?[]> Rows);

    /// <summary>UTF-8 with a mark, so that sheet programs read the Chinese.</summary>
    public byte[] Csv()
    {
        var text = new StringBuilder("\uFEFF");
        foreach (var table in Tables().Where(t => t.Rows.Count > 0))
        {
            Line(text, table.Heads);
            foreach (var row in table.Rows) Line(text, row.Select(Text));
            Line(text, []);
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    public byte[] Xlsx()
    {
        var tables = Tables().ToList();
        var sheets = tables.ToDictionary(t => t.Name, t => (object)t.Rows.Select(r => t.Heads.Zip(r).ToDictionary(c => c.First, c => c.Second)).ToList(), StringComparer.Ordinal);
        var rates = tables.SelectMany(t => t.Heads.Where((_, i) => t.Rows.Any(r => r[i] is double))).Distinct().ToList();
        using var stream = new MemoryStream();
        stream.SaveAs(sheets, configuration: new OpenXmlConfiguration
        {
            DynamicColumns = [.. rates.Select(r => new DynamicExcelColumn(r) { Format = RateFormat, Width = ColumnWidth })], EnableAutoWidth = false, AutoFilter = false,
        });
        return stream.ToArray();
    }

    private const int ColumnWidth = 14;

    private IEnumerable<Table> Tables()
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

    private static string Text(object? cell) => cell switch
    {
        null => "",
        double rate => rate.ToString("0.0000", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => cell.ToString() ?? "",
    };

    // A sheet program must not take a cell for a formula.
    private static void Line(StringBuilder text, IEnumerable<string> cells) => text.AppendJoin(',', cells.Select(c =>
        $"\"{(c is ['=' or '+' or '-' or '@', ..] ? "'" : "")}{c.Replace("\"", "\"\"", StringComparison.Ordinal)}\"")).Append("\r\n");
}
