using System.Globalization;
using System.Text.Json;
using Tongxin.Fhir;

namespace Tongxin.Web.Fhir.Terms;

/// <summary>What a terminology operation was asked with: parameters of the address, or a Parameters resource (FHIR R4 §3.2.0.1.1). Later values of a name are ignored.</summary>
internal sealed class TermInput
{
    private const int LongestValue = 2_048;

    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);

    /// <summary>A resource sent along, such as a ValueSet that is not on record; undefined when none was.</summary>
    public JsonElement Resource { get; private set; }

    /// <summary>Codings of the parameters coding and codeableConcept; any of them may be meant.</summary>
    public List<(string? System, string Code, string? Display)> Codings { get; } = [];

    /// <summary>Throws <see cref="RefusedException"/> (400) for a parameter that the operation does not know.</summary>
    /// <param name="known">Names that are understood; others are refused unless the caller is lenient.</param>
    public static TermInput Read(FhirCall call, params string[] known)
    {
        var input = new TermInput();
        foreach (var (name, value) in call.Parameters)
            if (name is not ("_format" or "_pretty")) input.Add(name, value, known, call);
        if (call.Body.Length > 0) input.ReadBody(call, known);
        if (input["code"] is { } code) input.Codings.Insert(0, (input["system"], code, input["display"]));
        return input;
    }

    public string? this[string name] => values.GetValueOrDefault(name);

    /// <summary>Throws 400 when it is missing.</summary>
    public string Required(string name) => this[name] ?? throw RefusedException.Because(400, "required", $"The parameter '{name}' is missing.", name);

    public int Number(string name, int otherwise) => this[name] is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw RefusedException.Because(400, "value", $"'{name}' is a whole number from 0.", name);

    private void ReadBody(FhirCall call, string[] known)
    {
        // Not disposed: the resource is read from as long as the operation runs, and the collector takes it afterwards.
        var sent = Tongxin.Kernel.Records.BodyReader.Read(call.Body);
        if (sent.Body.Type is not "Parameters")
        {
            Resource = sent.Root;
            return;
        }

        if (!sent.Root.TryGetProperty("parameter"u8, out var list) || list.ValueKind is not JsonValueKind.Array) return;
        foreach (var parameter in list.EnumerateArray())
        {
            if (parameter.ValueKind is not JsonValueKind.Object || Text(parameter, "name") is not { } name) continue;
            if (parameter.TryGetProperty("resource"u8, out var resource) && resource.ValueKind is JsonValueKind.Object) Resource = resource;
            else if (parameter.TryGetProperty("valueCoding"u8, out var coding)) AddCoding(coding);
            else if (parameter.TryGetProperty("valueCodeableConcept"u8, out var concept)) AddConcept(concept);
            else if (Primitive(parameter) is { } value) Add(name, value, known, call);
        }
    }

    private void Add(string name, string value, string[] known, FhirCall call)
    {
        if (!known.Contains(name))
        {
            if (call.Prefer.Lenient) return;
            throw RefusedException.Because(400, "not-supported", $"{call.Address.Name} knows {string.Join(", ", known)}.", name.Length > 64 ? null : name);
        }

        if (value.Length > LongestValue) throw RefusedException.Because(400, "too-long", $"'{name}' has at most {LongestValue} characters.", name);
        values.TryAdd(name, value);
    }

    private void AddConcept(JsonElement concept)
    {
        if (concept.ValueKind is not JsonValueKind.Object || !concept.TryGetProperty("coding"u8, out var list) || list.ValueKind is not JsonValueKind.Array) return;
        foreach (var coding in list.EnumerateArray()) AddCoding(coding);
    }

    private void AddCoding(JsonElement coding)
    {
        if (coding.ValueKind is JsonValueKind.Object && Text(coding, "code") is { } code) Codings.Add((Text(coding, "system"), code, Text(coding, "display")));
    }

    private static string? Primitive(JsonElement parameter)
    {
        foreach (var member in parameter.EnumerateObject())
            if (member.Name.StartsWith("value", StringComparison.Ordinal))
                return member.Value.ValueKind switch
                {
                    JsonValueKind.String => member.Value.GetString(),
                    JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => member.Value.GetRawText(),
                    _ => null,
                };
        return null;
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}
