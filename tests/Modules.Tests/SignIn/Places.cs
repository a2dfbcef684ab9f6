
namespace Tongxin.Modules.Tests.SignIn;

/// <summary>A city of two counties and whom the tests put there, as FHIR text.</summary>
internal static class Places
{
    public static IReadOnlyList<(string Id, string Kind, string? Parent, string Division)> All { get; } =
    [
        ("city", "city", null, "990100"), ("east", "county", "city", "990101"), ("west", "county", "city", "990102"),
        ("east-hospital", "hospital", "east", "990101"), ("east-cdc", "disease-control", "east", "990101"),
        ("town-a", "township", "east", "990101001"), ("town-b", "township", "east", "990101002"), ("town-c", "township", "west", "990102001"),
        ("village-a1", "village", "town-a", "990101001101"), ("village-b1", "village", "town-b", "990101002101"), ("village-c1", "village", "town-c", "990102001101"),
    ];

    public static string[] Tree { get; } = [.. All.Select(p => Resource("Organization", p.Id, $$"""
        "active":true,"name":"{{p.Id}}","identifier":[{"system":"{{Kernel.Access.Organisations.DivisionSystem}}","value":"{{p.Division}}"}],
        "type":[{{Concept(Kernel.Access.Organisations.KindSystem, p.Kind)}}]{{(p.Parent is null ? "" : $",\"partOf\":{Reference("Organization", p.Parent)}")}}
        """))];

    public static string Patient(string id, string organisation, string family = "李", string identifier = "") => Resource("Patient", id, $$"""
        "identifier":[{"system":"urn:x","value":"{{(identifier.Length > 0 ? identifier : "n-" + id)}}"}],"name":[{"family":"{{family}}","text":"{{family}}"}],
        "gender":"female","birthDate":"1960-02-03","managingOrganization":{{Reference("Organization", organisation)}}
        """);

    public static string Condition(string id, string patient, string icd) => Resource("Condition", id,
        $"\"subject\":{Reference("Patient", patient)},\"code\":{Concept("http://hl7.org/fhir/sid/icd-10", icd)}");

    public static string Observation(string id, string patient, int systolic, string more = "") => Resource("Observation", id, $$"""
        "status":"final","code":{{Concept("http://loinc.org", "8480-6")}},"subject":{{Reference("Patient", patient)}},
        "valueQuantity":{"value":{{systolic}},"unit":"mmHg"}{{more}}
        """);

    public static string Resource(string type, string id, string members) => $"{{\"resourceType\":\"{type}\",\"id\":\"{id}\",{members}}}";

    public static string Reference(string type, string id) => $"{{\"reference\":\"{type}/{id}\"}}";

    public static string Concept(string system, string code) => $"{{\"coding\":[{{\"system\":\"{system}\",\"code\":\"{code}\"}}]}}";
}
