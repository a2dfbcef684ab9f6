using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tongxin.Kernel.Programmes;

/// <summary>Reading of FHIR JSON members that may be absent, and writing of the few shapes the engine writes.</summary>
internal static class Json
{
    extension(JsonElement element)
    {
        public string? Text(string name) =>
            element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

        public JsonElement? Member(string name) =>
            element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;

        public IEnumerable<JsonElement> Each(string name) =>
            element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Array ? value.EnumerateArray() : [];

        public string? ReferenceTo(string name) => element.Member(name)?.Text("reference");

        /// <summary>A CodeableConcept member has this coding.</summary>
        public bool HasCode(string member, string system, string? code = null) =>
            element.Member(member) is { } concept && concept.IsCoded(system, code);

        public bool IsCoded(string system, string? code = null) =>
            element.Each("coding").Any(c => c.Text("system") == system && (code is null || c.Text("code") == code));

        public string? CodeOf(string system) => element.Each("coding").Where(c => c.Text("system") == system).Select(c => c.Text("code")).FirstOrDefault();

        public JsonElement? ExtensionAt(string url)
        {
            foreach (var extension in element.Each("extension"))
                if (extension.Text("url") == url) return extension;
            return null;
        }

        public string Key => $"{element.Text("resourceType")}/{element.Text("id")}";
    }

    public static JsonObject Reference(string reference) => new() { ["reference"] = reference };

    public static JsonObject Concept(string system, string code, string? display = null)
    {
        var coding = new JsonObject { ["system"] = system, ["code"] = code };
        if (display is not null) coding["display"] = display;
        return new() { ["coding"] = new JsonArray(coding) };
    }

    public static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The day of a FHIR date or dateTime in the county's local time; partial dates count from their first day. Null when it is none.</summary>
    public static DateOnly? Day(string? text)
    {
        if (text is null || text.Length < 4) return null;
        if (text.Length > 10 && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var instant))
            return DateOnly.FromDateTime(instant.ToOffset(LocalTime.Offset).DateTime);
        var padded = text.Length switch { 4 => text + "-01-01", 7 => text + "-01", _ => text };
        return DateOnly.TryParseExact(padded, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;
    }
}

/// <summary>The county's civil time: China Standard Time, UTC+8 all year.</summary>
public static class LocalTime
{
    public static readonly TimeSpan Offset = TimeSpan.FromHours(8);

    public static DateOnly Today(TimeProvider clock) => DateOnly.FromDateTime(clock.GetUtcNow().ToOffset(Offset).DateTime);
}
