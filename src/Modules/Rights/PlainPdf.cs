using System.Globalization;
using System.Text;

namespace Tongxin.Modules.Rights;

/// <summary>A text on A4 pages as PDF 1.5 (ISO 32000-1), Chinese included, with headings and wrapped lines. No tables, no pictures.</summary>
/// <remarks>
/// The letters are named by the predefined encoding UniGB-UTF16-H over the character collection Adobe-GB1 (§9.7.5.2), which every reader brings or
/// substitutes, so the server needs no font and the text can be searched. A character outside GB 18030's common set may show as a box.
/// </remarks>
internal sealed class PlainPdf
{
    private const int Width = 595, Height = 842, Margin = 50, Body = 10, Heading = 14;
    private const double Leading = 1.6;
    private readonly List<StringBuilder> pages = [];
    private double y;

    public void Title(string text) => Write(text, Heading, before: 12);

    public void Line(string text) => Write(text, Body, before: 0);

    public byte[] End(string footer)
    {
        if (pages.Count is 0) Line("");
        var objects = new List<string>
        {
            "<< /Type /Catalog /Pages 2 0 R >>",
            $"<< /Type /Pages /Count {pages.Count} /Kids [{string.Join(' ', pages.Select((_, i) => $"{6 + (2 * i)} 0 R"))}] >>",
            "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UTF16-H /DescendantFonts [4 0 R] >>",
            "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 5 >>" +
                " /FontDescriptor 5 0 R /DW 1000 /W [1 95 500 814 939 500] >>",
            "<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
        };
        foreach (var (i, page) in pages.Index())
        {
            var content = page.Append(Placed($"{footer}  {i + 1} / {pages.Count}", 8, Margin, 30)).ToString();
            objects.Add($"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {Width} {Height}] /Resources << /Font << /F 3 0 R >> >> /Contents {7 + (2 * i)} 0 R >>");
            objects.Add($"<< /Length {content.Length} >>\nstream\n{content}endstream");
        }

        return Whole(objects);
    }

    // Everything written is ASCII (text stands in hexadecimal), so characters are bytes.
    private static byte[] Whole(List<string> objects)
    {
        var file = new StringBuilder("%PDF-1.5\n");
        var places = new List<int>();
        foreach (var (i, body) in objects.Index())
        {
            places.Add(file.Length);
            file.Append(CultureInfo.InvariantCulture, $"{i + 1} 0 obj\n{body}\nendobj\n");
        }

        var table = file.Length;
        file.Append(CultureInfo.InvariantCulture, $"xref\n0 {objects.Count + 1}\n0000000000 65535 f \n");
        foreach (var place in places) file.Append(CultureInfo.InvariantCulture, $"{place:D10} 00000 n \n");
        file.Append(CultureInfo.InvariantCulture, $"trailer\n<< /Size {objects.Count + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
        return Encoding.ASCII.GetBytes(file.ToString());
    }

    private void Write(string text, int size, int before)
    {
        foreach (var (i, line) in Wrapped(text, (Width - (2.0 * Margin)) / size).Index())
        {
            var step = (size * Leading) + (i is 0 ? before : 0);
            if (pages.Count is 0 || y - step < Margin)
            {
                pages.Add(new());
                y = Height - Margin;
            }

            y -= step;
            pages[^1].Append(Placed(line, size, Margin, y));
        }
    }

    private static string Placed(string text, int size, double x, double y) =>
        string.Create(CultureInfo.InvariantCulture, $"BT /F {size} Tf {x:0.##} {y:0.##} Td <{Convert.ToHexString(Encoding.BigEndianUnicode.GetBytes(text))}> Tj ET\n");

    /// <summary>Lines of at most so many ems; a Latin letter is half an em.</summary>
    internal static IEnumerable<string> Wrapped(string text, double ems)
    {
        var (line, width) = (new StringBuilder(), 0.0);
        foreach (var rune in text.EnumerateRunes())
        {
            var shown = Rune.IsControl(rune) ? new Rune(' ') : rune;
            var wide = shown.Value < 0x80 ? 0.5 : 1.0;
            if (width + wide > ems)
            {
                yield return line.ToString();
                line.Clear();
                width = 0;
            }

            line.Append(shown);
            width += wide;
        }

        yield return line.ToString();
    }
}
