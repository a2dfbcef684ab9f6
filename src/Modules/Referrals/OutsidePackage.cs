using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.Referrals;

/// <summary>What goes with a referral to a receiver outside: a FHIR transaction with the order, the person, both places, and what was chosen of her record.</summary>
/// <remarks>
/// Read through the sender's own door, so that nothing leaves that the sender may not see; what is sensitive stays here.
/// Every entry is created only if the receiver does not have it (<c>ifNoneExist</c> by its address here): a try whose answer was lost is not taken twice.
/// </remarks>
internal static class OutsidePackage
{
    public const string SourceSystem = "https://tongxin.health/id/source";

    public static async Task<JsonObject> MakeAsync(RecordAccess records, Caller caller, JsonObject order, string patient,
        IReadOnlyList<PackageItem> package, CancellationToken cancel)
    {
        var bodies = new List<JsonObject> { (JsonObject)order.DeepClone() };
        string?[] places = [(string?)order["requester"]?["reference"], (string?)order["performer"]?[0]?["reference"]];
        foreach (var address in places.Prepend(patient).OfType<string>().Distinct(StringComparer.Ordinal))
            if (await records.ReadAsync(caller, ResourceKey.Parse(address), cancel) is { IsDeleted: false } stored) bodies.Add(JsonWriting.Edit(stored));
        foreach (var item in package)
            if (await records.ReadAsync(caller, ResourceKey.Parse(item.Reference), cancel) is { IsDeleted: false } stored
                && !SensitivityRules.IsSensitive(JsonReading.Parse(stored))) bodies.Add(JsonWriting.Edit(stored));
        var from = places[0]?.Split('/')[^1] ?? "";
        var names = bodies.ToDictionary(b => $"{b["resourceType"]}/{b["id"]}", b => FullUrl(from, $"{b["resourceType"]}/{b["id"]}"), StringComparer.Ordinal);
        return new() { ["resourceType"] = "Bundle", ["type"] = "transaction", ["entry"] = new JsonArray([.. bodies.Select(b => Entry(b, from, names))]) };
    }

    private static JsonObject Entry(JsonObject body, string from, Dictionary<string, string> names)
    {
        var (type, here) = ((string)body["resourceType"]!, $"{body["resourceType"]}/{body["id"]}");
        body.Remove("id");
        body.Remove("meta");
        body.Remove("endpoint");
        Rename(body, names);
        var source = $"{from}/{here}";
        var identifiers = body["identifier"] as JsonArray ?? [];
        body.Remove("identifier");
        var name = new JsonObject { ["system"] = SourceSystem, ["value"] = source };
        // The answer to a form has one name only.
        body["identifier"] = type is "QuestionnaireResponse" ? name : new JsonArray([.. identifiers.Select(i => i?.DeepClone()), name]);
        return new()
        {
            ["fullUrl"] = names[here], ["resource"] = body,
            ["request"] = new JsonObject { ["method"] = "POST", ["url"] = type, ["ifNoneExist"] = $"identifier={SourceSystem}|{source}" },
        };
    }

    // What the package does not hold cannot be pointed at over there: its name stays, the pointer goes.
    private static void Rename(JsonNode? node, Dictionary<string, string> names)
    {
        if (node is JsonArray all) foreach (var one in all) Rename(one, names);
        if (node is not JsonObject members) return;
        if ((members["reference"] as JsonValue)?.TryGetValue<string>(out var reference) is true && !reference.StartsWith('#'))
        {
            if (names.TryGetValue(reference, out var there)) members["reference"] = there;
            else
            {
                members.Remove("reference");
                if (members["display"] is null) members["display"] = reference.Split('/')[0];
            }
        }

        foreach (var (_, value) in members.ToList()) Rename(value, names);
    }

    private static string FullUrl(string from, string address) =>
        $"urn:uuid:{new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{from}/{address}")).AsSpan(0, 16))}";
}
