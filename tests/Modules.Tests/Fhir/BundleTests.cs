using System.Text.Json.Nodes;
using static Tongxin.Modules.Tests.Fhir.FhirServerFixture;

namespace Tongxin.Modules.Tests.Fhir;

/// <summary>FHIR R4 §3.1.0.11: batch and transaction.</summary>
public abstract class BundleContract(FhirServerFixture server)
{
    [Fact]
    public async Task A_transaction_rewrites_the_references_between_its_entries()
    {
        var system = NewSystem();
        var said = await server.PostAsync("", Transaction(
            Entry("POST", "Observation", Observation("urn:uuid:11111111-1111-4111-8111-111111111111")),
            Entry("POST", "Patient", Patient(system, "1"), "urn:uuid:11111111-1111-4111-8111-111111111111")));

        Assert.True(said.Status is 200, said.Body);
        Assert.Equal("transaction-response", said.Json["type"]!.ToString());
        Assert.All(said.Entries, e => Assert.StartsWith("201", e!["response"]!["status"]!.ToString(), StringComparison.Ordinal));
        var patient = (await server.GetAsync($"Patient?identifier={system}|1")).Ids.Single();
        Assert.Single((await server.GetAsync($"Observation?subject=Patient/{patient}")).Entries);
        Assert.Contains($"Patient/{patient}/_history/1", said.Entries[1]!["response"]!["location"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transaction_with_one_bad_entry_leaves_nothing_and_names_the_entry()
    {
        var system = NewSystem();
        var said = await server.PostAsync("", Transaction(
            Entry("POST", "Patient", Patient(system, "1")),
            Entry("POST", "Patient", """{"resourceType":"Observation"}""")));

        Assert.StartsWith("Bundle.entry[1]", said.RefusedWith(400), StringComparison.Ordinal);
        Assert.Empty((await server.GetAsync($"Patient?identifier={system}|1")).Entries);
    }

    [Fact]
    public async Task A_batch_does_what_it_can_and_says_what_it_cannot()
    {
        var system = NewSystem();
        var said = await server.PostAsync("", Bundle("batch",
            Entry("POST", "Patient", Patient(system, "1")),
            Entry("POST", "Patient", """{"resourceType":"Observation"}"""),
            Entry("GET", "Patient/no-such-one"),
            Entry("GET", $"Patient?identifier={system}|1"),
            Entry("GET", "Banana/1")));

        Assert.Equal(["201", "400", "404", "200", "404"], said.Entries.Select(e => e!["response"]!["status"]!.ToString()[..3]));
        Assert.Equal("OperationOutcome", said.Entries[1]!["response"]!["outcome"]!["resourceType"]!.ToString());
        Assert.Single(said.Entries[3]!["resource"]!["entry"]!.AsArray());
    }

    [Fact]
    public async Task Deletions_come_before_creations_and_reads_see_the_commit()
    {
        var system = NewSystem();
        var old = await server.MadeAsync("Patient", Patient(system, "1"));
        var said = await server.PostAsync("", Transaction(
            Entry("GET", $"Patient?identifier={system}|1"),
            Entry("POST", "Patient", Patient(system, "1")),
            Entry("DELETE", $"Patient/{old}")));

        Assert.True(said.Status is 200, said.Body);
        Assert.Equal(["200", "201", "204"], said.Entries.Select(e => e!["response"]!["status"]!.ToString()[..3]));
        Assert.NotEqual(old, said.Entries[0]!["resource"]!["entry"]![0]!["resource"]!["id"]!.ToString());
    }

    [Fact]
    public async Task The_same_idempotency_key_answers_the_same_and_does_nothing_twice()
    {
        var system = NewSystem();
        var key = ("Idempotency-Key", Guid.NewGuid().ToString());
        var bundle = Transaction(Entry("POST", "Patient", Patient(system, "1")));
        var first = await server.PostAsync("", bundle, key);
        var second = await server.PostAsync("", bundle, key);

        Assert.Equal(first.Body, second.Body);
        Assert.Single((await server.GetAsync($"Patient?identifier={system}|1")).Entries);
    }

    [Fact]
    public async Task Conditional_references_find_who_is_meant_or_refuse_the_whole()
    {
        var system = NewSystem();
        var id = await server.MadeAsync("Patient", Patient(system, "1"));

        var found = await server.PostAsync("", Transaction(Entry("POST", "Observation", Observation($"Patient?identifier={system}|1"))), ("Prefer", "return=representation"));
        Assert.Equal($"Patient/{id}", found.Entries[0]!["resource"]!["subject"]!["reference"]!.ToString());
        var refused = await server.PostAsync("", Transaction(Entry("POST", "Observation", Observation($"Patient?identifier={system}|2"))));
        Assert.StartsWith("Bundle.entry[0]", refused.RefusedWith(412), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Entries_that_point_at_each_other_in_a_circle_are_stored()
    {
        var said = await server.PostAsync("", Transaction(
            Entry("POST", "Patient", """{"resourceType":"Patient","link":[{"other":{"reference":"urn:uuid:b"},"type":"seealso"}]}""", "urn:uuid:a"),
            Entry("POST", "Patient", """{"resourceType":"Patient","link":[{"other":{"reference":"urn:uuid:a"},"type":"seealso"}]}""", "urn:uuid:b")));

        Assert.True(said.Status is 200, said.Body);
    }

    [Theory]
    [InlineData("""{"resourceType":"Bundle"}""", "Bundle.type")]
    [InlineData("""{"resourceType":"Bundle","type":"document"}""", "Bundle.type")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":{}}""", "Bundle.entry")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[1]}""", "Bundle.entry[0].request")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST"}}]}""", "Bundle.entry[0].request.url")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"STEAL","url":"Patient"}}]}""", "Bundle.entry[0].request.method")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"Patient"}}]}""", "Bundle.entry[0].resource")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":7,"url":"Patient"}}]}""", "Bundle.entry[0].request.method")]
    public async Task A_bundle_that_is_none_is_refused_at_its_place(string bundle, string place) =>
        Assert.Equal(place, (await server.PostAsync("", bundle)).RefusedWith(400));

    private static string Observation(string subject) =>
        $$$"""{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"{{{subject}}}"}}""";

    private static string Transaction(params string[] entries) => Bundle("transaction", entries);

    private static string Bundle(string type, params string[] entries) =>
        $$"""{"resourceType":"Bundle","type":"{{type}}","entry":[{{string.Join(',', entries)}}]}""";

    private static string Entry(string method, string url, string? resource = null, string? fullUrl = null, string? ifNoneExist = null)
    {
        var request = new JsonObject { ["method"] = method, ["url"] = url };
        if (ifNoneExist is not null) request["ifNoneExist"] = ifNoneExist;
        var entry = new JsonObject { ["request"] = request };
        if (resource is not null) entry["resource"] = JsonNode.Parse(resource);
        if (fullUrl is not null) entry["fullUrl"] = fullUrl;
        return entry.ToJsonString();
    }

    [Fact]
    public async Task A_transaction_that_deletes_and_conditionally_creates_the_same_makes_a_new_one()
    {
        var system = NewSystem();
        var old = await server.MadeAsync("Patient", Patient(system, "1"));
        var said = await server.PostAsync("", $$$"""
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"fullUrl":"urn:uuid:5b2cf6f6-7a34-4c3f-8f0e-3b7a2f6f1a01","resource":{{{Patient(system, "1", "李四")}}},
               "request":{"method":"POST","url":"Patient","ifNoneExist":"identifier={{{system}}}|1"}},
              {"resource":{"resourceType":"Flag","status":"active","code":{"text":"x"},"subject":{"reference":"urn:uuid:5b2cf6f6-7a34-4c3f-8f0e-3b7a2f6f1a01"}},
               "request":{"method":"POST","url":"Flag"}},
              {"request":{"method":"DELETE","url":"Patient/{{{old}}}"}}]}
            """);

        Assert.True(said.Status is 200, said.Body);
        var found = Assert.Single((await server.GetAsync($"Patient?identifier={system}|1")).Ids);
        Assert.NotEqual(old, found);
        Assert.Single((await server.GetAsync($"Flag?patient={found}")).Ids);
    }

    [Fact]
    public async Task References_follow_whoever_wins_the_race_of_equal_conditional_creates()
    {
        const int clients = 12;
        for (var round = 0; round < 5; round++)
        {
            var system = NewSystem();
            var said = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => server.PostAsync("", $$$"""
                {"resourceType":"Bundle","type":"transaction","entry":[
                  {"fullUrl":"urn:uuid:5b2cf6f6-7a34-4c3f-8f0e-3b7a2f6f1a01","resource":{{{Patient(system, "1")}}},
                   "request":{"method":"POST","url":"Patient","ifNoneExist":"identifier={{{system}}}|1"}},
                  {"resource":{"resourceType":"Flag","status":"active","code":{"text":"x"},"subject":{"reference":"urn:uuid:5b2cf6f6-7a34-4c3f-8f0e-3b7a2f6f1a01"}},
                   "request":{"method":"POST","url":"Flag"}}]}
                """)));

            Assert.All(said, s => Assert.True(s.Status is 200, s.Body));
            var one = Assert.Single((await server.GetAsync($"Patient?identifier={system}|1")).Ids);
            Assert.Equal(clients, (await server.GetAsync($"Flag?patient={one}&_count=50")).Ids.Count());
        }
    }
}

public sealed class PostgresBundleTests(FhirServerFixture server) : BundleContract(server), IClassFixture<FhirServerFixture>;

public sealed class SqliteBundleTests(SqliteServerFixture server) : BundleContract(server), IClassFixture<SqliteServerFixture>;
