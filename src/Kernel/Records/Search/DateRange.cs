namespace Tongxin.Kernel.Records.Search;

/// <summary>The stretch of time that a FHIR date, dateTime or instant covers at its precision: From inclusive, To exclusive, UTC.</summary>
/// <remarks>Reads partial dates, and searches' minutes without seconds. Does not judge whether a resource's date is well-formed: validation does.</remarks>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
public readonly record struct DateRange(DateTimeOffset From, DateTimeOffset To)
{
    private const int TickDigits = 7;

    /// <summary>False when the text is no date. <paramref name="zone"/> is the offset of texts that give none.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, TimeSpan zone, out DateRange range)
    {
        range = default;
        if (!Digits(text, 0, 4, out var year) || year is 0) return false;
        if (text.Length is 4) return Make(new(year, 1, 1), year == 9999 ? null : new DateTime(year + 1, 1, 1), zone, out range);
        if (text[4] is not '-' || !Digits(text, 5, 2, out var month) || month is < 1 or > 12) return false;
        var first = new DateTime(year, month, 1);
        if (text.Length is 7) return Make(first, (year, month) is (9999, 12) ? null : first.AddMonths(1), zone, out range);
        if (text[7] is not '-' || !Digits(text, 8, 2, out var day) || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
        var date = new DateTime(year, month, day);
        if (text.Length is 10) return Make(date, (year, month, day) is (9999, 12, 31) ? null : date.AddDays(1), zone, out range);
        return text[10] is 'T' && Time(date, text[11..], zone, out range);
    }

    private static bool Time(DateTime date, ReadOnlySpan<char> text, TimeSpan zone, out DateRange range)
    {
        range = default;
        if (!Digits(text, 0, 2, out var hour) || hour > 24 || text.Length < 5 || text[2] is not ':' || !Digits(text, 3, 2, out var minute) || minute > 59) return false;
        var length = TimeSpan.FromMinutes(1);
        var at = date.AddMinutes((hour * 60) + minute);
        var rest = text[5..];
        if (rest is [':', ..])
        {
            if (!Digits(rest, 1, 2, out var second) || second > 60) return false;
            at = at.AddSeconds(Math.Min(second, 59));
            length = TimeSpan.FromSeconds(1);
            rest = rest[3..];
            if (rest is ['.', ..] && !Fraction(ref rest, ref at, ref length)) return false;
        }

        return Zone(rest, ref zone) && Make(at, DateTime.MaxValue - at < length ? null : at + length, zone, out range);
    }

    private static bool Fraction(ref ReadOnlySpan<char> rest, ref DateTime at, ref TimeSpan length)
    {
        var digits = 0;
        long ticks = 0;
        rest = rest[1..];
        while (digits < rest.Length && char.IsAsciiDigit(rest[digits]))
        {
            if (digits < TickDigits) ticks = (ticks * 10) + rest[digits] - '0';
            digits++;
        }

        if (digits is 0) return false;
        long unit = 1;
        for (var i = digits; i < TickDigits; i++) unit *= 10;
        at = at.AddTicks(ticks * unit);
        length = TimeSpan.FromTicks(unit);
        rest = rest[digits..];
        return true;
    }

    private static bool Zone(ReadOnlySpan<char> text, ref TimeSpan zone)
    {
        if (text is []) return true;
        if (text is ['Z'])
        {
            zone = TimeSpan.Zero;
            return true;
        }

        if (text.Length is not 6 || text[0] is not ('+' or '-') || text[3] is not ':' || !Digits(text, 1, 2, out var hours) || !Digits(text, 4, 2, out var minutes)) return false;
        if (hours > 14 || minutes > 59) return false;
        zone = new TimeSpan(hours, minutes, 0) * (text[0] is '-' ? -1 : 1);
        return true;
    }

    private static bool Make(DateTime from, DateTime? to, TimeSpan zone, out DateRange range)
    {
        range = new(Utc(from, zone), to is { } end ? Utc(end, zone) : DateTimeOffset.MaxValue);
        return true;
    }

    private static DateTimeOffset Utc(DateTime local, TimeSpan zone)
    {
        var ticks = local.Ticks - zone.Ticks;
        if (ticks <= DateTime.MinValue.Ticks) return DateTimeOffset.MinValue;
        return ticks >= DateTime.MaxValue.Ticks ? DateTimeOffset.MaxValue : new(ticks, TimeSpan.Zero);
    }

    private static bool Digits(ReadOnlySpan<char> text, int at, int count, out int value)
    {
        value = 0;
        if (text.Length < at + count) return false;
        foreach (var c in text.Slice(at, count))
        {
            if (!char.IsAsciiDigit(c)) return false;
            value = (value * 10) + c - '0';
        }

        return true;
    }
}
