using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tongxin.Kernel.Records;

namespace Tongxin.Web.Fhir;

/// <summary>Writes a Bundle around resources that are stored as bytes: they are copied, never parsed.</summary>
/// <remarks>Only for bytes that the store or this server made; nothing of a request goes in unescaped.</remarks>
internal sealed class BundleWriter
{
    private readonly ArrayBufferWriter<byte> buffer;
    private bool hasEntries;

    /// <param name="type">searchset, history, transaction-response or batch-response.</param>
    /// <param name="expected">Bytes of the resources that will go in.</param>
    public BundleWriter(string type, int expected, long? total = null)
    {
        buffer = new(expected + 1024);
        Raw("{\"resourceType\":\"Bundle\",\"type\":\""u8);
        Text(type);
        Raw("\""u8);
        if (total is not { } number) return;
        Raw(",\"total\":"u8);
        Number(number);
    }

    public void Links(string self, string? next)
    {
        Raw(",\"link\":[{\"relation\":\"self\",\"url\":"u8);
        Quoted(self);
        if (next is not null)
        {
            Raw("},{\"relation\":\"next\",\"url\":"u8);
            Quoted(next);
        }

        Raw("}]"u8);
    }

    /// <summary>Begins an entry; the members that follow are written by the methods below, then <see cref="EndEntry"/>.</summary>
    /// <param name="fullUrl">Null when the entry has no resource of its own.</param>
    public void BeginEntry(string? fullUrl)
    {
        Raw(hasEntries ? ",{"u8 : ",\"entry\":[{"u8);
        hasEntries = true;
        first = true;
        if (fullUrl is null) return;
        Member("\"fullUrl\":"u8);
        Quoted(fullUrl);
    }

    private bool first;

    public void Resource(ReadOnlySpan<byte> json)
    {
        Member("\"resource\":"u8);
        Raw(json);
    }

    public void SearchMode(ReadOnlySpan<byte> mode)
    {
        Member("\"search\":{\"mode\":\""u8);
        Raw(mode);
        Raw("\"}"u8);
    }

    public void Request(string method, string url)
    {
        Member("\"request\":{\"method\":\""u8);
        Text(method);
        Raw("\",\"url\":"u8);
        Quoted(url);
        Raw("}"u8);
    }

    public void Response(string status, Stored? version, string? location = null, ReadOnlyMemory<byte> outcome = default)
    {
        Member("\"response\":{\"status\":\""u8);
        Text(status);
        Raw("\""u8);
        if (location is not null)
        {
            Raw(",\"location\":"u8);
            Quoted(location);
        }

        if (version is not null)
        {
            Raw(",\"etag\":\"W/\\\""u8);
            Number(version.Version);
            Raw("\\\"\",\"lastModified\":\""u8);
            Text(ResourceBody.Instant(version.LastUpdated));
            Raw("\""u8);
        }

        if (outcome.Length > 0)
        {
            Raw(",\"outcome\":"u8);
            Raw(outcome.Span);
        }

        Raw("}"u8);
    }

    public void EndEntry() => Raw("}"u8);

    public ReadOnlyMemory<byte> End()
    {
        Raw(hasEntries ? "]}"u8 : "}"u8);
        return buffer.WrittenMemory;
    }

    private void Member(ReadOnlySpan<byte> name)
    {
        if (!first) Raw(","u8);
        first = false;
        Raw(name);
    }

    private void Raw(ReadOnlySpan<byte> bytes) => buffer.Write(bytes);

    private void Text(string ascii)
    {
        var span = buffer.GetSpan(ascii.Length * 3);
        buffer.Advance(Encoding.UTF8.GetBytes(ascii, span));
    }

    private void Number(long value)
    {
        var span = buffer.GetSpan(20);
        value.TryFormat(span, out var written, provider: System.Globalization.CultureInfo.InvariantCulture);
        buffer.Advance(written);
    }

    private void Quoted(string text)
    {
        Raw("\""u8);
        Raw(JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
        Raw("\""u8);
    }
}
