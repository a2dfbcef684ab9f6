using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Web.Fhir;

/// <summary>Reads what a file of FHIR JSON would change: a transaction or batch by its requests, any other Bundle and any resource by what is in it.</summary>
/// <remarks>For import; the answers that a request over HTTP would want (reads in a bundle, return preferences) are left out.</remarks>
public static class BundleChanges
{
    public const int LargestFile = Bundles.LargestBody;

    /// <summary>Throws <see cref="RefusedException"/> 400 naming the entry.</summary>
    public static IReadOnlyList<Change> Read(ReadOnlyMemory<byte> json)
    {
        using var body = BodyReader.Read(json, largest: LargestFile);
        if (body.Body.Type is not "Bundle") return [OfResource(json, body)];
        var type = body.Root.TryGetProperty("type"u8, out var kind) && kind.ValueKind is JsonValueKind.String ? kind.GetString() : null;
        if (type is "transaction" or "batch")
        {
            var call = new FhirCall { Caller = Caller.System("import"), Base = "http://localhost/fhir/", Method = "POST", Address = new(Place.System), Body = json };
            var entries = BundleEntry.ReadAll(call, body.Root);
            return [.. entries.Where(e => e.IsWrite || e.Refusal is not null).OrderBy(e => e.Order).Select(e => e.Change())];
        }

        return [.. Contents(json, body.Root)];
    }

    /// <summary>A resource with an id keeps it; one without gets one.</summary>
    public static Change OfResource(ReadOnlyMemory<byte> json)
    {
        using var body = BodyReader.Read(json);
        return OfResource(json, body);
    }

    private static Change OfResource(ReadOnlyMemory<byte> json, ParsedBody body) => body.Id is { } id
        ? new Change.Put(new(body.Body.Type, id), json)
        : new Change.Create(body.Body.Type, json);

    private static IEnumerable<Change> Contents(ReadOnlyMemory<byte> json, JsonElement bundle)
    {
        if (!bundle.TryGetProperty("entry"u8, out var list) || list.ValueKind is not JsonValueKind.Array) yield break;
        var index = 0;
        foreach (var entry in list.EnumerateArray())
        {
            var place = $"Bundle.entry[{index++}]";
            if (BundleEntry.Body(json, entry) is not { Length: > 0 } resource) continue;
            var fullUrl = entry.TryGetProperty("fullUrl"u8, out var url) && url.ValueKind is JsonValueKind.String ? url.GetString() : null;
            yield return OfResource(resource) switch
            {
                Change.Put put => new Change.Put(put.Key, resource, As: fullUrl) { Place = place },
                var made => new Change.Create(made.Type, resource, As: fullUrl) { Place = place },
            };
        }
    }
}
