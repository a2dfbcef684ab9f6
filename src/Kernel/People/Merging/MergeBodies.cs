using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.People.Merging;

/// <summary>What a merge writes: the two Patients' links (FHIR R4 link-type) and the Provenance that lists every version before. Pure.</summary>
internal static class MergeBodies
{
    private const string Activities = "https://tongxin.health/cs/merge";
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string IdFor(string duplicate) => $"merge-{(duplicate.Length > 58 ? duplicate[^58..] : duplicate)}";

    public static byte[] Bytes(JsonObject resource) => JsonSerializer.SerializeToUtf8Bytes(resource, Readable);

    public static bool IsReplaced(JsonObject patient) => Survivor(patient) is not null;

    /// <summary>Id of the person into whom this one was merged; null when she was not.</summary>
    public static string? Survivor(JsonObject patient) => Links(patient).Where(l => (string?)l["type"] is "replaced-by")
        .Select(l => ((string?)l["other"]?["reference"])?.Split('/')[^1]).FirstOrDefault();

    /// <summary>The survivor answers to the duplicate's numbers too, marked as old.</summary>
    public static JsonObject Survivor(JsonObject kept, JsonObject gone, string duplicate)
    {
        var body = (JsonObject)kept.DeepClone();
        var own = Identifiers(body).Select(Number).ToHashSet();
        var all = body["identifier"] as JsonArray ?? [];
        foreach (var more in Identifiers(gone).Where(i => !own.Contains(Number(i))))
        {
            var copy = (JsonObject)more.DeepClone();
            copy["use"] = "old";
            all.Add(copy);
        }

        if (all.Count > 0 && body["identifier"] is null) body["identifier"] = all;
        AddLink(body, duplicate, "replaces");
        return body;
    }

    public static JsonObject Replaced(JsonObject gone, string survivor)
    {
        var body = (JsonObject)gone.DeepClone();
        body["active"] = false;
        AddLink(body, survivor, "replaced-by");
        return body;
    }

    /// <summary>A Patient changed since the merge: without the link and the numbers that the merge gave, active as before.</summary>
    public static JsonObject TakenBack(JsonObject now, JsonObject before, string other)
    {
        var body = (JsonObject)now.DeepClone();
        Keep(body, "link", l => !((string?)l["other"]?["reference"])?.EndsWith($"/{other}", StringComparison.Ordinal) ?? true);
        var own = Identifiers(before).Select(Number).ToHashSet();
        Keep(body, "identifier", i => (string?)i["use"] is not "old" || own.Contains(Number(i)));
        if (before["active"] is { } active) body["active"] = active.DeepClone();
        else body.Remove("active");
        return body;
    }

    public static JsonObject Provenance(IReadOnlyList<Stored> before, Caller caller, string reason, DateTimeOffset at) => new()
    {
        ["resourceType"] = "Provenance",
        ["id"] = IdFor(before[1].Key.Id),
        ["target"] = new JsonArray([.. before.Take(2).Select(s => Reference(s.Key.ToString()))]),
        ["recorded"] = ResourceBody.Instant(at),
        ["activity"] = Activity("merged", reason),
        ["agent"] = new JsonArray(Agent(caller)),
        ["entity"] = new JsonArray([.. before.Select(s => new JsonObject { ["role"] = "revision", ["what"] = Reference($"{s.Key}/_history/{s.Version}") })]),
    };

    public static JsonObject Parted(JsonObject provenance, Caller caller, string reason, DateTimeOffset at)
    {
        var body = (JsonObject)provenance.DeepClone();
        body["recorded"] = ResourceBody.Instant(at);
        body["activity"] = Activity("parted", reason);
        body["agent"] = new JsonArray(Agent(caller));
        return body;
    }

    /// <summary>Every resource that the merge changed and its version before.</summary>
    public static IEnumerable<(ResourceKey Key, long Version)> Before(JsonObject provenance) =>
        from entity in ((JsonArray)provenance["entity"]!).OfType<JsonObject>()
        let parts = ((string)entity["what"]!["reference"]!).Split('/')
        select (new ResourceKey(parts[0], parts[1]), long.Parse(parts[3], CultureInfo.InvariantCulture));

    private static JsonObject Activity(string code, string reason) =>
        new() { ["coding"] = new JsonArray(new JsonObject { ["system"] = Activities, ["code"] = code }), ["text"] = reason };

    private static JsonObject Agent(Caller caller)
    {
        var who = Reference(caller.Subject);
        who["display"] = caller.Name;
        return new() { ["who"] = who };
    }

    private static void AddLink(JsonObject body, string other, string type)
    {
        var links = body["link"] as JsonArray ?? [];
        links.Add(new JsonObject { ["other"] = Reference($"Patient/{other}"), ["type"] = type });
        if (body["link"] is null) body["link"] = links;
    }

    private static void Keep(JsonObject body, string member, Func<JsonObject, bool> which)
    {
        if (body[member] is not JsonArray all) return;
        foreach (var item in all.OfType<JsonObject>().Where(i => !which(i)).ToList()) all.Remove(item);
        if (all.Count is 0) body.Remove(member);
    }

    private static JsonObject Reference(string to) => new() { ["reference"] = to };

    private static (string?, string?) Number(JsonObject identifier) => ((string?)identifier["system"], (string?)identifier["value"]);

    private static IEnumerable<JsonObject> Identifiers(JsonObject patient) => (patient["identifier"] as JsonArray ?? []).OfType<JsonObject>();

    private static IEnumerable<JsonObject> Links(JsonObject patient) => (patient["link"] as JsonArray ?? []).OfType<JsonObject>();
}
