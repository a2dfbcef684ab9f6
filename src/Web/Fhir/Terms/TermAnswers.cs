using System.Text.Json;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Terminology;

namespace Tongxin.Web.Fhir.Terms;

/// <summary>The shapes in which terminology answers: a ValueSet with its expansion, or Parameters.</summary>
internal static class TermAnswers
{
    /// <param name="url">Canonical of the value set; null when it was sent along.</param>
    public static Answer Expansion(string? url, Expansion found, int offset, TimeProvider clock) => Written(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("resourceType"u8, "ValueSet"u8);
        if (url is not null) writer.WriteString("url"u8, url);
        writer.WriteString("status"u8, "active"u8);
        writer.WriteStartObject("expansion"u8);
        writer.WriteString("timestamp"u8, ResourceBody.Instant(clock.GetUtcNow()));
        writer.WriteNumber("total"u8, found.Total);
        writer.WriteNumber("offset"u8, offset);
        if (found.Concepts.Count > 0)
        {
            writer.WriteStartArray("contains"u8);
            foreach (var concept in found.Concepts) Write(writer, concept);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    public static Answer Verdict(bool result, string? message, string? display) => Parameters(writer =>
    {
        Value(writer, "result", "valueBoolean", result);
        if (message is not null) Value(writer, "message", "valueString", message);
        if (display is not null) Value(writer, "display", "valueString", display);
    });

    public static Answer Outcome(string relation) => Parameters(writer => Value(writer, "outcome", "valueCode", relation));

    public static Answer Concept(ConceptTable table, Concept concept) => Parameters(writer =>
    {
        Value(writer, "name", "valueString", table.Title);
        if (table.Version is { } version) Value(writer, "version", "valueString", version);
        Value(writer, "display", "valueString", concept.Display);
        if (concept.English is { } english) WriteParts(writer, "designation", ("language", "valueCode", "en"), ("value", "valueString", english));
        if (concept.Parent >= 0) WriteParts(writer, "property", ("code", "valueCode", "parent"), ("value", "valueCode", table[concept.Parent].Code));
    });

    private static void Write(Utf8JsonWriter writer, ExpandedConcept concept)
    {
        writer.WriteStartObject();
        writer.WriteString("system"u8, concept.System);
        writer.WriteString("code"u8, concept.Code);
        writer.WriteString("display"u8, concept.Display);
        if (concept.English is { } english)
        {
            writer.WriteStartArray("designation"u8);
            writer.WriteStartObject();
            writer.WriteString("language"u8, "en"u8);
            writer.WriteString("value"u8, english);
            writer.WriteEndObject();
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void WriteParts(Utf8JsonWriter writer, string name, params (string Name, string Type, string Value)[] parts)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, name);
        writer.WriteStartArray("part"u8);
        foreach (var part in parts) Value(writer, part.Name, part.Type, part.Value);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Value(Utf8JsonWriter writer, string name, string type, object value)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, name);
        if (value is bool truth) writer.WriteBoolean(type, truth);
        else writer.WriteString(type, (string)value);
        writer.WriteEndObject();
    }

    private static Answer Parameters(Action<Utf8JsonWriter> write) => Written(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("resourceType"u8, "Parameters"u8);
        writer.WriteStartArray("parameter"u8);
        write(writer);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static Answer Written(Action<Utf8JsonWriter> write) => new(200) { Body = FhirJson.Write(write) };
}
