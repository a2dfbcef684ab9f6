using System.Globalization;
using Tongxin.Fhir;
using Tongxin.Kernel.Records;

namespace Tongxin.Web.Fhir;

/// <summary>read and vread (FHIR R4 §3.1.0.2, §3.1.0.3): the bytes as they are stored, without a parse unless a part of them is asked for.</summary>
internal static class Reading
{
    public static async Task<Answer> ReadAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        if (await server.Measures.ReadAsync(server, call, cancel) is { } measure) return measure;
        var shape = Shape.Read(call);
        var found = await server.Record.ReadAsync(call.Caller, call.Address.Key, cancel);
        return Give(found ?? throw NotThere(call.Address.Key), call, shape);
    }

    public static async Task<Answer> ReadVersionAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        var shape = Shape.Read(call);
        var key = call.Address.Key;
        if (!long.TryParse(call.Address.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            throw RefusedException.Because(404, "not-found", $"{key} has no such version; versions are whole numbers.");
        var found = await server.Record.ReadVersionAsync(call.Caller, key, version, cancel);
        return Give(found ?? throw RefusedException.Because(404, "not-found", $"{key} has no version {version}."), call, shape);
    }

    public static RefusedException NotThere(ResourceKey key) => RefusedException.Because(404, "not-found", $"There is no {key}.");

    private static Answer Give(Stored found, FhirCall call, Shape shape)
    {
        if (found.IsDeleted)
            return Answer.Refusal(410, "deleted", $"{found.Key} was deleted on {ResourceBody.Instant(found.LastUpdated)}.") with { Version = found };
        if (Unchanged(found, call)) return new(304) { Version = found };
        return shape.IsWhole ? Answer.Of(found) : Answer.Of(found) with { Body = shape.Cut(found.Key.Type, found.Body) };
    }

    /// <summary>RFC 9110 §13.2.2: If-Modified-Since counts only without If-None-Match.</summary>
    private static bool Unchanged(Stored found, FhirCall call)
    {
        if (call.IfNoneMatch is { Length: > 0 } tags)
            return tags is "*" || tags.Split(',').Any(tag => FhirServer.VersionOf(tag, "If-None-Match") == found.Version);
        return call.IfModifiedSince is { Length: > 0 } since
            && DateTimeOffset.TryParseExact(since, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            && found.LastUpdated.ToUnixTimeSeconds() <= time.ToUnixTimeSeconds();
    }
}
