using System.Text;
using Tongxin.Fhir;

namespace Tongxin.Modules.People.Adt;

/// <summary>Bytes of a message as text, by MSH-18 (table 0211); a message that says none is UTF-8 where it can be read so, else GB18030.</summary>
internal static class Hl7Text
{
    private static readonly string[] NationalNames = ["GB18030", "GBK", "GB2312"];
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);
    private static readonly Encoding National =
        CodePagesEncodingProvider.Instance.GetEncoding("GB18030", EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)!;

    /// <summary>The text and the encoding in which the answer is to be written. Refuses 400 bytes that are not what the header says.</summary>
    public static (string Text, Encoding Encoding) Decode(ReadOnlySpan<byte> bytes)
    {
        var (utf8, national) = (Try(Utf8, bytes), Try(National, bytes));
        // The header itself may hold Chinese, whose second byte may look like a separator: each reading must agree with what it says of itself.
        if (utf8 is not null && Says(utf8) is Charset.Utf8) return (utf8, Utf8);
        // Chinese characters take three bytes in UTF-8; what reads as two-byte letters is GB18030 that happens to be legal (联通).
        if (utf8 is not null && Says(utf8) is Charset.None && (national is null || !utf8.Any(c => c is > '\u007F' and < '\u0800' and not '\u00B7'))) return (utf8, Utf8);
        if (national is not null && Says(national) is not Charset.Utf8) return (national, National);
        throw RefusedException.Because(400, "value", "The bytes are not in the character set that MSH-18 says (UNICODE UTF-8, GB 18030-2000 or ASCII).", "MSH^1^18");
    }

    private enum Charset { None, Utf8, National }

    private static Charset Says(string text)
    {
        if (text.Length < 8 || !text.StartsWith("MSH", StringComparison.Ordinal)) return Charset.None;
        var end = text.AsSpan().IndexOfAny('\r', '\n');
        var fields = (end < 0 ? text : text[..end]).Split(text[3]);
        var said = fields.Length > 17 ? string.Concat(fields[17].Split('~')[0].Where(char.IsLetterOrDigit)).ToUpperInvariant() : "";
        return said.Contains("UTF8", StringComparison.Ordinal) ? Charset.Utf8
            : NationalNames.Any(n => said.StartsWith(n, StringComparison.Ordinal)) ? Charset.National : Charset.None;
    }

    private static string? Try(Encoding encoding, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return encoding.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
