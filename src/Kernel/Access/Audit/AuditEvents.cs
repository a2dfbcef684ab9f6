using System.Text.Json;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>Audit entries as FHIR <c>AuditEvent</c> (IHE BALP, ITI Basic Audit 1.1): made when they are read, never stored as resources.</summary>
internal static class AuditEvents
{
    private const string Dicom = "http://dicom.nema.org/resources/ontology/DCM";
    private const string ObjectType = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
    private const string ObjectRole = "http://terminology.hl7.org/CodeSystem/object-role";

    public static Stored Of(AuditedPassage passage)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer)) Write(json, passage);
        return new(new("AuditEvent", passage.Id), 1, passage.Entry.At, Interaction.Create, buffer.WrittenMemory);
    }

    private static void Write(Utf8JsonWriter json, AuditedPassage passage)
    {
        var entry = passage.Entry;
        json.WriteStartObject();
        json.WriteString("resourceType", "AuditEvent");
        json.WriteString("id", passage.Id);
        json.WriteStartObject("meta");
        json.WriteString("versionId", "1");
        json.WriteString("lastUpdated", ResourceBody.Instant(entry.At));
        json.WriteEndObject();
        json.WritePropertyName("type");
        Coding(json, entry.Did is "sign-in" ? Dicom : "http://terminology.hl7.org/CodeSystem/audit-event-type", entry.Did is "sign-in" ? "110114" : "rest");
        json.WriteStartArray("subtype");
        Coding(json, "http://hl7.org/fhir/restful-interaction", entry.Did);
        json.WriteEndArray();
        json.WriteString("action", entry.Did switch { "read" or "vread" => "R", "commit" => "U", _ => "E" });
        json.WriteString("recorded", ResourceBody.Instant(entry.At));
        json.WriteString("outcome", entry.Permitted ? "0" : "4");
        json.WriteString("outcomeDesc", entry.Reason is null ? entry.Rule : $"{entry.Rule}: {entry.Reason}");
        json.WriteStartArray("purposeOfEvent");
        json.WriteStartObject();
        json.WriteStartArray("coding");
        Coding(json, "http://terminology.hl7.org/CodeSystem/v3-ActReason", entry.Purpose);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        Agent(json, entry);
        json.WriteStartObject("source");
        json.WriteStartObject("observer");
        json.WriteString("display", "Tongxin");
        json.WriteEndObject();
        json.WriteEndObject();
        Entities(json, entry);
        json.WriteEndObject();
    }

    private static void Agent(Utf8JsonWriter json, AuditEntry entry)
    {
        json.WriteStartArray("agent");
        json.WriteStartObject();
        json.WriteStartArray("role");
        json.WriteStartObject();
        json.WriteString("text", entry.Role.ToString());
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteStartObject("who");
        json.WriteString("reference", entry.Subject);
        json.WriteString("display", entry.Name);
        json.WriteEndObject();
        json.WriteBoolean("requestor", true);
        if (entry.Address is not null)
        {
            json.WriteStartObject("network");
            json.WriteString("address", entry.Address);
            json.WriteString("type", "2");
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void Entities(Utf8JsonWriter json, AuditEntry entry)
    {
        if (entry.People.Count + entry.Targets.Count is 0 && entry.Query is null) return;
        json.WriteStartArray("entity");
        foreach (var person in entry.People) Entity(json, "1", "1", $"Patient/{person}", null);
        foreach (var target in entry.Targets) Entity(json, "2", "4", target.Split(' ')[^1], null);
        if (entry.Query is not null) Entity(json, "2", "24", null, entry.Query);
        json.WriteEndArray();
    }

    private static void Entity(Utf8JsonWriter json, string type, string role, string? reference, string? query)
    {
        json.WriteStartObject();
        if (reference is not null)
        {
            json.WriteStartObject("what");
            json.WriteString("reference", reference);
            json.WriteEndObject();
        }

        json.WritePropertyName("type");
        Coding(json, ObjectType, type);
        json.WritePropertyName("role");
        Coding(json, ObjectRole, role);
        if (query is not null) json.WriteBase64String("query", System.Text.Encoding.UTF8.GetBytes(query));
        json.WriteEndObject();
    }

    private static void Coding(Utf8JsonWriter json, string system, string code)
    {
        json.WriteStartObject();
        json.WriteString("system", system);
        json.WriteString("code", code);
        json.WriteEndObject();
    }
}
