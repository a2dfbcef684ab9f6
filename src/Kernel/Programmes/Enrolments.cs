using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Kernel.Programmes;

/// <summary>An enrolment (纳入管理) as an EpisodeOfCare: opened by rule, by hand or by the first visit; closed with day and reason, never deleted.</summary>
public static class Enrolments
{
    public static JsonObject Open(ProgrammePackage package, PersonRecord record, DateOnly from, string how, string why)
    {
        var episode = new JsonObject
        {
            ["resourceType"] = "EpisodeOfCare",
            ["id"] = StableId.Of("care", record.PatientId, package.Code, Json.Text(from)),
            ["extension"] = new JsonArray(new JsonObject { ["url"] = ProgrammeCodes.Edition, ["valueString"] = package.Edition }),
            ["status"] = "active",
            ["statusHistory"] = new JsonArray(new JsonObject { ["status"] = "active", ["period"] = new JsonObject { ["start"] = Json.Text(from) } }),
            ["type"] = new JsonArray(Json.Concept(ProgrammeCodes.Programme, package.Code, package.Title), Json.Concept(ProgrammeCodes.EnrolmentSource, how, why)),
            ["patient"] = Json.Reference(record.Reference),
            ["period"] = new JsonObject { ["start"] = Json.Text(from) },
        };
        if (package.Sensitivity is { } label) episode["meta"] = Sensitivity.Meta(label);
        if (record.Patient.ReferenceTo("managingOrganization") is { } organisation) episode["managingOrganization"] = Json.Reference(organisation);
        return episode;
    }

    public static JsonObject Close(JsonElement standing, DateOnly on, string reason, string text)
    {
        var episode = (JsonObject)JsonNode.Parse(standing.GetRawText())!;
        var day = Json.Text(on);
        episode["status"] = "finished";
        ((JsonObject)episode["period"]!)["end"] = day;
        if (episode["statusHistory"] is not JsonArray history) episode["statusHistory"] = history = [];
        if (history.LastOrDefault() is JsonObject last && last["period"] is JsonObject period) period["end"] = day;
        history.Add(new JsonObject { ["status"] = "finished", ["period"] = new JsonObject { ["start"] = day } });
        if (episode["extension"] is not JsonArray extensions) episode["extension"] = extensions = [];
        extensions.Add(new JsonObject { ["url"] = ProgrammeCodes.EndReason, ["valueCodeableConcept"] = Json.Concept(ProgrammeCodes.ExitReason, reason, text) });
        return episode;
    }

    /// <summary>Takes an ending back that was made for a reason which proved wrong, as a death registered in error.</summary>
    public static JsonObject Reopen(JsonElement standing)
    {
        var episode = (JsonObject)JsonNode.Parse(standing.GetRawText())!;
        var ended = (string?)episode["period"]?["end"];
        episode["status"] = "active";
        ((JsonObject)episode["period"]!).Remove("end");
        if (episode["statusHistory"] is JsonArray history) history.Add(new JsonObject { ["status"] = "active", ["period"] = new JsonObject { ["start"] = ended } });
        if (episode["extension"] is JsonArray extensions)
            foreach (var reason in extensions.OfType<JsonObject>().Where(e => (string?)e["url"] == ProgrammeCodes.EndReason).ToList()) extensions.Remove(reason);
        return episode;
    }

    /// <summary>Code of why it ended; null while it stands.</summary>
    public static string? EndedBecause(JsonElement episode) =>
        episode.ExtensionAt(ProgrammeCodes.EndReason)?.Member("valueCodeableConcept")?.CodeOf(ProgrammeCodes.ExitReason);
}
