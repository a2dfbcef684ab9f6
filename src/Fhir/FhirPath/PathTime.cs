using System.Globalization;
using System.Text.RegularExpressions;

namespace Tongxin.Fhir.FhirPath;

/// <summary>Which of FHIRPath's three kinds of time a value is.</summary>
public enum PathTimeKind { Date, DateTime, Time }

/// <summary>A date, dateTime or time as precise as it was written (FHIRPath 2.0 §4.1): 2026, 2026-11, 2026-11-23T08:30+08:00, T12:00.</summary>
/// <param name="Precision">1 year, 2 month, 3 day, 4 hour, 5 minute, 6 second, 7 millisecond. Times of day begin at 4.</param>
/// <param name="Local">Wall clock; parts below the precision are at their least.</param>
/// <param name="Offset">Null when no zone was written.</param>
public sealed partial record PathTime(PathTimeKind Kind, int Precision, DateTime Local, TimeSpan? Offset)
{
    /// <summary>Null when the text is not of that kind.</summary>
    public static PathTime? Parse(PathTimeKind kind, string text)
    {
        var match = (kind is PathTimeKind.Time ? TimeShape : DateShape).Match(text);
        if (!match.Success || (kind is PathTimeKind.Date && text.Contains('T', StringComparison.Ordinal))) return null;
        int Part(string name, int otherwise) => match.Groups[name].Success ? int.Parse(match.Groups[name].ValueSpan, CultureInfo.InvariantCulture) : otherwise;
        bool Has(string name) => match.Groups[name].Success;
        var milliseconds = Has("f") ? (int)(decimal.Parse("0." + match.Groups["f"].Value, CultureInfo.InvariantCulture) * 1000) : 0;
        var precision = Has("f") ? 7 : Has("s") ? 6 : Has("mi") ? 5 : Has("h") ? 4 : Has("d") ? 3 : Has("mo") ? 2 : 1;
        var (year, month, day) = (Part("y", 1), Part("mo", 1), Part("d", 1));
        if (year is 0 || month is 0 or > 12 || day is 0 || day > DateTime.DaysInMonth(year, month)) return null;
        if (Part("h", 0) > 23 || Part("mi", 0) > 59 || Part("s", 0) > 59) return null;
        var local = new DateTime(year, month, day, Part("h", 0), Part("mi", 0), Part("s", 0), DateTimeKind.Unspecified).AddMilliseconds(milliseconds);
        return new(kind, precision, local, Zone(match.Groups["z"].Value));
    }

    /// <summary>-1, 0 or 1; null when the less precise of the two leaves it open, or only one has a zone.</summary>
    public static int? Compare(PathTime a, PathTime b)
    {
        if ((a.Kind is PathTimeKind.Time) != (b.Kind is PathTimeKind.Time)) return null;
        var (x, y) = (a.Local, b.Local);
        if (a.Offset is { } p && b.Offset is { } q)
        {
            if (x.Ticks - p.Ticks < 0 || y.Ticks - q.Ticks < 0) return x.CompareTo(y);
            (x, y) = (x - p, y - q);
        }
        else if (a.Offset is not null || b.Offset is not null)
        {
            if (Math.Min(a.Precision, b.Precision) > 3) return null;
        }

        // Seconds and milliseconds are one precision (§6.2): 30 and 30.000 are the same second.
        var (pa, pb) = (Math.Min(a.Precision, 6), Math.Min(b.Precision, 6));
        for (var part = a.Kind is PathTimeKind.Time ? 4 : 1; part <= Math.Min(pa, pb); part++)
            if (Part(x, part).CompareTo(Part(y, part)) is not 0 and var order) return Math.Sign(order);
        return pa == pb ? 0 : null;
    }

    /// <summary>The same time as another kind; null when it has not the parts.</summary>
    public PathTime? As(PathTimeKind kind) => (Kind, kind) switch
    {
        var (from, to) when from == to => this,
        (PathTimeKind.Date, PathTimeKind.DateTime) => this with { Kind = PathTimeKind.DateTime },
        (PathTimeKind.DateTime, PathTimeKind.Date) => new(PathTimeKind.Date, Math.Min(Precision, 3), Local.Date, null),
        _ => null,
    };

    /// <summary>Adds whole calendar units; a day that a month does not have becomes its last (§6.7).</summary>
    public PathTime? Add(decimal amount, string unit)
    {
        try
        {
            var whole = (int)Math.Truncate(amount);
            var moved = unit switch
            {
                "year" => Local.AddYears(whole),
                "month" => Local.AddMonths(whole),
                "week" => Local.AddDays(7L * whole),
                "day" => Local.AddDays(whole),
                "hour" => Local.AddHours(whole),
                "minute" => Local.AddMinutes(whole),
                "second" => Local.AddTicks((long)(amount * TimeSpan.TicksPerSecond)),
                "millisecond" => Local.AddMilliseconds(whole),
                _ => (DateTime?)null,
            };
            if (moved is not { } local) return null;
            if (Kind is PathTimeKind.Time) local = new DateTime(1, 1, 1) + local.TimeOfDay;
            return this with { Local = Floor(local, Precision) };
        }
        catch (Exception beyond) when (beyond is ArgumentOutOfRangeException or OverflowException)
        {
            return null;
        }
    }

    public override string ToString()
    {
        var date = Precision switch { 1 => "yyyy", 2 => "yyyy-MM", _ => "yyyy-MM-dd" };
        var time = Precision switch { 4 => "HH", 5 => "HH:mm", 6 => "HH:mm:ss", 7 => "HH:mm:ss.fff", _ => "" };
        if (Kind is PathTimeKind.Time) return Local.ToString(time, CultureInfo.InvariantCulture);
        var text = Local.ToString(time.Length is 0 ? date : $"{date}'T'{time}", CultureInfo.InvariantCulture);
        return Offset is not { } offset ? text
            : offset == TimeSpan.Zero ? text + "Z"
            : text + (offset < TimeSpan.Zero ? "-" : "+") + offset.ToString("hh':'mm", CultureInfo.InvariantCulture);
    }

    internal static int Part(DateTime time, int part) => part switch
    {
        1 => time.Year,
        2 => time.Month,
        3 => time.Day,
        4 => time.Hour,
        5 => time.Minute,
        _ => time.Second * 1000 + time.Millisecond,
    };

    private static DateTime Floor(DateTime t, int precision) => precision switch
    {
        1 => new(t.Year, 1, 1),
        2 => new(t.Year, t.Month, 1),
        3 => t.Date,
        4 => t.Date.AddHours(t.Hour),
        5 => t.Date.AddHours(t.Hour).AddMinutes(t.Minute),
        _ => t,
    };

    private static TimeSpan? Zone(string text) => text switch
    {
        "" => null,
        "Z" => TimeSpan.Zero,
        _ => TimeSpan.Parse(text[1..], CultureInfo.InvariantCulture) * (text[0] is '-' ? -1 : 1),
    };

    [GeneratedRegex(
        @"^(?<y>\d{4})(-(?<mo>\d{2})(-(?<d>\d{2}))?)?(T((?<h>\d{2})(:(?<mi>\d{2})(:(?<s>\d{2})(\.(?<f>\d{1,9}))?)?)?(?<z>Z|[+-]\d{2}:\d{2})?)?)?$",
        RegexOptions.ExplicitCapture, 100)]
    private static partial Regex DateShape { get; }

    [GeneratedRegex(@"^T?(?<h>\d{2})(:(?<mi>\d{2})(:(?<s>\d{2})(\.(?<f>\d{1,9}))?)?)?(?<z>)$",
        RegexOptions.ExplicitCapture, 100)]
    private static partial Regex TimeShape { get; }
}
