using System.Text.Json.Nodes;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Kernel.Programmes;

/// <summary>A referral that rules propose (转诊建议): a draft ServiceRequest that the doctor sends or leaves.</summary>
/// <remarks>
/// One visit proposes one referral, whatever number of programmes ask for it: the person goes to the hospital once. What is in a protected
/// compartment stands apart.
/// </remarks>
public static class Referrals
{
    public static string IdFor(string? compartment, string visitId) => StableId.Of("refer", compartment ?? "", visitId);

    /// <summary>What referrals were called while each programme proposed its own.</summary>
    internal static string FormerIdFor(string programme, string visitId) => StableId.Of("refer", programme, visitId);

    /// <param name="asking">Verdicts that ask for a referral, in the order of the programmes; at least one.</param>
    internal static JsonObject Propose(string id, IReadOnlyList<(ProgrammePackage Package, Verdict Verdict)> asking, Visit visit, PersonRecord record)
    {
        var isUrgent = asking.Any(a => a.Verdict.Referral is Referral.Urgent);
        var request = new JsonObject
        {
            ["resourceType"] = "ServiceRequest",
            ["id"] = id,
            ["status"] = "draft",
            ["intent"] = "proposal",
            ["category"] = new JsonArray(Json.Concept("http://snomed.info/sct", "3457005", "转诊")),
            ["priority"] = isUrgent ? "stat" : "routine",
            ["code"] = new JsonObject { ["text"] = isUrgent ? "紧急转诊" : "建议转诊" },
            ["subject"] = Json.Reference(record.Reference),
            ["authoredOn"] = Json.Text(visit.Date),
            ["reasonCode"] = new JsonArray([.. asking.Select(a => (JsonNode)new JsonObject { ["text"] = Reason(a.Verdict) })]),
            ["reasonReference"] = new JsonArray([.. asking.Select(a => (JsonNode)Json.Reference($"Observation/{Assessment.IdFor(a.Package.Code, visit.Id)}"))]),
            ["supportingInfo"] = new JsonArray(Json.Reference(visit.Reference)),
            ["instantiatesCanonical"] = new JsonArray([.. asking.Select(a => (JsonNode)a.Package.Canonical)]),
        };
        if (asking[0].Package.Sensitivity is { } label) request["meta"] = Sensitivity.Meta(label);
        return request;
    }

    private static string Reason(Verdict verdict) => string.Join("；", verdict.Alerts.Select(a => a.Reason).Append(verdict.Reason).Where(r => r.Length > 0));
}
