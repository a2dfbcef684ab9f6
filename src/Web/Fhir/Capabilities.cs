using System.Reflection;
using System.Text.Json;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Model;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Web.Fhir;

/// <summary>The CapabilityStatement (FHIR R4 §5.2), made from the registry of search parameters and operations, so that it cannot promise what is not there.</summary>
internal sealed class Capabilities
{
    private static readonly string[] Interactions =
        ["read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type"];

    private static readonly string[] SystemInteractions = ["transaction", "batch", "search-system", "history-system"];

    private readonly Lock gate = new();
    private byte[]? made;

    public Answer Answer(FhirCall call, Operations operations)
    {
        Shape.Read(call, whatElse: true);
        lock (gate) made ??= Make(operations);
        return new(200) { Body = made };
    }

    private static byte[] Make(Operations operations) => FhirJson.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("resourceType", "CapabilityStatement");
        writer.WriteString("status", "active");
        writer.WriteString("date", BuiltOn);
        writer.WriteString("kind", "instance");
        writer.WriteStartObject("software");
        writer.WriteString("name", "Tongxin 同心");
        writer.WriteString("version", Version);
        writer.WriteEndObject();
        writer.WriteStartObject("implementation");
        writer.WriteString("description", "The record of a county's residents");
        writer.WriteEndObject();
        writer.WriteString("fhirVersion", "4.0.1");
        Strings(writer, "format", ["json", "application/fhir+json"]);
        Strings(writer, "patchFormat", [Patching.JsonPatchType, "application/fhir+json"]);
        writer.WriteStartArray("rest");
        WriteRest(writer, operations);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static void WriteRest(Utf8JsonWriter writer, Operations operations)
    {
        writer.WriteStartObject();
        writer.WriteString("mode", "server");
        writer.WriteStartArray("resource");
        foreach (var type in FirelyModel.ResourceTypes.Order(StringComparer.Ordinal)) WriteType(writer, type, operations);
        writer.WriteEndArray();
        WriteInteractions(writer, SystemInteractions);
        WriteOperations(writer, operations.All.Where(o => o.Places.Contains(Place.SystemOperation)));
        Strings(writer, "compartment", CompartmentOwners.Select(o => $"http://hl7.org/fhir/CompartmentDefinition/{o.ToLowerInvariant()}"));
        writer.WriteEndObject();
    }

    private static readonly IReadOnlyList<string> CompartmentOwners = [.. FirelyModel.ResourceTypes.Where(Compartments.IsOwner).Order(StringComparer.Ordinal)];

    private static void WriteType(Utf8JsonWriter writer, string type, Operations operations)
    {
        var parameters = SearchParameters.Of(type)!.Values.OrderBy(p => p.Code, StringComparer.Ordinal).ToList();
        writer.WriteStartObject();
        writer.WriteString("type", type);
        if (operations.NoteOf(type) is { } note) writer.WriteString("documentation", note);
        WriteInteractions(writer, Interactions);
        writer.WriteString("versioning", "versioned-update");
        writer.WriteBoolean("readHistory", true);
        writer.WriteBoolean("updateCreate", true);
        writer.WriteBoolean("conditionalCreate", true);
        writer.WriteString("conditionalRead", "full-support");
        writer.WriteBoolean("conditionalUpdate", true);
        writer.WriteString("conditionalDelete", "single");
        Strings(writer, "referencePolicy", ["literal", "logical"]);
        Strings(writer, "searchInclude", ["*", .. parameters.Where(p => p.Type is SearchParameterType.Reference).Select(p => $"{type}:{p.Code}")]);
        writer.WriteStartArray("searchParam");
        foreach (var parameter in parameters) Write(writer, parameter);
        writer.WriteEndArray();
        WriteOperations(writer, operations.All.Where(o =>
            o.Places.Any(p => p is Place.TypeOperation or Place.InstanceOperation) && (o.Types.Count is 0 || o.Types.Contains(type))));
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, SearchParameter parameter)
    {
        writer.WriteStartObject();
        writer.WriteString("name", parameter.Code);
        if (parameter.Url is not null) writer.WriteString("definition", parameter.Url);
        writer.WriteString("type", parameter.Type.ToString().ToLowerInvariant());
        writer.WriteEndObject();
    }

    private static void WriteInteractions(Utf8JsonWriter writer, IEnumerable<string> codes)
    {
        writer.WriteStartArray("interaction");
        foreach (var code in codes)
        {
            writer.WriteStartObject();
            writer.WriteString("code", code);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteOperations(Utf8JsonWriter writer, IEnumerable<Operation> operations)
    {
        var list = operations.ToList();
        if (list.Count is 0) return;
        writer.WriteStartArray("operation");
        foreach (var operation in list)
        {
            writer.WriteStartObject();
            writer.WriteString("name", operation.Name[1..]);
            writer.WriteString("definition", operation.Definition);
            if (operation.Says is { } says) writer.WriteString("documentation", says);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Strings(Utf8JsonWriter writer, string name, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values) writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    private static string Version => typeof(Capabilities).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    // The statement changes only with the program, and so does its date.
    private static string BuiltOn => ResourceBody.Instant(new DateTimeOffset(File.GetLastWriteTimeUtc(typeof(Capabilities).Assembly.Location)));
}
