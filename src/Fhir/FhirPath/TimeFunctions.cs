using System.Globalization;

namespace Tongxin.Fhir.FhirPath;

/// <summary>Now and today, parts of times, precision and boundaries (§5.9; FHIRPath 3.0 §5.10).</summary>
internal static class TimeFunctions
{
    private const int MostDigits = 28;
    private const int UsualDigits = 8;

    public static IReadOnlyDictionary<string, Functions.Entry> All { get; } = new Dictionary<string, Functions.Entry>(StringComparer.Ordinal)
    {
        ["now"] = new(0, 0, (_, s, _) => Items.Of(Now(s) is var n ? new PathTime(PathTimeKind.DateTime, 7, n.DateTime, n.Offset) : null)),
        ["today"] = new(0, 0, (_, s, _) => Items.Of(new PathTime(PathTimeKind.Date, 3, Now(s).Date, null))),
        ["timeOfDay"] = new(0, 0, (_, s, _) => Items.Of(new PathTime(PathTimeKind.Time, 7, new DateTime(1, 1, 1) + Now(s).TimeOfDay, null))),
        ["yearOf"] = Part(1), ["monthOf"] = Part(2), ["dayOf"] = Part(3), ["hourOf"] = Part(4), ["minuteOf"] = Part(5), ["secondOf"] = Part(6),
        ["dateOf"] = new(0, 0, (_, _, f) => Items.Of(Time(f)?.As(PathTimeKind.Date))),
        ["precision"] = new(0, 0, (_, _, f) => Items.Single(f) is { } item ? Precision(item) : Items.None),
        ["lowBoundary"] = new(0, 1, (c, s, f) => Items.Single(f) is { } item ? Boundary(item, c.Whole(0, s), isLow: true) : Items.None),
        ["highBoundary"] = new(0, 1, (c, s, f) => Items.Single(f) is { } item ? Boundary(item, c.Whole(0, s), isLow: false) : Items.None),
    };

    private static DateTimeOffset Now(Scope scope) => scope.Context.Clock.GetLocalNow();

    private static Functions.Entry Part(int part) => new(0, 0, (_, _, f) =>
        Time(f) is { } time && time.Precision >= part ? Items.Of((long)(part is 6 ? time.Local.Second : PathTime.Part(time.Local, part))) : Items.None);

    private static PathTime? Time(List<PathValue> focus) => Items.Single(focus)?.Value as PathTime;

    private static List<PathValue> Precision(PathValue item) => item.Value switch
    {
        long whole => Items.Of((long)whole.ToString(CultureInfo.InvariantCulture).TrimStart('-').Length),
        decimal number => Items.Of((long)number.Scale),
        PathTime time => Items.Of(time.Kind is PathTimeKind.Time
            ? time.Precision switch { 4 => 2, 5 => 4, 6 => 6, _ => 9L }
            : time.Precision switch { 1 => 4, 2 => 6, 3 => 8, 4 => 10, 5 => 12, 6 => 14, _ => 17L }),
        _ => Items.None,
    };

    private static List<PathValue> Boundary(PathValue item, long? precision, bool isLow)
    {
        if (item.Value is PathTime time) return Items.Of(TimeBoundary(time, precision, isLow));
        if (Items.Number(item.Value) is { } number) return NumberBoundary(number, precision, isLow) is { } b ? Items.Of(b) : Items.None;
        if (Items.Quantity(item) is { } q) return NumberBoundary(q.Value, precision, isLow) is { } b ? Items.Of(q with { Value = b }) : Items.None;
        return Items.None;
    }

    private static decimal? NumberBoundary(decimal number, long? precision, bool isLow)
    {
        var digits = (int)(precision ?? UsualDigits);
        if (digits is < 0 or > MostDigits) return null;
        var half = 0.5m;
        for (var i = 0; i < number.Scale; i++) half /= 10;
        var bound = isLow ? number - half : number + half;
        if (digits >= bound.Scale) return decimal.Parse(bound.ToString($"F{digits}", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        var scale = (decimal)Math.Pow(10, digits);
        return isLow ? Math.Floor(bound * scale) / scale : Math.Ceiling(bound * scale) / scale;
    }

    private static PathTime? TimeBoundary(PathTime time, long? digits, bool isLow)
    {
        var isTime = time.Kind is PathTimeKind.Time;
        var wanted = (isTime, digits, time.Kind) switch
        {
            (_, null, PathTimeKind.Date) => 3,
            (_, null, _) => 7,
            (false, 4, _) => 1, (false, 6, _) => 2, (false, 8, _) => 3, (false, 10, _) => 4, (false, 12, _) => 5, (false, 14, _) => 6, (false, 17, _) => 7,
            (true, 2, _) => 4, (true, 4, _) => 5, (true, 6, _) => 6, (true, 9, _) => 7,
            _ => 0,
        };
        if (wanted is 0) return null;
        var local = isLow ? time.Local : End(time);
        if (wanted <= 3 && time.Kind is PathTimeKind.Date) return new(PathTimeKind.Date, wanted, local.Date, null);
        var kind = isTime ? PathTimeKind.Time : wanted <= 3 ? time.Kind : PathTimeKind.DateTime;
        var offset = isTime || wanted <= 3 ? null : time.Offset ?? (isLow ? TimeSpan.FromHours(14) : (TimeSpan?)TimeSpan.FromHours(-12));
        return new(kind, wanted, local, offset);
    }

    // The last millisecond of what the precision covers, found without stepping over the last of all days.
    private static DateTime End(PathTime time)
    {
        var day = time.Precision switch
        {
            1 => new DateTime(time.Local.Year, 12, 31),
            2 => time.Local.Date.AddDays(DateTime.DaysInMonth(time.Local.Year, time.Local.Month) - time.Local.Day),
            _ => time.Local.Date,
        };
        var (hour, minute, second) = (time.Precision > 3 ? time.Local.Hour : 23, time.Precision > 4 ? time.Local.Minute : 59, time.Precision > 5 ? time.Local.Second : 59);
        return day + new TimeSpan(0, hour, minute, second, time.Precision > 6 ? time.Local.Millisecond : 999);
    }
}
