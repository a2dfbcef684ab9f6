using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Fhir.Validation;
using Tongxin.Kernel.Records;

namespace Tongxin.Web.Fhir;

/// <summary><c>$validate</c> (FHIR R4 §8.4.14): the judgement that a create would meet, without creating. Wrong content answers 200 with its issues.</summary>
internal static class Validating
{
    public static Operation Operation(Validator validator) => new(
        "$validate", "http://hl7.org/fhir/OperationDefinition/Resource-validate", new HashSet<string>(), ChangesNothing: false)
    {
        Places = new HashSet<Place> { Place.TypeOperation, Place.InstanceOperation, Place.SystemOperation },
        Answer = (server, call, cancel) => AnswerAsync(validator, server, call, cancel),
    };

    private static async Task<Answer> AnswerAsync(Validator validator, FhirServer server, FhirCall call, CancellationToken cancel)
    {
        var profiles = call.Parameters.Where(p => p.Key is "profile").Select(p => p.Value).ToList();
        var bytes = call.Body;
        if (bytes.Length is 0 && call.Address.Id.Length > 0)
            bytes = await server.Record.ReadAsync(call.Caller, call.Address.Key, cancel) is { IsDeleted: false } found ? found.Body : throw Reading.NotThere(call.Address.Key);

        using var sent = BodyReader.Read(bytes);
        var resource = sent.Root;
        if (sent.Body.Type is "Parameters") (resource, profiles) = Unpack(sent.Root, profiles);
        if (call.Address.Type is { Length: > 0 } wanted && !(resource.TryGetProperty("resourceType"u8, out var type) && type.ValueEquals(wanted)))
            throw RefusedException.Because(400, "structure", $"The resource is not a {wanted}, but the address says so.", "resourceType");
        var issues = validator.Validate(resource, [.. profiles]);
        return new(200) { Body = issues.Count is 0 ? FhirJson.AllIsWell("Nothing is wrong.") : FhirJson.Outcome(issues) };
    }

    /// <summary>The parameters resource and profile; mode makes no difference to what is judged.</summary>
    private static (JsonElement Resource, List<string> Profiles) Unpack(JsonElement parameters, List<string> profiles)
    {
        JsonElement? resource = null;
        if (parameters.TryGetProperty("parameter"u8, out var list) && list.ValueKind is JsonValueKind.Array)
        {
            foreach (var parameter in list.EnumerateArray())
            {
                if (parameter.ValueKind is not JsonValueKind.Object || !parameter.TryGetProperty("name"u8, out var name)) continue;
                if (name.ValueEquals("resource"u8) && parameter.TryGetProperty("resource"u8, out var found) && found.ValueKind is JsonValueKind.Object) resource = found;
                if (name.ValueEquals("profile"u8) && (parameter.TryGetProperty("valueUri"u8, out var uri) || parameter.TryGetProperty("valueCanonical"u8, out uri)))
                    if (uri.ValueKind is JsonValueKind.String) profiles.Add(uri.GetString()!);
            }
        }

        return (resource ?? throw RefusedException.Because(400, "required", "The parameter 'resource' is missing.", "Parameters.parameter"), profiles);
    }
}
