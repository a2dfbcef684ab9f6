using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using Tongxin.Fhir;

namespace Tongxin.Kernel.Records;

/// <summary>The gate for bytes: checks that they are one JSON object of a resource and cuts them so that id and meta can be spliced in.</summary>
/// <remarks>
/// Judges JSON, not FHIR: what the members mean is validation's. Everything it keeps it keeps byte for byte: numbers, white space, order, escapes.
/// Refuses with 400 (malformed, with line and column), 413 (too large).
/// </remarks>
public static class BodyReader
{
    public const int LargestBody = 16 * 1024 * 1024;
    public const int DeepestNesting = 64;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = DeepestNesting, AllowDuplicateProperties = false };

    /// <param name="expectedType">Type in the URL; null when any will do.</param>
    public static ParsedBody Read(ReadOnlyMemory<byte> bytes, string? expectedType = null, int largest = LargestBody)
    {
        if (bytes.Length > largest)
            throw RefusedException.Because(413, "too-long", $"The body has {bytes.Length} bytes; at most {largest} are accepted.");
        CheckText(bytes.Span);
        var document = Parse(bytes);
        try
        {
            return Cut(document, bytes, expectedType);
        }
        catch
        {
            document.Dispose();
            throw;
        }
    }

    private static void CheckText(ReadOnlySpan<byte> bytes)
    {
        if (bytes is []) throw RefusedException.Because(400, "structure", "The body is empty; a resource in JSON was expected.");
        if (bytes.StartsWith("\uFEFF"u8))
            throw RefusedException.Because(400, "structure", "The body begins with a byte order mark; JSON has none (RFC 8259 §8.1). Line 1, column 1.");
        if (!Utf8.IsValid(bytes))
            throw RefusedException.Because(400, "structure", $"The body is not UTF-8. {Place(bytes, FirstInvalid(bytes))}.");
        // Before parsing: the parser trips over half a pair in a name.
        if (LoneSurrogate(bytes) is >= 0 and var at)
            throw RefusedException.Because(400, "structure", $"An escaped character is half of a pair (lone surrogate). {Place(bytes, at)}.");
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return JsonDocument.Parse(bytes, Strict);
        }
        catch (JsonException wrong)
        {
            throw RefusedException.Because(400, "structure", $"The body is not JSON: {Reason(wrong)} Line {wrong.LineNumber + 1}, column {wrong.BytePositionInLine + 1}.");
        }
    }

    private static ParsedBody Cut(JsonDocument document, ReadOnlyMemory<byte> bytes, string? expectedType)
    {
        var root = document.RootElement;
        if (root.ValueKind is not JsonValueKind.Object)
            throw RefusedException.Because(400, "structure", "The body is not a JSON object; a resource was expected.");
        if (!root.TryGetProperty("resourceType"u8, out var typeElement) || typeElement.ValueKind is not JsonValueKind.String)
            throw RefusedException.Because(400, "structure", "The body has no resourceType.", "resourceType");
        var type = typeElement.GetString()!;
        if (!Model.FirelyModel.ResourceTypes.Contains(type))
            throw RefusedException.Because(400, "structure", $"'{Shorten(type)}' is not a resource type of FHIR R4.", "resourceType");
        if (expectedType is not null && type != expectedType)
            throw RefusedException.Because(400, "structure", $"The body is a {type}, but the address says {expectedType}.", "resourceType");

        string? id = null;
        if (root.TryGetProperty("id"u8, out var idElement))
        {
            if (idElement.ValueKind is not JsonValueKind.String || !ResourceKey.IsLegalId(id = idElement.GetString()))
                throw RefusedException.Because(400, "value", "An id is a string of 1 to 64 letters, digits, '-' and '.'.", $"{type}.id");
        }

        var metaRest = ReadOnlyMemory<byte>.Empty;
        if (root.TryGetProperty("meta"u8, out var meta))
        {
            if (meta.ValueKind is not JsonValueKind.Object)
                throw RefusedException.Because(400, "structure", "meta must be an object.", $"{type}.meta");
            metaRest = Without(bytes, meta, static member => member.NameEquals("versionId"u8) || member.NameEquals("lastUpdated"u8));
        }

        var rest = Without(bytes, root, static member => member.NameEquals("resourceType"u8) || member.NameEquals("id"u8) || member.NameEquals("meta"u8));
        return new(document, new ResourceBody(type, metaRest, rest), id);
    }

    /// <summary>The object's members that stay, with the white space around them, without braces; a slice where they lie together.</summary>
    private static ReadOnlyMemory<byte> Without(ReadOnlyMemory<byte> bytes, JsonElement whole, Func<JsonProperty, bool> goes)
    {
        var kept = new List<(int Start, int End)>();
        var at = Offset(bytes, JsonMarshal.GetRawUtf8Value(whole)) + 1;
        var end = at - 2 + JsonMarshal.GetRawUtf8Value(whole).Length;
        var afterGone = false;
        foreach (var member in whole.EnumerateObject())
        {
            var value = JsonMarshal.GetRawUtf8Value(member.Value);
            var memberEnd = Offset(bytes, value) + value.Length;
            if (goes(member)) afterGone = true;
            else if (kept.Count > 0 && !afterGone) kept[^1] = (kept[^1].Start, memberEnd);
            else
            {
                // The comma before the first kept member belonged to its neighbour that went.
                var comma = bytes.Span[at] is (byte)',' ? 1 : bytes.Span[at..].IndexOfAnyExcept(" \t\r\n"u8) is var gap && bytes.Span[at + gap] is (byte)',' ? gap + 1 : 0;
                kept.Add((at + comma, memberEnd));
                afterGone = false;
            }

            at = memberEnd;
        }

        if (kept.Count is 0) return default;
        if (!afterGone) kept[^1] = (kept[^1].Start, end);
        return kept is [var only] ? bytes[only.Start..only.End] : Join(bytes, kept);
    }

    private static byte[] Join(ReadOnlyMemory<byte> bytes, List<(int Start, int End)> pieces)
    {
        var joined = new ArrayBufferWriter<byte>(bytes.Length);
        foreach (var (start, end) in pieces)
        {
            if (joined.WrittenCount > 0) joined.Write(","u8);
            joined.Write(bytes.Span[start..end]);
        }

        return joined.WrittenSpan.ToArray();
    }

    private static int Offset(ReadOnlyMemory<byte> bytes, ReadOnlySpan<byte> part) =>
        (int)Unsafe.ByteOffset(ref MemoryMarshal.GetReference(bytes.Span), ref MemoryMarshal.GetReference(part));

    /// <summary>Offset of an escape such as \uD83D that has no other half; -1 for none. Whether the rest is JSON is not asked here.</summary>
    private static int LoneSurrogate(ReadOnlySpan<byte> json)
    {
        for (var at = 0; json[at..].IndexOf((byte)'\\') is >= 0 and var next;)
        {
            at += next;
            if (Escaped(json, at) is not { } code)
            {
                at = Math.Min(at + 2, json.Length);
                continue;
            }

            if (char.IsLowSurrogate(code)) return at;
            if (char.IsHighSurrogate(code))
            {
                if (Escaped(json, at + 6) is not { } other || !char.IsLowSurrogate(other)) return at;
                at += 6;
            }

            at += 6;
        }

        return -1;
    }

    /// <summary>The character that \uXXXX at this place stands for; null when there is no such escape.</summary>
    private static char? Escaped(ReadOnlySpan<byte> json, int at) =>
        at + 6 <= json.Length && json[at] is (byte)'\\' && json[at + 1] is (byte)'u' &&
        ushort.TryParse(json.Slice(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) ? (char)code : null;

    private static int FirstInvalid(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length && System.Text.Rune.DecodeFromUtf8(bytes[at..], out _, out var length) is OperationStatus.Done) at += length;
        return at;
    }

    private static string Place(ReadOnlySpan<byte> bytes, int at)
    {
        var before = bytes[..at];
        return $"Line {before.Count((byte)'\n') + 1}, column {at - before.LastIndexOf((byte)'\n')}";
    }

    private static string Reason(JsonException wrong)
    {
        var cut = wrong.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return Shorten(cut < 0 ? wrong.Message : wrong.Message[..cut], 200);
    }

    private static string Shorten(string text, int length = 64) => text.Length <= length ? text : text[..length] + "…";
}

/// <summary>A body that is JSON of a known resource type. Dispose it to give the parser's memory back.</summary>
/// <param name="Body">Cut for the store; points into the bytes that were read.</param>
/// <param name="Id">The id that the body itself carries; null for none.</param>
public sealed record ParsedBody(JsonDocument Document, ResourceBody Body, string? Id) : IDisposable
{
    public JsonElement Root => Document.RootElement;

    public void Dispose() => Document.Dispose();
}
