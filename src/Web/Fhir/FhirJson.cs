using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tongxin.Fhir;

namespace Tongxin.Web.Fhir;

/// <summary>Writes the small FHIR JSON that the server itself speaks: outcomes, and the same text indented.</summary>
internal static class FhirJson
{
    public const string MediaType = "application/fhir+json; charset=utf-8";

    /// <summary>Chinese stays readable; nothing of ours is put into HTML unescaped.</summary>
    public static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private static readonly JsonWriterOptions Indented = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true };

    public static byte[] Outcome(IReadOnlyList<Issue> issues) => Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("resourceType"u8, "OperationOutcome"u8);
        writer.WriteStartArray("issue"u8);
        foreach (var issue in issues) WriteIssue(writer, issue);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    /// <summary>One information that nothing is wrong.</summary>
    public static byte[] AllIsWell(string sentence) => Outcome([new(IssueSeverity.Information, "informational", sentence)]);

    public static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Plain)) write(writer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary><c>_pretty=true</c>: numbers and strings keep their value, white space is made anew.</summary>
    public static byte[] Pretty(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 256 });
        var buffer = new ArrayBufferWriter<byte>(json.Length * 2);
        using (var writer = new Utf8JsonWriter(buffer, Indented)) document.RootElement.WriteTo(writer);
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteIssue(Utf8JsonWriter writer, Issue issue)
    {
        writer.WriteStartObject();
        writer.WriteString("severity"u8, issue.Severity switch
        {
            IssueSeverity.Information => "information"u8,
            IssueSeverity.Warning => "warning"u8,
            IssueSeverity.Error => "error"u8,
            _ => "fatal"u8,
        });
        writer.WriteString("code"u8, issue.Code);
        writer.WriteString("diagnostics"u8, Whole(issue.Diagnostics));
        if (issue.Expression is { } place)
        {
            writer.WriteStartArray("expression"u8);
            writer.WriteStringValue(Whole(place));
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    // A refusal may quote what it refuses, and that may hold half a character.
    private static string Whole(string text) =>
        text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? text : string.Concat(text.EnumerateRunes().Select(r => r.ToString()));
}
