namespace Tongxin.Fhir.Validation;

/// <summary>Formats of date, dateTime, instant and time (FHIR R4 §2.24.0.1, the regular expressions), and that the day exists.</summary>
internal static class DateFormats
{
    public static bool IsDate(ReadOnlySpan<byte> text) => Date(text, out var length) && length == text.Length;

    public static bool IsDateTime(ReadOnlySpan<byte> text) =>
        Date(text, out var length) && (length == text.Length || (length is 10 && text[10] is (byte)'T' && TimeAndZone(text[11..])));

    public static bool IsInstant(ReadOnlySpan<byte> text) => Date(text, out var length) && length is 10 && text.Length > 11 && text[10] is (byte)'T' && TimeAndZone(text[11..]);

    public static bool IsTime(ReadOnlySpan<byte> text) => Time(text, out var length) && length == text.Length;

    private static bool Date(ReadOnlySpan<byte> text, out int length)
    {
        length = 4;
        if (!Number(text, 0, 4, out var year) || year is 0) return false;
        if (text.Length is 4) return true;
        length = 7;
        if (text.Length < 7 || text[4] is not (byte)'-' || !Number(text, 5, 2, out var month) || month is < 1 or > 12) return false;
        if (text.Length is 7) return true;
        length = 10;
        return text.Length >= 10 && text[7] is (byte)'-' && Number(text, 8, 2, out var day) && day >= 1 && day <= DateTime.DaysInMonth(year, month);
    }

    private static bool TimeAndZone(ReadOnlySpan<byte> text)
    {
        if (!Time(text, out var length)) return false;
        var zone = text[length..];
        if (zone is [(byte)'Z']) return true;
        return zone.Length is 6 && zone[0] is (byte)'+' or (byte)'-' && zone[3] is (byte)':' && Number(zone, 1, 2, out var hours) && Number(zone, 4, 2, out var minutes) &&
            ((hours <= 13 && minutes <= 59) || (hours is 14 && minutes is 0));
    }

    private static bool Time(ReadOnlySpan<byte> text, out int length)
    {
        length = 8;
        if (text.Length < 8 || text[2] is not (byte)':' || text[5] is not (byte)':') return false;
        // A leap second is legal.
        if (!Number(text, 0, 2, out var hour) || hour > 23 || !Number(text, 3, 2, out var minute) || minute > 59) return false;
        if (!Number(text, 6, 2, out var second) || second > 60) return false;
        if (text.Length is 8 || text[8] is not (byte)'.') return true;
        var digits = text[9..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits < 0) digits = text.Length - 9;
        length = 9 + digits;
        return digits > 0;
    }

    private static bool Number(ReadOnlySpan<byte> text, int at, int digits, out int value)
    {
        value = 0;
        if (text.Length < at + digits) return false;
        foreach (var c in text.Slice(at, digits))
        {
            if (c is < (byte)'0' or > (byte)'9') return false;
            value = (value * 10) + c - '0';
        }

        return true;
    }
}
