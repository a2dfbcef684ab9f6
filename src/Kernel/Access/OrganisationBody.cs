using System.Globalization;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>An <see cref="Organisation"/> as FHIR <c>Organization</c> and <c>Location</c>: what it says is put over what stands, the rest stays.</summary>
internal static class OrganisationBody
{
    private const string Period = "http://hl7.org/fhir/StructureDefinition/organization-period";

    public static IEnumerable<Change> Changes(Organisation place, ReadOnlyMemory<byte>? standing)
    {
        yield return Put(Body(place, standing is { Length: > 0 } bytes ? (JsonObject)JsonNode.Parse(bytes.Span)! : []));
        yield return Put(new()
        {
            ["resourceType"] = "Location", ["id"] = place.Id, ["status"] = place.Active && place.Until is null ? "active" : "inactive", ["name"] = place.Name,
            ["mode"] = "instance", ["managingOrganization"] = Reference(place.Id),
        });
    }

    private static JsonObject Body(Organisation place, JsonObject body)
    {
        body.Remove("meta");
        body["resourceType"] = "Organization";
        body["id"] = place.Id;
        body["active"] = place.Active;
        body["name"] = place.Name;
        Set(body, "type", Organisations.KindSystem, i => (string?)i?["coding"]?[0]?["system"], place.Kind is not { } kind ? null : new JsonObject
        {
            ["coding"] = new JsonArray(new JsonObject { ["system"] = Organisations.KindSystem, ["code"] = kind }),
        });
        Set(body, "identifier", Organisations.DivisionSystem, i => (string?)i?["system"], place.Division is not { } division ? null : new JsonObject
        {
            ["system"] = Organisations.DivisionSystem, ["value"] = division,
        });
        Set(body, "extension", Period, i => (string?)i?["url"], place is { From: null, Until: null } ? null : new JsonObject
        {
            ["url"] = Period, ["valuePeriod"] = PeriodOf(place),
        });
        if (place.Parent is null) body.Remove("partOf");
        else body["partOf"] = Reference(place.Parent);
        return body;
    }

    // Replaces the items that are ours and leaves the others.
    private static void Set(JsonObject body, string name, string ours, Func<JsonNode?, string?> key, JsonObject? item)
    {
        var items = (body[name] as JsonArray ?? []).Where(i => key(i) != ours).Select(i => i?.DeepClone()).ToList();
        if (item is not null) items.Add(item);
        if (items.Count > 0) body[name] = new JsonArray([.. items]);
        else body.Remove(name);
    }

    private static JsonObject PeriodOf(Organisation place)
    {
        var period = new JsonObject();
        if (place.From is { } from) period["start"] = from.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        if (place.Until is { } until) period["end"] = until.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return period;
    }

    private static JsonObject Reference(string id) => new() { ["reference"] = $"Organization/{id}" };

    private static Change.Put Put(JsonObject body) =>
        new(new((string)body["resourceType"]!, (string)body["id"]!), PlainJson.Bytes(body));
}
