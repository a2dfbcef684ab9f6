using System.Text.Json;

namespace Tongxin.Kernel.Records.Search;

/// <summary>The stretch of time of a date, dateTime, instant, Period or Timing (FHIR R4 §3.1.1.4.7).</summary>
internal static class IndexDates
{
    /// <summary>Null when there is no time in it.</summary>
    public static DateRange? Read(string type, JsonElement value, TimeSpan zone) => type switch
    {
        "Period" => Period(value, zone),
        "Timing" => Timing(value, zone),
        _ => Point(value, zone),
    };

    private static DateRange? Point(JsonElement value, TimeSpan zone) =>
        value.ValueKind is JsonValueKind.String && DateRange.TryParse(value.GetString(), zone, out var range) ? range : null;

    private static DateRange? Period(JsonElement value, TimeSpan zone)
    {
        if (value.ValueKind is not JsonValueKind.Object) return null;
        var start = value.TryGetProperty("start"u8, out var from) ? Point(from, zone) : null;
        var end = value.TryGetProperty("end"u8, out var to) ? Point(to, zone) : null;
        return start is null && end is null ? null : new(start?.From ?? DateTimeOffset.MinValue, end?.To ?? DateTimeOffset.MaxValue);
    }

    // Only the outer limits of a Timing can be searched; what happens between them is ignored.
    private static DateRange? Timing(JsonElement value, TimeSpan zone)
    {
        if (value.ValueKind is not JsonValueKind.Object) return null;
        DateRange? outer = null;
        if (value.TryGetProperty("event"u8, out var events) && events.ValueKind is JsonValueKind.Array)
            foreach (var happening in events.EnumerateArray())
                if (Point(happening, zone) is { } at)
                    outer = outer is { } so ? new(so.From < at.From ? so.From : at.From, so.To > at.To ? so.To : at.To) : at;
        if (value.TryGetProperty("repeat"u8, out var repeat) && repeat.ValueKind is JsonValueKind.Object &&
            repeat.TryGetProperty("boundsPeriod"u8, out var bounds) && Period(bounds, zone) is { } period)
            outer = outer is { } so ? new(so.From < period.From ? so.From : period.From, so.To > period.To ? so.To : period.To) : period;
        return outer;
    }
}
