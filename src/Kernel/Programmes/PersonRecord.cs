using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tongxin.Kernel.Programmes;

/// <summary>What is known of one person, as the rules see it: resources newest first by clinical time. Immutable; not the store, and not all of a long record.</summary>
/// <remarks>A rule sees it as <c>%record</c>, a Bundle in the same order, so that <c>first()</c> means the latest.</remarks>
public sealed class PersonRecord
{
    private static readonly string[] ClinicalTimes =
        ["effectiveDateTime", "authored", "occurrenceDateTime", "performedDateTime", "onsetDateTime", "recordedDate", "dateAsserted", "authoredOn", "issued", "date"];

    private readonly Dictionary<string, JsonElement> byKey;
    private readonly ILookup<string, JsonElement> byType;
    private JsonElement? bundle;

    private PersonRecord(JsonElement patient, IEnumerable<JsonElement> resources)
    {
        Patient = patient;
        byKey = new(StringComparer.Ordinal) { [patient.Key] = patient };
        foreach (var resource in resources) byKey[resource.Key] = resource;
        Resources = [.. byKey.Values.Where(r => r.Text("resourceType") is not "Patient").Select(r =>
            (Time: Time(r), r)).OrderByDescending(p => p.Time, StringComparer.Ordinal).Select(p => p.r)];
        byType = Resources.ToLookup(r => r.Text("resourceType") ?? "", StringComparer.Ordinal);
    }

    public JsonElement Patient { get; }

    public string PatientId => Patient.Text("id") ?? "";

    public string Reference => $"Patient/{PatientId}";

    /// <summary>All but the Patient, newest first.</summary>
    public IReadOnlyList<JsonElement> Resources { get; }

    public IEnumerable<JsonElement> Of(string type) => byType[type];

    public JsonElement? Find(string reference) => byKey.TryGetValue(reference, out var found) ? found : null;

    /// <summary>Day of death; the day of <paramref name="today"/> when only the fact is known; null for the living.</summary>
    public DateOnly? Died(DateOnly today) => Json.Day(Patient.Text("deceasedDateTime")) ?? (Patient.Member("deceasedBoolean")?.ValueKind is JsonValueKind.True ? today : null);

    public DateOnly? Born => Json.Day(Patient.Text("birthDate"));

    public JsonElement Bundle => bundle ??= JsonSerializer.SerializeToElement(new
    {
        resourceType = "Bundle", type = "collection", entry = Resources.Prepend(Patient).Select(r => new { resource = r }),
    });

    public static PersonRecord Of(JsonElement patient, IEnumerable<JsonElement> resources) => new(patient, resources);

    /// <summary>The record after these were written; one of the same key replaces.</summary>
    public PersonRecord With(IEnumerable<JsonElement> written)
    {
        var list = written.ToList();
        var patient = list.LastOrDefault(r => r.Key == Patient.Key);
        return new(patient.ValueKind is JsonValueKind.Object ? patient : Patient, Resources.Concat(list.Where(r => r.Key != Patient.Key)));
    }

    public PersonRecord With(IEnumerable<JsonObject> written) => With(written.Select(w => JsonSerializer.SerializeToElement(w)));

    /// <summary>Clinical time as sortable text; empty when a resource has none.</summary>
    internal static string Time(JsonElement resource)
    {
        foreach (var name in ClinicalTimes)
            if (resource.Text(name) is { } time) return time;
        foreach (var name in new[] { "effectivePeriod", "period", "executionPeriod", "performedPeriod" })
            if (resource.Member(name)?.Text("start") is { } start) return start;
        return "";
    }
}
