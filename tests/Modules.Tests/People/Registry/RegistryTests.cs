using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People;
using Tongxin.Modules.Tests.SignIn;
using static Tongxin.Modules.Tests.SignIn.Places;

namespace Tongxin.Modules.Tests.People.Registry;

/// <summary>The client registry by FHIR: $match, $merge and PIXm do what the counter does, for whom the counter would, and tell no more.</summary>
public sealed class RegistryTests
{
    private static readonly string Number = CitizenId.Make("990101", new(1965, 7, 15), 382).Value;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_match_is_graded_and_finds_only_whom_the_caller_reaches(bool postgres)
    {
        await using var server = await StartAsync(postgres);
        using var browser = await server.SignedInAsync("town");

        var all = await PostAsync(browser, "$match", Asked(Person("x", "王淑芳", Number, "village-a1")));
        Assert.Equal("searchset", (string?)all["type"]);
        Assert.Equal(["Patient/a certain", "Patient/b probable"], Graded(all));
        Assert.True((decimal)all["entry"]![0]!["search"]!["score"]! > 0.95m);
        Assert.Equal("match", (string?)all["entry"]![0]!["search"]!["mode"]);

        var certain = await PostAsync(browser, "$match", Asked(Person("x", "王淑芳", Number, "village-a1"), "onlyCertainMatches", "valueBoolean", "true"));
        Assert.Equal(["Patient/a certain"], Graded(certain));
        Assert.Equal(["Patient/a certain"], Graded(await PostAsync(browser, "$match", Asked(Person("x", "王淑芳", Number, "village-a1"), "count", "valueInteger", "1"))));
        // Of the same woman's record in another county it says nothing.
        Assert.DoesNotContain("Patient/f", all.ToJsonString(), StringComparison.Ordinal);
        Assert.Null((await PostAsync(browser, "$match", Asked(Person("x", "不存在", null, "village-a1", "19010101"))))["entry"]);
    }

    [Fact]
    public async Task A_match_that_cannot_be_asked_is_refused_with_what_is_missing()
    {
        await using var server = await StartAsync();
        using var browser = await server.SignedInAsync("town");
        foreach (var (body, status) in new[]
        {
            ("""{"resourceType":"Parameters","parameter":[]}""", 400), ("""{"resourceType":"Observation"}""", 400), ("""{"resourceType":"Patient"}""", 422),
            (Asked(Person("x", "王淑芳", Number, "village-a1"), "count", "valueInteger", "0"), 400),
            (Asked(Person("x", "王淑芳", Number, "village-a1"), "threshold", "valueInteger", "1"), 400),
        })
            Assert.Equal(status, (int)(await SendAsync(browser, "$match", body)).StatusCode);
    }

    [Fact]
    public async Task A_merge_is_shown_first_done_once_and_only_by_who_may_change_both()
    {
        await using var server = await StartAsync();
        using var browser = await server.SignedInAsync("town");
        var before = await server.Records.ReadAsync(TestServer.Operator, new("Patient", "b"), Cancel);

        var preview = await PostAsync(browser, "$merge", Merge("b", "a", preview: true));
        Assert.Contains("n-b", Result(preview).ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(before!.Version, (await server.Records.ReadAsync(TestServer.Operator, new("Patient", "b"), Cancel))!.Version);

        foreach (var (who, status) in new[] { ("resident", HttpStatusCode.Forbidden), ("manager", HttpStatusCode.Forbidden) })
        {
            using var other = await server.SignedInAsync(who);
            Assert.Equal(status, (await SendAsync(other, "$merge", Merge("b", "a"))).StatusCode);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(browser, "$merge", Merge("f", "a"))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(browser, "$merge", Merge("never", "a"))).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await SendAsync(browser, "$merge", Merge("a", "a"))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(browser, "$merge", """{"resourceType":"Parameters"}""")).StatusCode);

        var merged = await PostAsync(browser, "$merge", Merge("b", "a"));
        Assert.Equal("replaces", (string?)Result(merged)["link"]![0]!["type"]);
        var moved = await server.Records.ReadAsync(TestServer.Operator, new("Condition", "k"), Cancel);
        Assert.Equal("Patient/a", (string?)JsonNode.Parse(moved!.Body.Span)!["subject"]!["reference"]);
        Assert.Equal(HttpStatusCode.Conflict, (await SendAsync(browser, "$merge", Merge("b", "a"))).StatusCode);
    }

    [Fact]
    public async Task One_code_leads_to_the_others_of_the_person_and_a_strangers_to_nobody()
    {
        await using var server = await StartAsync();
        using var browser = await server.SignedInAsync("town");
        await PostAsync(browser, "$merge", Merge("b", "a"));

        var all = JsonNode.Parse(await browser.Http.GetStringAsync("/fhir/Patient/$ihe-pix?sourceIdentifier=urn:x|n-b", Cancel))!;
        Assert.Equal([Number, "n-a"], Codes(all).Order(StringComparer.Ordinal));
        Assert.Equal(["Patient/a"], all["parameter"]!.AsArray().Where(p => (string?)p!["name"] is "targetId").Select(p => (string?)p!["valueReference"]!["reference"]));
        var one = JsonNode.Parse(await browser.Http.GetStringAsync($"/fhir/Patient/$ihe-pix?sourceIdentifier=urn:x|n-a&targetSystem={CitizenId.System}", Cancel))!;
        Assert.Equal([Number], Codes(one));

        foreach (var (query, status) in new[]
        {
            ("sourceIdentifier=urn:x|n-f", 404), ("sourceIdentifier=urn:x|none", 404), ("sourceIdentifier=urn:x", 400), ("", 400), ("sourceIdentifier=urn:x|n-a&other=1", 400),
        })
            Assert.Equal(status, (int)(await browser.Http.GetAsync($"/fhir/Patient/$ihe-pix?{query}", Cancel)).StatusCode);
    }

    [Fact]
    public async Task The_capability_statement_names_the_operations_and_the_search_by_demographics()
    {
        await using var server = await StartAsync();
        using var browser = server.NewBrowser();
        var statement = JsonNode.Parse(await browser.Http.GetStringAsync("/fhir/metadata", Cancel))!;
        var patient = statement["rest"]![0]!["resource"]!.AsArray().Single(r => (string?)r!["type"] is "Patient")!;

        Assert.Empty(new[] { "match", "merge", "ihe-pix" }.Except(patient["operation"]!.AsArray().Select(o => (string)o!["name"]!)));
        Assert.Contains("PDQm", (string?)patient["documentation"], StringComparison.Ordinal);
        // What the note promises is searched by.
        string[] promised = ["family", "given", "name", "identifier", "birthdate", "gender", "telecom", "phone", "address", "active"];
        Assert.Empty(promised.Except(patient["searchParam"]!.AsArray().Select(p => (string)p!["name"]!)));
    }

    private static IEnumerable<string?> Codes(JsonNode answer) =>
        answer["parameter"]!.AsArray().Where(p => (string?)p!["name"] is "targetIdentifier").Select(p => (string?)p!["valueIdentifier"]!["value"]);

    private static async Task<TestServer> StartAsync(bool postgres = false)
    {
        var server = await TestServer.StartAsync(postgres);
        await server.PutAsync(Tree);
        await server.PutAsync(Person("a", "王淑芳", Number, "village-a1"), Person("b", "王淑方", null, "village-a1"),
            Person("f", "王淑芳", Number, "village-c1"), Condition("k", "b", "I10"));
        await server.AddAsync("town", new(Role.TownshipClinician, "town-a"), "Practitioner/t");
        await server.AddAsync("manager", new(Role.HospitalManager, "town-a"), "Practitioner/g");
        await server.AddAsync("resident", new(Role.Resident, null), "Patient/a");
        return server;
    }

    private static string Person(string id, string name, string? number, string organisation, string birth = "1965-07-15") => Resource("Patient", id, $$"""
        "identifier":[{"system":"urn:x","value":"n-{{id}}"}{{(number is null ? "" : $",{{\"system\":\"{CitizenId.System}\",\"value\":\"{number}\"}}")}}],
        "name":[{"use":"official","text":"{{name}}"}],"gender":"female","birthDate":"{{(birth.Length is 8 ? $"{birth[..4]}-{birth[4..6]}-{birth[6..]}" : birth)}}",
        "telecom":[{"system":"phone","value":"13900001234"}],"managingOrganization":{{Reference("Organization", organisation)}}
        """);

    private static string Asked(string patient, string? name = null, string? type = null, string? value = null) =>
        $$"""{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{{patient}}}{{(name is null ? "" : $",{{\"name\":\"{name}\",\"{type}\":{value}}}")}}]}""";

    private static string Merge(string source, string target, bool preview = false) => $$"""
        {"resourceType":"Parameters","parameter":[{"name":"source-patient","valueReference":{{Reference("Patient", source)}}},
        {"name":"target-patient","valueReference":{{Reference("Patient", target)}}},{"name":"preview","valueBoolean":{{(preview ? "true" : "false")}}}]}
        """;

    private static JsonNode Result(JsonNode answer) => answer["parameter"]!.AsArray().Single(p => (string?)p!["name"] is "result")!["resource"]!;

    private static List<string> Graded(JsonNode bundle) =>
        [.. bundle["entry"]!.AsArray().Select(e => $"Patient/{(string?)e!["resource"]!["id"]} {(string?)e["search"]!["extension"]![0]!["valueCode"]}")];

    private static Task<HttpResponseMessage> SendAsync(Browser browser, string operation, string body) =>
        browser.Http.PostAsync($"/fhir/Patient/{operation}", new StringContent(body, Encoding.UTF8, "application/fhir+json"), Cancel);

    private static async Task<JsonNode> PostAsync(Browser browser, string operation, string body)
    {
        using var answer = await SendAsync(browser, operation, body);
        var said = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, said);
        return JsonNode.Parse(said)!;
    }
}
