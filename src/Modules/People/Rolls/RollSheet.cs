using System.Globalization;
using System.IO.Compression;
using CsvHelper;
using MiniExcelLibs;
using Tongxin.Fhir;

namespace Tongxin.Modules.People.Rolls;

/// <summary>One row of a roll as it lies in the file.</summary>
/// <param name="Number">From 1, as the sheet program numbers its rows; of a CSV, the line of the file on which it starts.</param>
public sealed record RollLine(int Number, IReadOnlyList<string> Cells)
{
    public string this[int column] => column < Cells.Count ? Cells[column] : "";
}

/// <summary>居民花名册 as it lies in the file: CSV in UTF-8, UTF-16 or GB18030 (also mixed, line by line), or the first sheet of an XLSX workbook.</summary>
/// <remarks>Knows nothing of residents. What is not a roll at all is refused with a sentence for whoever sent it.</remarks>
public static class RollSheet
{
    public const long LargestFile = 64L << 20;
    public const int MostRows = 200_000;
    private const long LargestUnpacked = 256L << 20;
    private const int MostParts = 2_000;
    public const int MostColumns = 200;
    private const int LongestCell = 1_000;
    private const int LinesSniffed = 10;
    private static readonly byte[] Packed = [(byte)'P', (byte)'K'];
    private static readonly byte[] OldWorkbook = [0xD0, 0xCF, 0x11, 0xE0];

    /// <summary>All rows that hold anything. Refuses 422 what is no roll, 413 what is too large.</summary>
    public static IReadOnlyList<RollLine> Read(byte[] file)
    {
        if (file.LongLength > LargestFile) throw RefusedException.Because(413, "too-long", $"文件超过 {LargestFile >> 20} MB，请分成几个文件。");
        if (file.Length is 0) throw Refused("文件是空的。");
        if (file.AsSpan().StartsWith(OldWorkbook)) throw Refused("这是旧版 .xls 或加了密码的工作簿：请在表格软件中去掉密码，另存为 .xlsx 或 CSV。");
        var lines = file.AsSpan().StartsWith(Packed) ? Workbook(file) : Csv(RollText.Decode(file));
        return lines.Count > 0 ? lines : throw Refused("文件中没有一行内容。");
    }

    private static List<RollLine> Workbook(byte[] file)
    {
        CheckUnpacked(file);
        var lines = new List<RollLine>();
        var number = 0;
        try
        {
            using var stream = new MemoryStream(file, writable: false);
            foreach (IDictionary<string, object?> row in stream.Query(useHeaderRow: false, excelType: ExcelType.XLSX))
            {
                number++;
                Add(lines, number, [.. row.Values.Select(Text)]);
            }
        }
        catch (Exception broken) when (broken is not RefusedException and not OutOfMemoryException)
        {
            // The reader of workbooks has no failure of its own kind; whatever it meets is the file's fault.
            throw Refused($"工作簿在第 {number + 1} 行附近损坏，读不下去：请用表格软件打开后另存为 .xlsx 再试。");
        }

        return lines;
    }

    // Unpacked once and thrown away: a small file must not become a large one inside the reader.
    private static void CheckUnpacked(byte[] file)
    {
        try
        {
            using var archive = new ZipArchive(new MemoryStream(file, writable: false));
            if (archive.GetEntry("xl/workbook.xml") is null) throw Refused("这是压缩包，不是 .xlsx 工作簿。");
            if (archive.Entries.Count > MostParts) throw Refused("工作簿的部件太多，不像花名册。");
            var buffer = new byte[1 << 16];
            var total = 0L;
            foreach (var entry in archive.Entries)
            {
                using var part = entry.Open();
                for (int read; (read = part.Read(buffer)) > 0;)
                    if ((total += read) > LargestUnpacked) throw Refused($"工作簿解开后超过 {LargestUnpacked >> 20} MB，不像花名册，没有读。");
            }
        }
        catch (InvalidDataException)
        {
            throw Refused("文件损坏：不是完整的 .xlsx 工作簿。");
        }
    }

    private static string Text(object? cell) => cell switch
    {
        null => "",
        DateTime day => day.ToString(day.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd" : "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        _ => cell.ToString() ?? "",
    };

    private static List<RollLine> Csv(string text)
    {
        var lines = new List<RollLine>();
        using var reader = CsvReader.Create(new StringReader(text), new CsvReaderOptions { HasHeader = false, Separator = Separator(text), TrackLineNumbers = true });
        while (reader.Read())
        {
            var cells = new string[reader.FieldCount];
            for (var c = 0; c < cells.Length; c++) cells[c] = reader.GetString(c);
            var line = (int)reader.LineNumber;
            if (cells.Any(c => c.Length > LongestCell))
                throw Refused($"第 {line} 行有一格超过 {LongestCell} 个字：多半是少了一个引号，或者这不是花名册。");
            Add(lines, line, cells);
        }

        return lines;
    }

    private static char Separator(string text)
    {
        var head = text.Split('\n', LinesSniffed + 1).Take(LinesSniffed).ToList();
        return new[] { ',', '\t', ';' }.MaxBy(d => head.Sum(l => l.Count(c => c == d)));
    }

    private static void Add(List<RollLine> lines, int number, string[] cells)
    {
        if (cells.All(string.IsNullOrWhiteSpace)) return;
        if (cells.Length > MostColumns) throw Refused($"第 {number} 行有 {cells.Length} 列，最多 {MostColumns} 列：不像花名册。");
        if (lines.Count >= MostRows) throw RefusedException.Because(413, "too-long", $"超过 {MostRows} 行，请分成几个文件。");
        lines.Add(new(number, [.. cells.Select(c => c.Length > LongestCell ? c[..LongestCell] : c)]));
    }

    private static RefusedException Refused(string sentence) => RefusedException.Because(422, "structure", sentence);
}
