using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Tongxin.Modules.Rights;

namespace Tongxin.Modules.Tests.Rights;

/// <summary>The paper that a resident takes away, read back by the rules of ISO 32000-1.</summary>
public sealed partial class PlainPdfTests
{
    [Fact]
    public void Every_object_stands_where_the_table_says_and_every_letter_comes_back()
    {
        var pdf = new PlainPdf();
        pdf.Title("我的健康档案 · 欧阳𠮷兰");
        var lines = Enumerable.Range(1, 200).Select(i => $"第{i}行 <script>alert({i})</script> 收缩压 {120 + i} mmHg，" + new string('长', i)).ToList();
        foreach (var line in lines) pdf.Line(line);
        var file = Encoding.ASCII.GetString(pdf.End("页脚"));

        var table = int.Parse(file[(file.IndexOf("startxref", StringComparison.Ordinal) + 10)..].Split('\n')[0], CultureInfo.InvariantCulture);
        Assert.StartsWith("xref\n", file[table..], StringComparison.Ordinal);
        var places = Entry().Matches(file[table..]).Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).ToList();
        foreach (var (i, place) in places.Index()) Assert.StartsWith($"{i + 1} 0 obj\n", file[place..], StringComparison.Ordinal);
        foreach (Match stream in Stream().Matches(file)) Assert.Equal(int.Parse(stream.Groups[1].Value, CultureInfo.InvariantCulture), stream.Groups[2].Length);

        var text = string.Concat(Shown().Matches(file).Select(m => Encoding.BigEndianUnicode.GetString(Convert.FromHexString(m.Groups[1].Value))));
        text = Footer().Replace(text, "");
        Assert.Contains("我的健康档案 · 欧阳𠮷兰", text, StringComparison.Ordinal);
        foreach (var line in lines) Assert.Contains(line, text, StringComparison.Ordinal);
        Assert.True(places.Count > 15, "Two hundred long lines take several pages.");
    }

    [Fact]
    public void No_line_is_wider_than_the_page_and_control_characters_become_blanks()
    {
        var lines = PlainPdf.Wrapped("一\n二\u0007three" + new string('四', 100), 10).ToList();
        Assert.All(lines, l => Assert.True(l.EnumerateRunes().Sum(r => r.Value < 0x80 ? 0.5 : 1) <= 10));
        Assert.StartsWith("一 二 three", lines[0], StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^(\d{10}) 00000 n", RegexOptions.Multiline)]
    private static partial Regex Entry();

    [GeneratedRegex(@"/Length (\d+) >>\nstream\n(.*?)endstream", RegexOptions.Singleline)]
    private static partial Regex Stream();

    [GeneratedRegex("<([0-9A-F]*)> Tj")]
    private static partial Regex Shown();

    [GeneratedRegex(@"页脚  \d+ / \d+")]
    private static partial Regex Footer();
}
