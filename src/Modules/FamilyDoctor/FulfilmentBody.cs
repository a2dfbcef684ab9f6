using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>A fulfilment as FHIR <c>ChargeItem</c>: the item, the day, where, the price, and the evidence it rests on.</summary>
/// <remarks>Status: <c>billable</c>; <c>not-billable</c> when a spot check found it wanting; <c>entered-in-error</c> when its evidence was withdrawn or displaced.</remarks>
internal static class FulfilmentBody
{
    public const string ContractSystem = "https://tongxin.health/id/contract";
    public const string YearExtension = "https://tongxin.health/fhir/StructureDefinition/contract-year";
    public const string CheckExtension = "https://tongxin.health/fhir/StructureDefinition/call-back";

    public static JsonObject Write(Fulfilment f)
    {
        var extensions = new JsonArray(new JsonObject { ["url"] = YearExtension, ["valueDate"] = JsonWriting.Day(f.YearFirst) });
        if (f.Check is not QualityCheck.None) extensions.Add(new JsonObject { ["url"] = CheckExtension, ["valueCode"] = f.Check is QualityCheck.Passed ? "passed" : "failed" });
        var body = new JsonObject
        {
            ["resourceType"] = "ChargeItem",
            ["id"] = f.Id,
            ["extension"] = extensions,
            ["identifier"] = new JsonArray(new JsonObject { ["system"] = ContractSystem, ["value"] = f.Contract }),
            ["definitionUri"] = new JsonArray(ContractBody.Editions + f.Edition),
            ["status"] = f.Check is QualityCheck.Failed ? "not-billable" : "billable",
            ["code"] = JsonWriting.Concept(ContractBody.Items, f.Item),
            ["subject"] = JsonWriting.Reference($"Patient/{f.Patient}"),
            ["occurrenceDateTime"] = JsonWriting.Day(f.Day),
            ["performingOrganization"] = JsonWriting.Reference($"Organization/{f.Site}"),
            ["quantity"] = new JsonObject { ["value"] = 1 },
            ["priceOverride"] = new JsonObject { ["value"] = f.Price, ["currency"] = "CNY" },
        };
        if (f.Labels is not null) body["meta"] = new JsonObject { ["security"] = f.Labels.DeepClone() };
        if (f.By is not null) body["performer"] = new JsonArray(new JsonObject { ["actor"] = JsonWriting.Reference($"Practitioner/{f.By}") });
        if (f.Evidence is not null) body["supportingInformation"] = new JsonArray(JsonWriting.Reference(f.Evidence));
        if (f.Said is not null) body["note"] = new JsonArray(new JsonObject { ["text"] = f.Said });
        return body;
    }

    /// <summary>Null when it is another kind of charge, or was withdrawn.</summary>
    public static Fulfilment? Read(JsonElement body)
    {
        if (body.Text("status") is not ("billable" or "not-billable") || body.Member("code")?.CodeIn(ContractBody.Items) is not { } item) return null;
        if (JsonReading.Day(body.Text("occurrenceDateTime")) is not { } day || JsonReading.Day(Extension(body, YearExtension)?.Text("valueDate")) is not { } first) return null;
        return new(
            body.Text("id") ?? "", body.Each("identifier").Where(i => i.Text("system") == ContractSystem).Select(i => i.Text("value")).FirstOrDefault() ?? "",
            body.IdIn("subject") ?? "", item, day, first, body.First("supportingInformation")?.Text("reference"), body.First("note")?.Text("text"),
            body.IdIn("performingOrganization") ?? "", body.First("performer")?.IdIn("actor"), body.Member("priceOverride")?.Member("value")?.GetDecimal() ?? 0,
            body.Each("definitionUri").Select(u => u.GetString()?[ContractBody.Editions.Length..]).FirstOrDefault() ?? "",
            Extension(body, CheckExtension)?.Text("valueCode") switch { "passed" => QualityCheck.Passed, "failed" => QualityCheck.Failed, _ => QualityCheck.None },
            body.Member("meta")?.Member("security") is { ValueKind: JsonValueKind.Array } labels ? (JsonArray)JsonNode.Parse(labels.GetRawText())! : null);
    }

    private static JsonElement? Extension(JsonElement body, string url) =>
        body.Each("extension").Where(e => e.Text("url") == url).Select(e => (JsonElement?)e).FirstOrDefault();
}
