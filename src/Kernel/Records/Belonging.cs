using System.Text.Json;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records;

/// <summary>Whose record a resource is part of, and which organisations care for that person because of it.</summary>
/// <remarks>A pure function of the body and its index rows. Says nothing about who may read: that is Access's.</remarks>
internal static class Belonging
{
    // The person a resource is about comes before those who wrote, performed or received it.
    private static readonly string[] AboutFirst = ["patient", "subject", "beneficiary", "individual"];

    /// <summary>Types that name patients but are nobody's record.</summary>
    private static readonly string[] Nobodys = ["Group", "Schedule", "Practitioner", "Organization", "Location"];

    /// <summary>Id of the Patient; null when the resource is nobody's. FHIR R4 Patient compartment, what it is about first.</summary>
    public static string? Person(ResourceKey key, JsonElement resource, IndexEntries index)
    {
        if (key.Type is "Patient") return key.Id;
        if (Nobodys.Contains(key.Type)) return null;
        if (key.Type is "Binary") return PatientIn(resource, "securityContext");
        foreach (var code in AboutFirst)
            if (SearchParameters.Find(key.Type, code) is { } parameter && PatientIn(index, parameter) is { } about) return about;
        foreach (var parameter in Compartments.Parameters("Patient", key.Type))
            if (PatientIn(index, parameter) is { } involved) return involved;
        return null;
    }

    /// <summary>Empty when nobody is cared for because of this resource, or no longer: its state decides.</summary>
    public static IReadOnlyList<Relation> Relations(string? person, JsonElement resource)
    {
        if (person is null) return [];
        var status = resource.Text("status");
        IEnumerable<string> organisations = resource.Text("resourceType") switch
        {
            "Patient" => In(resource, "managingOrganization"),
            "EpisodeOfCare" when status is "planned" or "waitlist" or "active" or "onhold" => In(resource, "managingOrganization"),
            "Encounter" when status is "planned" or "arrived" or "triaged" or "in-progress" or "onleave" => In(resource, "serviceProvider"),
            "ServiceRequest" when status is "active" or "on-hold" => In(resource, "performer"),
            "Task" when status is "requested" or "received" or "accepted" or "ready" or "in-progress" or "on-hold" => In(resource, "owner"),
            "CareTeam" when status is "proposed" or "active" =>
                In(resource, "managingOrganization").Concat(Each(resource, "participant").SelectMany(p => In(p, "member").Concat(In(p, "onBehalfOf")))),
            // 知情同意: whom she lets in by her own will, for as long as she lets them.
            "Consent" when status is "active" => Permitted(resource),
            // 家庭医生签约: the team's organisation signs, or is named as the authority.
            "Contract" when status is "executed" => In(resource, "authority").Concat(Each(resource, "signer").SelectMany(s => In(s, "party"))),
            _ => [],
        };
        return [.. organisations.Distinct(StringComparer.Ordinal).Select(o => new Relation(person, o))];
    }

    private static IEnumerable<string> Permitted(JsonElement consent) => Each(consent, "provision").Where(p => p.Text("type") is "permit")
        .SelectMany(p => Each(p, "actor")).SelectMany(a => In(a, "reference"));

    private static string? PatientIn(IndexEntries index, SearchParameter parameter)
    {
        foreach (var reference in index.References)
            if (reference.Parameter == parameter && reference is { Type: "Patient", Id: not null }) return reference.Id;
        return null;
    }

    private static string? PatientIn(JsonElement resource, string element) =>
        resource.TryGetProperty(element, out var found) && found.ValueKind is JsonValueKind.Object && found.Text("reference") is { } text &&
        ReferenceText.Read(text, []) is { Type: "Patient", Id: { } id } ? id : null;

    private static IEnumerable<string> In(JsonElement owner, string element)
    {
        foreach (var reference in Each(owner, element))
            if (reference.Text("reference") is { } text && ReferenceText.Read(text, []) is { Type: "Organization", Id: { } id }) yield return id;
    }

    private static IEnumerable<JsonElement> Each(JsonElement owner, string element)
    {
        if (owner.ValueKind is not JsonValueKind.Object || !owner.TryGetProperty(element, out var found)) return [];
        return found.ValueKind switch
        {
            JsonValueKind.Array => found.EnumerateArray().Where(item => item.ValueKind is JsonValueKind.Object),
            JsonValueKind.Object => [found],
            _ => [],
        };
    }
}
