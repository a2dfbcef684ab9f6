using System.Globalization;

namespace Tongxin.Kernel.Programmes.Packages;

/// <summary>A length of calendar time as a norm writes it: <c>14 days</c>, <c>2 weeks</c>, <c>3 months</c>, <c>1 year</c>. Months are calendar months.</summary>
public readonly record struct CalendarSpan(int Count, string Unit)
{
    private const int DaysPerWeek = 7;
    private const int MonthsPerYear = 12;
    private const int Most = 2_000;

    /// <summary>Null when the text is not a span.</summary>
    public static CalendarSpan? Parse(string? text)
    {
        var parts = (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is not 2 || !int.TryParse(parts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count) || Math.Abs(count) > Most) return null;
        var unit = parts[1].TrimEnd('s');
        return unit is "day" or "week" or "month" or "year" ? new CalendarSpan(count, unit) : null;
    }

    /// <summary>Month ends stay month ends of shorter months: 31 January + 1 month is the last of February.</summary>
    public DateOnly After(DateOnly day) => Unit switch
    {
        "day" => day.AddDays(Count),
        "week" => day.AddDays(Count * DaysPerWeek),
        "month" => day.AddMonths(Count),
        _ => day.AddMonths(Count * MonthsPerYear),
    };

    public DateOnly Before(DateOnly day) => new CalendarSpan(-Count, Unit).After(day);

    public override string ToString() => $"{Count} {Unit}s";
}
