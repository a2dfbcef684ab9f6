using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Web.Fhir;

/// <summary>An operation of the FHIR API that a module answers, on a resource type.</summary>
/// <remarks>Registered as a service, it stands under <c>/fhir</c> and in the CapabilityStatement.</remarks>
/// <param name="Name">With its dollar sign: <c>$match</c>.</param>
/// <param name="Definition">Canonical of its OperationDefinition.</param>
/// <param name="ChangesNothing">True when GET may ask it.</param>
/// <param name="Says">What the CapabilityStatement tells of it beyond its definition: what is not done, what else is.</param>
public sealed record ModuleOperation(string Name, string Definition, string Type, bool ChangesNothing, string Says)
{
    /// <summary>Answers a resource. Refusals become OperationOutcomes.</summary>
    public required Func<OperationCall, CancellationToken, Task<JsonObject>> Answer { get; init; }

    internal Operation Operation => new(Name, Definition, new HashSet<string> { Type }, ChangesNothing)
    {
        Places = new HashSet<Place> { Place.TypeOperation },
        Says = Says,
        Answer = async (_, call, cancel) => new(200) { Body = JsonWriting.Bytes(await Answer(OperationCall.Of(call), cancel)) },
    };
}

/// <summary>What the CapabilityStatement says of a resource type in words, from the module that answers for it.</summary>
public sealed record CapabilityNote(string Type, string Says);

/// <summary>What an operation was asked with: parameters of the address and of a Parameters resource, which are one list (FHIR R4 §3.2.0.1.1).</summary>
public sealed class OperationCall
{
    private readonly List<(string Name, JsonElement Value)> values = [];

    private OperationCall(Caller caller, string address) => (Caller, Base) = (caller, address);

    public Caller Caller { get; }

    /// <summary>Address of the server as the caller knows it, ending in a slash.</summary>
    public string Base { get; }

    /// <summary>Refuses 400 a parameter that is not among <paramref name="known"/>.</summary>
    public void Know(params string[] known)
    {
        var (name, _) = values.FirstOrDefault(v => !known.Contains(v.Name));
        if (name is not null) throw RefusedException.Because(400, "not-supported", $"The parameters are {string.Join(", ", known)}.", name.Length > 64 ? null : name);
    }

    /// <summary>A resource, or null. A body that is no Parameters is itself the parameter <c>resource</c>.</summary>
    public JsonElement? Resource(string name) => values.Where(v => v.Name == name && v.Value.ValueKind is JsonValueKind.Object).Select(v => (JsonElement?)v.Value).FirstOrDefault();

    /// <summary>A data type such as a Reference or an Identifier, as often as it was given.</summary>
    public IEnumerable<JsonElement> Objects(string name) => values.Where(v => v.Name == name && v.Value.ValueKind is JsonValueKind.Object).Select(v => v.Value);

    /// <summary>A text, as often as it was given.</summary>
    public IEnumerable<string> Texts(string name) => values.Where(v => v.Name == name && v.Value.ValueKind is JsonValueKind.String).Select(v => v.Value.GetString()!);

    /// <summary>False when it was not given. Refuses 400 what is neither true nor false.</summary>
    public bool Flag(string name) => First(name) switch
    {
        null => false,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.String } text when text.GetString() is "true" or "false" => text.GetString() is "true",
        _ => throw RefusedException.Because(400, "value", $"'{name}' is true or false.", name),
    };

    /// <summary>Null when it was not given. Refuses 400 what is no whole number from 1.</summary>
    public int? Number(string name) => First(name) is not { } value ? null
        : int.TryParse(value.ValueKind is JsonValueKind.String ? value.GetString() : value.GetRawText(), out var number) && number > 0 ? number
        : throw RefusedException.Because(400, "value", $"'{name}' is a whole number from 1.", name);

    private JsonElement? First(string name) => values.Where(v => v.Name == name).Select(v => (JsonElement?)v.Value).FirstOrDefault();

    internal static OperationCall Of(FhirCall call)
    {
        var asked = new OperationCall(call.Caller, call.Base);
        foreach (var (name, value) in call.Parameters)
            if (name is not ("_format" or "_pretty")) asked.values.Add((name, JsonSerializer.SerializeToElement(value)));
        if (call.Body.Length is 0) return asked;
        // Not disposed: read from as long as the operation runs.
        var sent = BodyReader.Read(call.Body);
        if (sent.Body.Type is not "Parameters")
        {
            asked.values.Add(("resource", sent.Root));
            return asked;
        }

        foreach (var parameter in sent.Root.Each("parameter"))
            if (parameter.Text("name") is { } name && ValueOf(parameter) is { } value) asked.values.Add((name, value));
        return asked;
    }

    private static JsonElement? ValueOf(JsonElement parameter)
    {
        foreach (var member in parameter.EnumerateObject())
            if (member.Name is "resource" || member.Name.StartsWith("value", StringComparison.Ordinal)) return member.Value;
        return null;
    }
}
