using Tongxin.Fhir;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Web.Fhir;

/// <summary>patch (FHIR R4 §3.1.0.6): what stands is read, changed as told, and put back on the condition that it still stands.</summary>
internal static class Patching
{
    public const string JsonPatchType = "application/json-patch+json";

    // Somebody else may write between our read and our write; thrice is bad luck, more is a fight.
    private const int Attempts = 4;

    public static async Task<Answer> PatchAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await Writing.CommitAsync(server, call, await ChangeAsync(server, call, cancel), cancel);
            }
            catch (RefusedException conflict) when (conflict.Status is 412 && call.IfMatch is null && attempt < Attempts)
            {
                // The next attempt reads what the other one wrote.
            }
        }
    }

    public static async Task<Answer> PatchWhereAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        if (call.Query.Length is 0)
            throw RefusedException.Because(412, "required", $"PATCH on a type needs a search in the address that says which {call.Address.Type} is meant.");
        var request = server.Queries.Parse(call.Address.Type, call.Query) with { Count = 2 };
        if (request.Criteria.Count is 0) throw RefusedException.Because(412, "required", "A condition without a search parameter matches everything.");
        var page = await server.Record.SearchAsync(call.Caller, request, cancel);
        return page.Matches switch
        {
            [] => throw RefusedException.Because(404, "not-found", "The condition matches nothing."),
            [var only] => await PatchAsync(server, call with { Address = new(Place.Instance, only.Key.Type, only.Key.Id), Query = "" }, cancel),
            _ => throw RefusedException.Because(412, "multiple-matches", "The condition matches several resources; it must match one."),
        };
    }

    /// <summary>The patched resource as a Put on the version that was read.</summary>
    public static async Task<Change> ChangeAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        var key = call.Address.Key;
        var found = await server.Record.ReadAsync(call.Caller, key, cancel) ?? throw Reading.NotThere(key);
        if (found.IsDeleted) throw RefusedException.Because(410, "deleted", $"{key} was deleted.");
        if (FhirServer.VersionOf(call.IfMatch, "If-Match") is { } wanted && wanted != found.Version)
            throw RefusedException.Because(412, "conflict", $"{key} is at version {found.Version}, not {wanted}.");
        var patched = Apply(server, call, found.Body);
        return new Change.Put(key, patched, found.Version);
    }

    private static byte[] Apply(FhirServer server, FhirCall call, ReadOnlyMemory<byte> body)
    {
        var patch = call.Body;
        // A JSON Patch has a media type of its own and comes in a bundle as a Binary; what comes as FHIR is a FHIRPath Patch (FHIR R4 §3.1.0.6).
        var isJsonPatch = call.BodyType is JsonPatchType;
        if (call.IsEntry && Enclosed(patch) is { } enclosed) (patch, isJsonPatch) = (enclosed, true);
        if (isJsonPatch) return JsonPatch.Apply(body, patch);
        return PathPatch.Apply(body, patch, FirelyModel.R4, server.Clock);
    }

    private static byte[]? Enclosed(ReadOnlyMemory<byte> entry)
    {
        using var parsed = BodyReader.Read(entry);
        if (parsed.Body.Type is not "Binary") return null;
        return parsed.Root.TryGetProperty("contentType"u8, out var type) && type.ValueEquals(JsonPatchType)
            && parsed.Root.TryGetProperty("data"u8, out var data) && data.TryGetBytesFromBase64(out var bytes)
            ? bytes
            : throw RefusedException.Because(400, "structure", $"A Binary that patches has contentType {JsonPatchType} and data.", "Binary");
    }
}
