using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Tongxin.Fhir.Validation;

/// <summary>The primitive types of FHIR R4 whose formats differ.</summary>
internal enum PrimitiveKind
{
    Boolean, Integer, PositiveInt, UnsignedInt, Decimal, String, Code, Id, Uri, Canonical, Oid, Uuid, Date, DateTime, Instant, Time, Base64, Xhtml,
}

/// <summary>Formats of primitives (FHIR R4 §2.24.0.1), checked on the bytes as they came.</summary>
internal static class Primitives
{
    /// <summary>FHIR R4 §2.24.0.1: strings are no longer than a mebibyte.</summary>
    public const int LongestString = 1024 * 1024;

    public static PrimitiveKind Kind(string type) => type switch
    {
        "boolean" => PrimitiveKind.Boolean,
        "integer" => PrimitiveKind.Integer,
        "positiveInt" => PrimitiveKind.PositiveInt,
        "unsignedInt" => PrimitiveKind.UnsignedInt,
        "decimal" => PrimitiveKind.Decimal,
        "code" => PrimitiveKind.Code,
        "id" => PrimitiveKind.Id,
        "uri" or "url" => PrimitiveKind.Uri,
        "canonical" => PrimitiveKind.Canonical,
        "oid" => PrimitiveKind.Oid,
        "uuid" => PrimitiveKind.Uuid,
        "date" => PrimitiveKind.Date,
        "dateTime" => PrimitiveKind.DateTime,
        "instant" => PrimitiveKind.Instant,
        "time" => PrimitiveKind.Time,
        "base64Binary" => PrimitiveKind.Base64,
        "xhtml" => PrimitiveKind.Xhtml,
        _ => PrimitiveKind.String,
    };

    /// <summary>A sentence that says what is wrong; null when nothing is.</summary>
    public static string? Wrong(PrimitiveKind kind, JsonElement value) => kind switch
    {
        PrimitiveKind.Boolean => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : $"A boolean is true or false, not {Quote.Kind(value)}.",
        PrimitiveKind.Integer or PrimitiveKind.PositiveInt or PrimitiveKind.UnsignedInt => WrongInteger(kind, value),
        PrimitiveKind.Decimal => value.ValueKind is JsonValueKind.Number ? null : $"A decimal is a JSON number, not {Quote.Kind(value)}.",
        _ when value.ValueKind is not JsonValueKind.String => $"This is a string, not {Quote.Kind(value)}.",
        _ => WrongString(kind, value),
    };

    private static string? WrongInteger(PrimitiveKind kind, JsonElement value)
    {
        if (value.ValueKind is not JsonValueKind.Number) return $"An integer is a JSON number, not {Quote.Kind(value)}.";
        var raw = JsonMarshal.GetRawUtf8Value(value);
        if (raw.ContainsAny((byte)'.', (byte)'e', (byte)'E') || raw.SequenceEqual("-0"u8) || !value.TryGetInt32(out var number))
            return "An integer has no fraction or exponent and fits in 32 bits.";
        return (kind, number) switch
        {
            (PrimitiveKind.PositiveInt, < 1) => "A positiveInt is 1 or more.",
            (PrimitiveKind.UnsignedInt, < 0) => "An unsignedInt is 0 or more.",
            _ => null,
        };
    }

    private static string? WrongString(PrimitiveKind kind, JsonElement value)
    {
        var raw = JsonMarshal.GetRawUtf8Value(value);
        var text = raw[1..^1];
        if (text.Contains((byte)'\\'))
        {
            text = Encoding.UTF8.GetBytes(value.GetString()!);
            if (text.ContainsAny(ControlCharacters)) return "A string has no control characters besides tab, carriage return and line feed.";
        }

        if (text.Length is 0) return "A string is not empty; leave the element out.";
        if (text.Length > LongestString && kind is not (PrimitiveKind.Base64 or PrimitiveKind.Xhtml)) return $"A string has at most {LongestString} bytes.";
        return kind switch
        {
            PrimitiveKind.String => null,
            PrimitiveKind.Code => IsCode(text) ? null : "A code has no white space at its ends and only single spaces within.",
            PrimitiveKind.Id => IsId(text) ? null : "An id is 1 to 64 letters, digits, '-' and '.'.",
            PrimitiveKind.Uri or PrimitiveKind.Canonical => HasSpace(text) ? "A uri has no white space." : null,
            PrimitiveKind.Oid => IsOid(text) ? null : "An oid is written urn:oid:1.2.3.",
            PrimitiveKind.Uuid => IsUuid(text) ? null : "A uuid is written urn:uuid: and 32 lower-case hexadecimal digits with hyphens.",
            PrimitiveKind.Date => DateFormats.IsDate(text) ? null : "A date is written 2026, 2026-03 or 2026-03-31, and the day exists.",
            PrimitiveKind.DateTime => DateFormats.IsDateTime(text) ? null : "A dateTime is a date, or a date with time and zone: 2026-03-31T08:30:00+08:00.",
            PrimitiveKind.Instant => DateFormats.IsInstant(text) ? null : "An instant has date, time to the second and zone: 2026-03-31T08:30:00.000+08:00.",
            PrimitiveKind.Time => DateFormats.IsTime(text) ? null : "A time is written 08:30:00.",
            PrimitiveKind.Base64 => Base64.IsValid(text) ? null : "This is not base64.",
            PrimitiveKind.Xhtml => XhtmlCheck.Wrong(value.GetString()!),
            _ => null,
        };
    }

    private static readonly SearchValues<byte> ControlCharacters =
        SearchValues.Create([.. Enumerable.Range(0, 32).Where(c => c is not (9 or 10 or 13)).Select(c => (byte)c)]);

    private static readonly SearchValues<byte> Spaces = SearchValues.Create(" \t\r\n\v\f"u8);

    private static bool HasSpace(ReadOnlySpan<byte> text) => text.ContainsAny(Spaces);

    private static bool IsCode(ReadOnlySpan<byte> text)
    {
        if (!HasSpace(text)) return true;
        if (Spaces.Contains(text[0]) || Spaces.Contains(text[^1])) return false;
        for (var i = 1; i < text.Length; i++)
            if (Spaces.Contains(text[i]) && Spaces.Contains(text[i - 1])) return false;
        return true;
    }

    private static bool IsId(ReadOnlySpan<byte> text)
    {
        if (text.Length is 0 or > 64) return false;
        foreach (var c in text)
            if (!char.IsAsciiLetterOrDigit((char)c) && c is not ((byte)'-' or (byte)'.')) return false;
        return true;
    }

    private static bool IsOid(ReadOnlySpan<byte> text)
    {
        if (!text.StartsWith("urn:oid:"u8)) return false;
        var parts = 0;
        foreach (var range in text[8..].Split((byte)'.'))
        {
            var part = text[8..][range];
            if (part.Length is 0 || part.ContainsAnyExceptInRange((byte)'0', (byte)'9') || (part.Length > 1 && part[0] is (byte)'0')) return false;
            if (parts++ is 0 && (part.Length > 1 || part[0] > (byte)'2')) return false;
        }

        return parts > 1;
    }

    private static bool IsUuid(ReadOnlySpan<byte> text)
    {
        if (!text.StartsWith("urn:uuid:"u8) || text.Length is not 45) return false;
        for (var i = 9; i < 45; i++)
        {
            var hyphen = i is 17 or 22 or 27 or 32;
            if (hyphen ? text[i] is not (byte)'-' : !(char.IsAsciiHexDigitLower((char)text[i]))) return false;
        }

        return true;
    }
}
