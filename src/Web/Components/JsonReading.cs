using System.Globalization;
using System.Text.Json;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;

namespace Tongxin.Web.Components;

/// <summary>Reads FHIR JSON for a page without a model class; null where an element is absent.</summary>
public static class JsonReading
{
    extension(JsonElement element)
    {
        public JsonElement? Member(string name) => element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;

        public string? Text(string name) => element.Member(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

        public IEnumerable<JsonElement> Each(string name) => element.Member(name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

        public JsonElement? First(string name) => element.Each(name).Select(e => (JsonElement?)e).FirstOrDefault();

        /// <summary>First code of a CodeableConcept.</summary>
        public string? Code() => element.First("coding")?.Text("code");

        /// <summary>Code of a CodeableConcept in one system.</summary>
        public string? CodeIn(string system) => element.Each("coding").Where(c => c.Text("system") == system).Select(c => c.Text("code")).FirstOrDefault();

        /// <summary>Id in a Reference member; null when there is none.</summary>
        public string? IdIn(string name) => element.Member(name)?.Text("reference") is { } text ? text[(text.LastIndexOf('/') + 1)..] : null;

        public string? Display() => element.First("coding")?.Text("display") ?? element.Text("text");

        public decimal? Quantity() => element.Member("valueQuantity")?.Member("value") is { ValueKind: JsonValueKind.Number } value ? value.GetDecimal() : null;
    }

    /// <summary>The resource as an element that outlives its bytes.</summary>
    public static JsonElement Parse(Stored stored)
    {
        using var document = JsonDocument.Parse(stored.Body);
        return document.RootElement.Clone();
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
