using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.Rights;

/// <summary>One consent as its giver reads it.</summary>
/// <param name="Purpose">One of the purposes of <see cref="Consents.Purposes"/>, or what <see cref="SpeakFor"/> writes.</param>
/// <param name="Actor">Reference to whom it lets in; null when it names nobody.</param>
/// <param name="Until">Day of the withdrawal; null while it stands.</param>
public sealed record GivenConsent(
    string Id, long Version, string Purpose, string Status, string? Actor, string? ActorName, string Basis, DateOnly? Since, DateOnly? Until)
{
    public bool Stands => Status is "active";
}

/// <summary>Writes and reads FHIR <c>Consent</c>s. Pure.</summary>
internal static class ConsentBody
{
    public const string Codes = "https://tongxin.health/cs/consent-purpose";

    /// <param name="basis">Law and clause on which what is consented to rests.</param>
    public static JsonObject Write(string patient, string purpose, string status, string basis, JsonObject? actor, DateTimeOffset at)
    {
        var provision = new JsonObject { ["type"] = "permit", ["period"] = new JsonObject { ["start"] = ResourceBody.Instant(at) } };
        if (actor is not null) provision["actor"] = new JsonArray(Actor(actor));
        return new()
        {
            ["resourceType"] = "Consent",
            ["status"] = status,
            ["scope"] = JsonWriting.Concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
            ["category"] = new JsonArray(JsonWriting.Concept(Codes, purpose)),
            ["patient"] = JsonWriting.Reference($"Patient/{patient}"),
            ["dateTime"] = ResourceBody.Instant(at),
            ["performer"] = new JsonArray(JsonWriting.Reference($"Patient/{patient}")),
            ["policyRule"] = new JsonObject { ["text"] = basis },
            ["provision"] = provision,
        };
    }

    public static JsonObject Actor(JsonObject reference) => new()
    {
        ["role"] = JsonWriting.Concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"), ["reference"] = reference,
    };

    /// <summary>The same consent, withdrawn: it stays on record with the day on which it ended.</summary>
    public static JsonObject Withdrawn(JsonObject body, DateTimeOffset at)
    {
        body["status"] = "inactive";
        body.Remove("identifier");
        ((JsonObject)((JsonObject)body["provision"]!)["period"]!)["end"] = ResourceBody.Instant(at);
        return body;
    }

    /// <summary>Null for a consent of another kind.</summary>
    public static GivenConsent? Read(JsonElement body, long version)
    {
        if (body.First("category")?.CodeIn(Codes) is not { } purpose) return null;
        var provision = body.Member("provision");
        var actor = provision?.First("actor")?.Member("reference");
        var period = provision?.Member("period");
        return new(body.Text("id") ?? "", version, purpose, body.Text("status") ?? "", actor?.Text("reference"), actor?.Text("display"),
            body.Member("policyRule")?.Text("text") ?? "", JsonReading.Day(period?.Text("start")), JsonReading.Day(period?.Text("end")));
    }
}
