using System.Text;
using Tongxin.Fhir;

namespace Tongxin.Modules.People.Rolls;

/// <summary>Bytes of a CSV as text: a mark decides; without one each line is UTF-8 or GB18030, since rolls are pasted together from several machines.</summary>
internal static class RollText
{
    private const byte LineFeed = (byte)'\n';
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);
    private static readonly Encoding National = MakeNational();

    /// <summary>A line that is neither holds U+FFFD. Refuses 422 what is not text.</summary>
    public static string Decode(byte[] file)
    {
        if (file.AsSpan().StartsWith(Encoding.Unicode.Preamble)) return Encoding.Unicode.GetString(file.AsSpan(2));
        if (file.AsSpan().StartsWith(Encoding.BigEndianUnicode.Preamble)) return Encoding.BigEndianUnicode.GetString(file.AsSpan(2));
        if (file.AsSpan().Contains((byte)0)) throw RefusedException.Because(422, "structure", "这不是表格：请上传 .xlsx 工作簿或 CSV 文件。");
        var rest = file.AsSpan();
        if (rest.StartsWith(Encoding.UTF8.Preamble)) rest = rest[3..];
        var text = new StringBuilder(rest.Length);
        while (rest.Length > 0)
        {
            var end = rest.IndexOf(LineFeed);
            var line = end < 0 ? rest : rest[..(end + 1)];
            text.Append(Line(line));
            rest = rest[line.Length..];
        }

        return text.ToString();
    }

    // Chinese characters take three bytes in UTF-8; a line that reads as two-byte letters is GB18030 that happens to be legal (联通).
    private static string Line(ReadOnlySpan<byte> line)
    {
        var utf8 = Try(Utf8, line);
        if (utf8 is not null && !utf8.Any(c => c is > '\u007F' and < '\u0800' and not '\u00B7')) return utf8;
        return Try(National, line) ?? utf8 ?? Encoding.UTF8.GetString(line);
    }

    private static string? Try(Encoding encoding, ReadOnlySpan<byte> line)
    {
        try
        {
            return encoding.GetString(line);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static Encoding MakeNational() =>
        CodePagesEncodingProvider.Instance.GetEncoding("GB18030", EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)!;
}
