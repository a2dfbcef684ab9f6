using MiniExcelLibs;

namespace Tongxin.Modules.People.Rolls;

/// <summary>The refused rows as a workbook: as they came, all cells text, with row and reason in front; mended, it is sent again as it is.</summary>
public static class RollReport
{
    public const string RowHead = "原行号";
    public const string ReasonHead = "原因";

    public static void Write(Stream stream, RollColumns columns, IReadOnlyList<RefusedRow> refused)
    {
        var heads = Heads(columns);
        var kept = refused.Select(row =>
        {
            var cells = new Dictionary<string, object>(StringComparer.Ordinal)
            {
                [RowHead] = row.Line.Number.ToString(System.Globalization.CultureInfo.InvariantCulture),
                [ReasonHead] = string.Join(' ', row.Issues.Select(i => i.Diagnostics)),
            };
            foreach (var (head, column) in heads) cells[head] = row.Line[column];
            return cells;
        });
        stream.SaveAs(kept.ToList(), configuration: new MiniExcelLibs.OpenXml.OpenXmlConfiguration { EnableAutoWidth = false, AutoFilter = false });
    }

    // Mended rows bear the row and reason of the first time no longer; two columns of one name need two.
    private static List<(string Head, int Column)> Heads(RollColumns columns)
    {
        var heads = new List<(string Head, int Column)>();
        for (var c = 0; c < columns.Heads.Count; c++)
        {
            var head = columns.Heads[c].Trim();
            if (head is RowHead or ReasonHead) continue;
            if (head.Length is 0 || heads.Any(h => h.Head == head)) head = $"{head}（第 {c + 1} 列）";
            heads.Add((head, c));
        }

        return heads;
    }
}
