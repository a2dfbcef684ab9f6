using System.Globalization;

namespace Tongxin.Fhir.FhirPath;

/// <summary>A number with a unit: UCUM (<c>mg</c>, <c>mm[Hg]</c>) or a calendar duration (<c>year</c>, <c>month</c>).</summary>
/// <remarks>Calendar year and month are not the UCUM year and month (§2.6): they compare only as equivalent.</remarks>
public sealed record PathQuantity(decimal Value, string Unit)
{
    private static readonly HashSet<string> Durations = new(StringComparer.Ordinal)
    {
        "year", "month", "week", "day", "hour", "minute", "second", "millisecond",
    };

    public bool IsCalendar => Durations.Contains(Unit);

    /// <summary>The calendar word of a unit as it may be written (years, day); null when it is none.</summary>
    public static string? CalendarWord(string word)
    {
        var one = word.EndsWith('s') ? word[..^1] : word;
        return Durations.Contains(one) ? one : null;
    }

    /// <summary>-1, 0, 1; null when the units are not of one dimension.</summary>
    public static int? Compare(PathQuantity a, PathQuantity b)
    {
        if (a.Unit == b.Unit) return a.Value.CompareTo(b.Value);
        return Units.Canonical(a) is { } x && Units.Canonical(b) is { } y && x.Dimension == y.Dimension ? x.Value.CompareTo(y.Value) : null;
    }

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture) + (IsCalendar ? $" {Unit}" : $" '{Unit}'");
}
