namespace Tongxin.Kernel.Records;

/// <summary>The bytes of a resource cut so that id and meta can be spliced in without parsing again.</summary>
/// <param name="Type">Resource type.</param>
/// <param name="MetaRest">Members of <c>meta</c> other than versionId and lastUpdated, as JSON text without braces; may be empty.</param>
/// <param name="Rest">All members but resourceType, id and meta, as they came in, without the outer braces; may be empty.</param>
public sealed record ResourceBody(string Type, ReadOnlyMemory<byte> MetaRest, ReadOnlyMemory<byte> Rest)
{
    /// <summary>The whole resource as it is stored and sent.</summary>
    public byte[] Splice(string id, long version, DateTimeOffset lastUpdated)
    {
        var head = System.Text.Encoding.UTF8.GetBytes(
            $"{{\"resourceType\":\"{Type}\",\"id\":\"{id}\",\"meta\":{{\"versionId\":\"{version}\",\"lastUpdated\":\"{Instant(lastUpdated)}\"");
        var comma = MetaRest.Length > 0 ? 1 : 0;
        var restComma = Rest.Length > 0 ? 1 : 0;
        var whole = new byte[head.Length + comma + MetaRest.Length + 1 + restComma + Rest.Length + 1];
        var at = head.Length;
        head.CopyTo(whole, 0);
        if (comma is 1) whole[at++] = (byte)',';
        MetaRest.Span.CopyTo(whole.AsSpan(at));
        at += MetaRest.Length;
        whole[at++] = (byte)'}';
        if (restComma is 1) whole[at++] = (byte)',';
        Rest.Span.CopyTo(whole.AsSpan(at));
        whole[^1] = (byte)'}';
        return whole;
    }

    /// <summary>FHIR instant with milliseconds, UTC: what lastUpdated looks like everywhere.</summary>
    public static string Instant(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
