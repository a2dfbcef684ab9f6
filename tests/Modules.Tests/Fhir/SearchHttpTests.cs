using static Tongxin.Modules.Tests.Fhir.FhirServerFixture;

namespace Tongxin.Modules.Tests.Fhir;

/// <summary>FHIR R4 §3.1.1 over HTTP: what the addresses and the bundles look like; what is found is the engines' tests.</summary>
public abstract class SearchHttpContract(FhirServerFixture server)
{
    [Fact]
    public async Task A_search_by_get_and_by_posted_form_finds_the_same()
    {
        var system = NewSystem();
        var id = await server.MadeAsync("Patient", Patient(system, "1"));

        var byGet = await server.GetAsync($"Patient?identifier={system}|1");
        var byForm = await server.PostAsync("Patient/_search", $"identifier={Uri.EscapeDataString(system + "|1")}", ("Content-Type", "application/x-www-form-urlencoded"));
        Assert.Equal([id], byGet.Ids);
        Assert.Equal([id], byForm.Ids);
        Assert.Equal("searchset", byGet.Json["type"]!.ToString());
        Assert.EndsWith($"/fhir/Patient/{id}", byGet.Entries[0]!["fullUrl"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal("match", byGet.Entries[0]!["search"]!["mode"]!.ToString());
    }

    [Fact]
    public async Task Next_links_lead_to_everybody_once_while_others_arrive()
    {
        var system = NewSystem();
        var all = new HashSet<string>();
        for (var i = 0; i < 7; i++) all.Add(await server.MadeAsync("Patient", Patient(system, $"{i}")));
        var seen = new List<string>();
        for (var next = $"Patient?identifier={system}|&_count=2"; next is not null;)
        {
            var page = await server.GetAsync(next);
            Assert.Equal(200, page.Status);
            seen.AddRange(page.Ids);
            next = page.Next;
            await server.MadeAsync("Patient", Patient(NewSystem(), "other"));
        }

        Assert.Equal(all.Count, seen.Count);
        Assert.Equal(all, seen.ToHashSet());
    }

    [Fact]
    public async Task A_total_and_a_count_are_given_when_asked_for()
    {
        var system = NewSystem();
        for (var i = 0; i < 3; i++) await server.MadeAsync("Patient", Patient(system, $"{i}"));

        Assert.Equal(3, (await server.GetAsync($"Patient?identifier={system}|&_total=accurate&_count=1")).Json["total"]!.GetValue<int>());
        var count = await server.GetAsync($"Patient?identifier={system}|&_summary=count");
        Assert.Equal(3, count.Json["total"]!.GetValue<int>());
        Assert.Empty(count.Entries);
    }

    [Fact]
    public async Task A_compartment_holds_what_is_about_its_owner()
    {
        var system = NewSystem();
        var id = await server.MadeAsync("Patient", Patient(system, "1"));
        var other = await server.MadeAsync("Patient", Patient(system, "2"));
        var mine = await server.MadeAsync("Observation", Observation(id));
        await server.MadeAsync("Observation", Observation(other));

        Assert.Equal([mine], (await server.GetAsync($"Patient/{id}/Observation")).Ids);
        Assert.Equal([mine], (await server.GetAsync($"Patient/{id}/Observation?code=8480-6")).Ids);
        Assert.Empty((await server.GetAsync($"Patient/{id}/Observation?code=none")).Entries);
        Assert.Equal([mine], (await server.GetAsync($"Patient/{id}/*?_type=Observation,Condition")).Ids);
        (await server.GetAsync($"Patient/{id}/Organization")).RefusedWith(404);
        (await server.GetAsync($"Organization/{id}/Observation")).RefusedWith(404);
    }

    [Fact]
    public async Task Everything_of_a_person_comes_in_pages_with_the_person_first()
    {
        var id = await server.MadeAsync("Patient", Patient(NewSystem(), "1"));
        var expected = new HashSet<string> { id };
        for (var i = 0; i < 5; i++) expected.Add(await server.MadeAsync("Observation", Observation(id)));
        var encounter = $$$"""{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/{{{id}}}"}}""";
        expected.Add(await server.MadeAsync("Encounter", encounter));
        var seen = new List<string>();
        for (var next = $"Patient/{id}/$everything?_count=2"; next is not null;)
        {
            var page = await server.GetAsync(next);
            Assert.Equal(200, page.Status);
            seen.AddRange(page.Ids);
            next = page.Next;
        }

        Assert.Equal(id, seen[0]);
        Assert.Equal(expected.Order(), seen.Order());
        (await server.GetAsync("Patient/nobody/$everything")).RefusedWith(404);
    }

    [Fact]
    public async Task Several_types_are_searched_in_one_request()
    {
        var system = NewSystem();
        var person = await server.MadeAsync("Patient", Patient(system, "1"));
        var place = await server.MadeAsync("Organization", $$"""{"resourceType":"Organization","name":"卫生院","identifier":[{"system":"{{system}}","value":"1"}]}""");

        var found = await server.GetAsync($"?_type=Organization,Patient&identifier={system}|1&_total=accurate");
        Assert.Equal([place, person], found.Ids);
        Assert.Equal(2, found.Json["total"]!.GetValue<int>());
        (await server.GetAsync("?_type=Banana")).RefusedWith(400);
    }

    [Fact]
    public async Task Included_resources_are_marked_as_included()
    {
        var id = await server.MadeAsync("Patient", Patient(NewSystem(), "1"));
        var observation = await server.MadeAsync("Observation", Observation(id));

        var found = await server.GetAsync($"Observation?_id={observation}&_include=Observation:subject");
        Assert.Equal(["match", "include"], found.Entries.Select(e => e!["search"]!["mode"]!.ToString()));
        Assert.Equal([observation, id], found.Ids);
    }

    [Fact]
    public async Task An_unknown_parameter_is_refused_unless_lenience_is_asked_for_and_then_it_is_said()
    {
        Assert.Equal("shoe-size", (await server.GetAsync("Patient?shoe-size=44")).RefusedWith(400));
        var lenient = await server.GetAsync("Patient?shoe-size=44&_count=1", ("Prefer", "handling=lenient"));

        Assert.Equal(200, lenient.Status);
        Assert.Contains(lenient.Entries, e => e!["search"]!["mode"]!.ToString() is "outcome");
        Assert.DoesNotContain("shoe-size", lenient.Json["link"]![0]!["url"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cursor_that_is_not_ours_is_refused() =>
        (await server.GetAsync("Patient?_cursor=banana")).RefusedWith(400);

    private static string Observation(string patient) =>
        $$$"""
            {"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},
             "subject":{"reference":"Patient/{{{patient}}}"},"valueQuantity":{"value":120,"unit":"mmHg"}}
            """;
}

public sealed class PostgresSearchHttpTests(FhirServerFixture server) : SearchHttpContract(server), IClassFixture<FhirServerFixture>;

public sealed class SqliteSearchHttpTests(SqliteServerFixture server) : SearchHttpContract(server), IClassFixture<SqliteServerFixture>;
