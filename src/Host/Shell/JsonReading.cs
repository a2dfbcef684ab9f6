using System.Globalization;
using System.Text.Json;
using Tongxin.Kernel.Programmes;

namespace Tongxin.Host.Shell;

/// <summary>Reads FHIR JSON for a page without a model class; null where an element is absent.</summary>
internal static class JsonReading
{
    extension(JsonElement element)
    {
        public JsonElement? Member(string name) => element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;

        public string? Text(string name) => element.Member(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

        public IEnumerable<JsonElement> Each(string name) => element.Member(name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

        public JsonElement? First(string name) => element.Each(name).Select(e => (JsonElement?)e).FirstOrDefault();

        /// <summary>First code of a CodeableConcept.</summary>
        public string? Code() => element.First("coding")?.Text("code");

        public string? Display() => element.First("coding")?.Text("display") ?? element.Text("text");

        public decimal? Quantity() => element.Member("valueQuantity")?.Member("value") is { ValueKind: JsonValueKind.Number } value ? value.GetDecimal() : null;
    }

    /// <summary>The county's day of a date or dateTime.</summary>
    public static DateOnly? Day(string? text)
    {
        if (text is not { Length: >= 10 }) return null;
        if (text.Length > 10 && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant))
            return DateOnly.FromDateTime(instant.ToOffset(LocalTime.Offset).DateTime);
        return DateOnly.TryParseExact(text[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;
    }
}
