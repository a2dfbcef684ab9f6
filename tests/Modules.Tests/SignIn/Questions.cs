using static Tongxin.Modules.Tests.SignIn.Places;

namespace Tongxin.Modules.Tests.SignIn;

/// <summary>What an attacker asks in order to learn of people who are not hers: f1–f3 of another county, and what is confidential of m1.</summary>
internal static class Questions
{
    private static readonly (string Type, string Id)[] Foreign =
        [("Patient", "f1"), ("Patient", "f2"), ("Patient", "f3"), ("Observation", "fo1"), ("Observation", "fo2"), ("Observation", "fo3"),
            ("Condition", "fc1"), ("Condition", "ms1"),
            ("Patient", "never")];

    private static readonly string[] Patients =
    [
        "", "family=李", "family=赵", "family:exact=赵", "_id=f1", "_id=m1,f1", "_sort=family", "_sort=-_id", "_sort=-_lastUpdated", "_sort=birthdate,-family", "_total=accurate",
        "_total=estimate", "_summary=count", "_summary=true", "_elements=name", "family:missing=true", "family:missing=false&_total=accurate", "family:not=李",
        "identifier=urn:x|same",
        "identifier=urn:x|same&_total=accurate", "_has:Observation:subject:value-quantity=gt180", "_has:Observation:subject:value-quantity=gt140",
        "_has:Condition:subject:code=F20.0", "_has:Condition:subject:code=T74.1", "_has:Condition:subject:code=I10&_total=accurate", "organization=Organization/village-c1",
        "organization:Organization.name=village-c1", "organization:missing=false&_summary=count", "_revinclude=Observation:subject", "_revinclude=Condition:subject",
        "_include=Patient:organization", "_revinclude:iterate=Observation:subject", "_count=1", "_count=1&_total=accurate", "_count=1&_sort=family", "_count=0",
        "family:contains=赵", "general-practitioner:missing=true&_summary=count", "_lastUpdated=gt2000-01-01&_total=accurate", "gender=female&_total=accurate", "_security=x",
        "_profile:missing=true&_summary=count", "birthdate=1960-02-03&_summary=count", "nonsense=1", "_sort=nonsense", "link:missing=true&_total=accurate", "_tag:missing=true",
    ];

    private static readonly string[] Observations =
    [
        "", "subject=Patient/f1", "subject=Patient/m1", "patient=f1", "subject:Patient.family=赵", "subject:Patient.family=李&_total=accurate", "value-quantity=gt180",
        "value-quantity=lt115", "value-quantity=x", "_sort=value-quantity", "_sort=-value-quantity&_count=1", "_include=Observation:subject", "_include=Observation:*",
        "code=8480-6&_total=accurate", "_summary=count", "subject:missing=true", "subject:Patient._has:Condition:subject:code=F20.0", "_has:Observation:has-member:code=8480-6",
        "_has:Observation:has-member:_id=fo2", "has-member=Observation/mo1", "_revinclude=Observation:has-member", "subject:Patient.identifier=urn:x|same&_total=accurate",
        "subject.organization.name=village-c1",
    ];

    private static readonly string[] Conditions =
    [
        "", "code=F20.0", "code=T74.1", "code=T74.1&_summary=count", "code:not=I10&_total=accurate", "_sort=code", "subject:Patient.family=李&_total=accurate",
        "_include=Condition:subject", "code:missing=false&_total=accurate", "_id=ms1", "subject=Patient/m1&_count=1&_total=accurate", "_security:missing=false&_summary=count",
    ];

    public static IReadOnlyList<Question> All { get; } = [.. Searches(), .. Instances(), .. Conditional(), .. Bundles(), .. Others()];

    private static IEnumerable<Question> Searches() =>
        Patients.Select(q => new Question("GET", $"/Patient?{q}"))
            .Concat(Observations.Select(q => new Question("GET", $"/Observation?{q}"))).Concat(Conditions.Select(q => new Question("GET", $"/Condition?{q}")))
            .Append(new("POST", "/Patient/_search", "family=赵&_total=accurate", "application/x-www-form-urlencoded"))
            .Append(new("GET", "?_type=Patient,Observation&_total=accurate")).Append(new("GET", "/_search?_type=Condition&_summary=count"));

    private static IEnumerable<Question> Instances()
    {
        foreach (var (type, id) in Foreign)
        {
            var body = Body(type, id);
            yield return new("GET", $"/{type}/{id}");
            yield return new("HEAD", $"/{type}/{id}");
            yield return new("GET", $"/{type}/{id}") { Headers = [("If-None-Match", "W/\"1\"")] };
            yield return new("GET", $"/{type}/{id}/_history");
            foreach (var version in new[] { "1", "2", "3" }) yield return new("GET", $"/{type}/{id}/_history/{version}");
            yield return new("PUT", $"/{type}/{id}", body);
            yield return new("PUT", $"/{type}/{id}",
                body.Replace("village-c1", "village-a1", StringComparison.Ordinal).Replace("Patient/f", "Patient/m", StringComparison.Ordinal));
            yield return new("PUT", $"/{type}/{id}", body) { Headers = [("If-Match", "W/\"1\"")] };
            yield return new("PUT", $"/{type}/{id}", body) { Headers = [("If-Match", "W/\"2\"")] };
            yield return new("PUT", $"/{type}/{id}", body) { Headers = [("If-None-Match", "*")] };
            yield return new("PATCH", $"/{type}/{id}", """[{"op":"add","path":"/language","value":"zh"}]""", "application/json-patch+json");
            yield return new("PATCH", $"/{type}/{id}", """[{"op":"test","path":"/id","value":"x"}]""", "application/json-patch+json") { Headers = [("If-Match", "W/\"1\"")] };
            yield return new("DELETE", $"/{type}/{id}");
            yield return new("DELETE", $"/{type}/{id}") { Headers = [("If-Match", "W/\"1\"")] };
            yield return new("GET", $"/Patient/{id}/Observation");
            yield return new("GET", $"/Patient/{id}/$everything");
            yield return new("GET", $"/{type}/{id}/$validate");
            yield return new("GET", $"/{type}/_history");
        }
    }

    private static IEnumerable<Question> Conditional()
    {
        (string Name, string Value)[] ifNone(string condition) => [("If-None-Exist", condition.Replace("赵", "%E8%B5%B5", StringComparison.Ordinal))];
        foreach (var condition in new[] { "identifier=urn:x|same", "identifier=urn:x|n-f2", "identifier=urn:x|n-m2", "_id=f1", "family=赵", "_has:Condition:subject:code=T74.1" })
        {
            yield return new("POST", "/Patient", Patient("x", "village-a1")) { Headers = ifNone(condition) };
            yield return new("PUT", $"/Patient?{condition}", Patient("x", "village-a1").Replace("\"id\":\"x\",", "", StringComparison.Ordinal));
            yield return new("DELETE", $"/Patient?{condition}");
            yield return new("PATCH", $"/Patient?{condition}", """[{"op":"add","path":"/language","value":"zh"}]""", "application/json-patch+json");
            yield return new("POST", "/Observation", Observation("x", "m1", 121)) { Headers = ifNone($"subject:Patient.{condition}") };
        }

        foreach (var condition in new[] { "value-quantity=gt180", "subject=Patient/f1", "subject:Patient.family=赵" })
        {
            yield return new("POST", "/Observation", Observation("x", "m1", 122)) { Headers = ifNone(condition) };
            yield return new("DELETE", $"/Observation?{condition}");
        }
    }

    private static IEnumerable<Question> Bundles()
    {
        foreach (var type in new[] { "batch", "transaction" })
        {
            foreach (var url in new[] { "Patient/f1", "Patient/never", "Patient?family=赵&_summary=count", "Observation/fo1/_history",
                         "Patient?_has:Condition:subject:code=T74.1" })
                yield return Bundle(type, Entry("GET", url));
            foreach (var (kind, id) in Foreign)
            {
                yield return Bundle(type, Entry("PUT", $"{kind}/{id}", Body(kind, id)));
                yield return Bundle(type, Entry("DELETE", $"{kind}/{id}"));
            }

            foreach (var reference in new[] { "Patient?identifier=urn:x|same", "Patient?identifier=urn:x|n-f2", "Patient?identifier=urn:x|none", "Patient/f1", "Patient/never",
                         "Patient/f3" })
                yield return Bundle(type, Entry("POST", "Observation", Measured(reference)));
            var registered = Entry("POST", "Patient", Patient("x", "village-a1"));
            yield return Bundle(type,
                $"{{\"fullUrl\":\"{Fresh}\",{registered[1..^2]},\"ifNoneExist\":\"identifier=urn:x|n-f2\"}}}},{Entry("POST", "Observation", Measured(Fresh))}");
        }
    }

    private const string Fresh = "urn:uuid:6f9d5a6e-0000-4000-8000-000000000001";

    private static string Measured(string reference) =>
        "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":" + Concept("http://loinc.org", "8480-6") + ",\"subject\":{\"reference\":\"" + reference + "\"}}";

    private static string Entry(string method, string url, string? resource = null) =>
        (resource is null ? "{" : $"{{\"resource\":{resource},") + $"\"request\":{{\"method\":\"{method}\",\"url\":\"{url}\"}}}}";

    // References that are no subject, what the attacker wrote herself, and the same again afterwards.
    private static IEnumerable<Question> Others()
    {
        foreach (var target in new[] { "Observation/fo1", "Observation/never", "Observation/fo2" })
            yield return new("POST", "/Observation",
                Observation("x", "m1", 123, $$""","derivedFrom":[{"reference":"{{target}}"}]""").Replace("\"id\":\"x\",", "", StringComparison.Ordinal));
        yield return new("GET", "/Observation?_include=Observation:derived-from&_total=accurate&_sort=value-quantity");
        yield return new("GET", "/Observation?derived-from:Observation.value-quantity=gt180");
        yield return new("POST", "/Task",
            """{"resourceType":"Task","status":"requested","intent":"order","for":{"reference":"Patient/f1"},"owner":{"reference":"Organization/village-a1"}}""");
        yield return new("POST", "/EpisodeOfCare", """
            {"resourceType":"EpisodeOfCare","status":"active","patient":{"reference":"Patient/f1"},"managingOrganization":{"reference":"Organization/village-a1"}}
            """);
        yield return new("POST", "/Observation", Observation("x", "m1", 124)) { Headers = [("Idempotency-Key", "k1")] };
        yield return new("POST", "/Patient/$match", """{"resourceType":"Parameters","parameter":[]}""");
        foreach (var person in new[] { Patient("x", "village-a1", "李", "same"), Patient("x", "village-c1", "赵", "n-f2"), Patient("f1", "village-c1", "李", "same") })
            yield return new("POST", "/Patient/$match", person);
        foreach (var code in new[] { "same", "n-f2", "n-m2", "none" }) yield return new("GET", $"/Patient/$ihe-pix?sourceIdentifier=urn:x|{code}");
        foreach (var (source, target) in new[] { ("f1", "m1"), ("m1", "f1"), ("never", "m1"), ("f1", "f2") })
            yield return new("POST", "/Patient/$merge", "{\"resourceType\":\"Parameters\",\"parameter\":[" +
                $"{{\"name\":\"source-patient\",\"valueReference\":{Reference("Patient", source)}}}," +
                $"{{\"name\":\"target-patient\",\"valueReference\":{Reference("Patient", target)}}}]}}");
        yield return new("GET", "/AuditEvent?patient=f1x");
        yield return new("GET", "/_history");
        foreach (var again in new[] { "/Patient?_total=accurate", "/Observation?_total=accurate", "/Condition?_total=accurate", "/Patient?_count=1", "/Observation?_count=2" })
            yield return new("GET", again);
    }

    private static Question Bundle(string type, string entries) => new("POST", "", $"{{\"resourceType\":\"Bundle\",\"type\":\"{type}\",\"entry\":[{entries}]}}");

    private static string Body(string type, string id) => type switch
    {
        "Patient" => Patient(id, "village-c1"),
        "Observation" => Observation(id, "f1", 130),
        _ => Condition(id, id is "ms1" ? "m1" : "f1", "I10"),
    };
}
