using System.Buffers;

namespace Tongxin.Web.Fhir.Bulk;

/// <summary>Newline-delimited JSON: one resource in each line.</summary>
public static class NdJson
{
    private static readonly SearchValues<byte> lineEnds = SearchValues.Create("\r\n"u8);

    /// <summary>The resource on one line, with its end. Line ends within JSON are white space between members (a string cannot hold them), so that a space says the same.</summary>
    public static byte[] Line(ReadOnlyMemory<byte> body)
    {
        var line = new byte[body.Length + 1];
        body.Span.CopyTo(line);
        var rest = line.AsSpan(0, body.Length);
        while (rest.IndexOfAny(lineEnds) is >= 0 and var at)
        {
            rest[at] = (byte)' ';
            rest = rest[(at + 1)..];
        }

        line[^1] = (byte)'\n';
        return line;
    }
}
