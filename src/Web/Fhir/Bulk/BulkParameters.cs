using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Web.Fhir.Bulk;

/// <summary>What a bulk request asks for, from its address or from a posted Parameters.</summary>
internal sealed record BulkParameters(IReadOnlyList<string> Types, DateTimeOffset? Since)
{
    private static readonly string[] formats = ["application/fhir+ndjson", "application/ndjson", "ndjson"];

    /// <summary>Throws <see cref="RefusedException"/> (400) for what is not understood; with <c>handling=lenient</c> that is left out.</summary>
    public static BulkParameters Read(FhirCall call)
    {
        RequireAsync(call);
        var types = new List<string>();
        DateTimeOffset? since = null;
        foreach (var (name, value) in call.Parameters.Concat(Posted(call.Body)))
        {
            switch (name)
            {
                case "_type": types.AddRange(value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)); break;
                case "_since": since = Time(value); break;
                case "_outputFormat" when formats.Contains(value, StringComparer.Ordinal): break;
                case "_outputFormat": throw RefusedException.Because(400, "not-supported", "An export is written as application/fhir+ndjson.", name);
                case "_format" or "_pretty": break;
                default:
                    if (!call.Prefer.Lenient) throw RefusedException.Because(400, "not-supported", "$export knows _type, _since and _outputFormat.", Short(name));
                    break;
            }
        }

        return new([.. types.Distinct(StringComparer.Ordinal)], since);
    }

    public static void RequireAsync(FhirCall call)
    {
        if (!call.Prefer.Async) throw RefusedException.Because(400, "required", "Bulk data is asked with the header Prefer: respond-async.", "http.prefer");
    }

    /// <summary>Names of the files to import: each <c>input</c>'s <c>url</c>.</summary>
    public static IReadOnlyList<string> Files(ReadOnlyMemory<byte> body)
    {
        using var document = Parse(body);
        return [.. Parameters(document).Where(p => Text(p, "name") is "input").SelectMany(p => List(p, "part"))
            .Where(p => Text(p, "name") is "url").Select(Value).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Ids of the Patients who are active members of a Group.</summary>
    public static IReadOnlyList<string> People(ReadOnlyMemory<byte> group)
    {
        using var document = Parse(group);
        return [.. List(document.RootElement, "member").Where(m => !(m.TryGetProperty("inactive", out var inactive) && inactive.ValueKind is JsonValueKind.True))
            .Select(m => m.TryGetProperty("entity", out var entity) ? Text(entity, "reference") : "")
            .Where(r => r.StartsWith("Patient/", StringComparison.Ordinal)).Select(r => r["Patient/".Length..]).Distinct(StringComparer.Ordinal)];
    }

    public static string Short(string text) => text.Length > 64 ? text[..64] : text;

    private static List<KeyValuePair<string, string>> Posted(ReadOnlyMemory<byte> body)
    {
        if (body.Length is 0) return [];
        using var document = Parse(body);
        return [.. Parameters(document).Select(p => KeyValuePair.Create(Text(p, "name"), Value(p)))];
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException bad)
        {
            throw RefusedException.Because(400, "structure", $"The body is not JSON: {bad.Message}");
        }
    }

    private static IEnumerable<JsonElement> Parameters(JsonDocument document) =>
        document.RootElement.ValueKind is JsonValueKind.Object && Text(document.RootElement, "resourceType") is "Parameters"
            ? List(document.RootElement, "parameter")
            : throw RefusedException.Because(400, "structure", "The body must be a Parameters resource.", "Parameters");

    private static IEnumerable<JsonElement> List(JsonElement element, string name) =>
        element.TryGetProperty(name, out var list) && list.ValueKind is JsonValueKind.Array
            ? list.EnumerateArray().Where(e => e.ValueKind is JsonValueKind.Object)
            : [];

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString()! : "";

    private static string Value(JsonElement parameter) =>
        parameter.EnumerateObject().FirstOrDefault(p => p.Name.StartsWith("value", StringComparison.Ordinal)) is { Value.ValueKind: JsonValueKind.String } found
            ? found.Value.GetString()! : "";

    private static DateTimeOffset Time(string text) => DateRange.TryParse(text.Replace(' ', '+'), TimeSpan.Zero, out var range) ? range.From
        : throw RefusedException.Because(400, "value", "_since is an instant such as 2026-01-31T08:00:00+08:00.", "_since");
}
