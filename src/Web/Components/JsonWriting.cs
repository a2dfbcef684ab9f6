using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Records;

namespace Tongxin.Web.Components;

/// <summary>The few shapes of FHIR JSON that modules write by hand, and their way into a commit.</summary>
public static class JsonWriting
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonObject Reference(string reference, string? display = null)
    {
        var made = new JsonObject { ["reference"] = reference };
        if (display is not null) made["display"] = display;
        return made;
    }

    public static JsonObject Concept(string system, string code, string? display = null)
    {
        var coding = new JsonObject { ["system"] = system, ["code"] = code };
        if (display is not null) coding["display"] = display;
        return new() { ["coding"] = new JsonArray(coding) };
    }

    public static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static byte[] Bytes(JsonObject resource) => JsonSerializer.SerializeToUtf8Bytes(resource, Readable);

    public static JsonObject Edit(Stored stored) => (JsonObject)JsonNode.Parse(stored.Body.Span)!;

    /// <param name="isNew">Refused (412) when something stands under that id.</param>
    public static Change Put(JsonObject resource, long? ifVersion = null, bool isNew = false) => new Change.Put(
        new((string)resource["resourceType"]!, (string)resource["id"]!), Bytes(resource), ifVersion, IfNotPresent: isNew);
}
