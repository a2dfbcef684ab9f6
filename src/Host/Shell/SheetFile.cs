using System.Globalization;
using System.Text;
using MiniExcelLibs;
using MiniExcelLibs.Attributes;
using MiniExcelLibs.OpenXml;

namespace Tongxin.Host.Shell;

/// <summary>One table of a sheet: its name, its heads and its rows; a cell is text, a whole number or a rate.</summary>
internal sealed record SheetTable(string Name, IReadOnlyList<string> Heads, IReadOnlyList<object?[]> Rows);

/// <summary>Tables written as CSV or XLSX.</summary>
internal static class SheetFile
{
    public const string WorkbookType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    private const string RateFormat = "0.0%";
    private const int ColumnWidth = 14;

    /// <summary>UTF-8 with a mark, so that sheet programs read the Chinese.</summary>
    public static byte[] Csv(IEnumerable<SheetTable> tables)
    {
        var text = new StringBuilder("\uFEFF");
        foreach (var table in tables.Where(t => t.Rows.Count > 0))
        {
            Line(text, table.Heads);
            foreach (var row in table.Rows) Line(text, row.Select(Text));
            Line(text, []);
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    public static byte[] Xlsx(IReadOnlyList<SheetTable> tables)
    {
        var sheets = tables.ToDictionary(t => t.Name, t => (object)t.Rows.Select(r => t.Heads.Zip(r).ToDictionary(c => c.First, c => c.Second)).ToList(), StringComparer.Ordinal);
        var rates = tables.SelectMany(t => t.Heads.Where((_, i) => t.Rows.Any(r => r[i] is double))).Distinct().ToList();
        using var stream = new MemoryStream();
        stream.SaveAs(sheets, configuration: new OpenXmlConfiguration
        {
            DynamicColumns = [.. rates.Select(r => new DynamicExcelColumn(r) { Format = RateFormat, Width = ColumnWidth })], EnableAutoWidth = false, AutoFilter = false,
        });
        return stream.ToArray();
    }

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
