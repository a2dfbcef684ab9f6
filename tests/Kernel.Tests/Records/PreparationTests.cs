using System.Text;
using Tongxin.Fhir;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Tests.Records;

public sealed class PreparationTests
{
    private const string Urn = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a";

    [Fact]
    public async Task References_inside_a_transaction_become_the_new_ids_and_nothing_else_changes()
    {
        var commit = await Prepare(
            new Change.Create("Patient", Bytes("""{"resourceType":"Patient","identifier":[{"value":"URN"}]}"""), As: Urn),
            new Change.Create("Observation", Bytes("""{"resourceType":"Observation","subject":{ "reference" : "URN" },"valueQuantity":{"value":1.50}}""")));
        var (patient, observation) = (commit.Changes[0], commit.Changes[1]);
        Assert.Equal($$""" "subject":{ "reference" : "{{patient.Key}}" },"valueQuantity":{"value":1.50}"""[1..], Text(observation.Body!.Rest));
        Assert.Equal($$""" "identifier":[{"value":"{{Urn}}"}]"""[1..], Text(patient.Body!.Rest));
        Assert.Equal(patient.Key.Id, observation.Person);
        Assert.Equal(patient.Key.Id, patient.Person);
    }

    [Fact]
    public async Task A_conditional_reference_becomes_its_one_match()
    {
        var commit = await Prepare(new Change.Create("Observation", Bytes("""{"resourceType":"Observation","subject":{"reference":"Patient?identifier=one"}}""")));
        Assert.Equal("p1", commit.Changes[0].Person);
    }

    [Theory]
    [InlineData("none", 412)]
    [InlineData("two", 412)]
    public async Task A_conditional_reference_to_none_or_several_refuses_all(string identifier, int status)
    {
        var body = Bytes("""{"resourceType":"Observation","subject":{"reference":"Patient?identifier=WHICH"}}""".Replace("WHICH", identifier, StringComparison.Ordinal));
        var refusal = await Assert.ThrowsAsync<RefusedException>(() => Prepare(new Change.Create("Observation", body) { Place = "Bundle.entry[2]" }));
        Assert.Equal((status, "Bundle.entry[2]"), (refusal.Status, refusal.Issues[0].Expression));
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient","managingOrganization":{"reference":"Organization/o1"}}""", "p", "o1")]
    [InlineData("""{"resourceType":"EpisodeOfCare","status":"active","patient":{"reference":"Patient/p"},"managingOrganization":{"reference":"Organization/o1"}}""", "p", "o1")]
    [InlineData("""{"resourceType":"EpisodeOfCare","status":"finished","patient":{"reference":"Patient/p"},"managingOrganization":{"reference":"Organization/o1"}}""", "p", "")]
    [InlineData("""{"resourceType":"Task","status":"requested","for":{"reference":"Patient/p"},"owner":{"reference":"Organization/o2"}}""", "p", "o2")]
    [InlineData("""{"resourceType":"Coverage","policyHolder":{"reference":"Patient/mother"},"beneficiary":{"reference":"Patient/p"}}""", "p", "")]
    [InlineData("""{"resourceType":"Organization","name":"x"}""", null, "")]
    [InlineData("""{"resourceType":"Group","member":[{"entity":{"reference":"Patient/p"}}]}""", null, "")]
    public async Task A_resource_belongs_to_a_person_and_tells_who_cares_for_her(string body, string? person, string organisations)
    {
        var type = body.Split('"')[3];
        var commit = await Prepare(new Change.Put(new(type, "p"), Bytes(body[..^1] + ",\"id\":\"p\"}")));
        Assert.Equal(person, commit.Changes[0].Person);
        Assert.Equal(organisations, string.Join(',', commit.Changes[0].Relations.Select(r => r.Organisation)));
    }

    [Fact]
    public async Task Labels_come_from_the_resource_and_the_rules()
    {
        var commit = await Prepare(new Change.Create("Condition", Bytes("""
            {"resourceType":"Condition","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"HIV"}]}}
            """)));
        Assert.Equal(SensitivityLabels.Hiv | SensitivityLabels.MentalHealth, commit.Changes[0].Labels);
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient","id":"b"}""")]
    [InlineData("""{"resourceType":"Patient"}""")]
    public async Task The_body_must_say_the_same_id_as_the_address(string body) =>
        Assert.Equal(400, (await Assert.ThrowsAsync<RefusedException>(() => Prepare(new Change.Put(new("Patient", "a"), Bytes(body))))).Status);

    [Fact]
    public async Task The_same_resource_twice_in_one_commit_is_refused() =>
        Assert.Equal(400, (await Assert.ThrowsAsync<RefusedException>(() => Prepare(
            new Change.Delete(new("Patient", "a")), new Change.Put(new("Patient", "a"), Bytes("{}"))))).Status);

    [Fact]
    public async Task An_entry_that_stands_already_lends_its_id_to_those_that_point_to_it()
    {
        var commit = await Prepare(
            new Change.Create("Patient", Bytes("""{"resourceType":"Patient"}"""), IfNoneExist: "identifier=one", As: Urn),
            new Change.Create("Observation", Bytes("""{"resourceType":"Observation","subject":{"reference":"URN"}}""")));
        Assert.Equal("p1", commit.Changes[1].Person);
        Assert.Equal("Patient?Patient.identifier:None=*|\"one\"", commit.Changes[0].ConditionText);
    }

    [Fact]
    public void Ids_sort_by_time_even_within_a_millisecond_and_repeat_from_a_seed()
    {
        var clock = new FrozenClock();
        var ids = Enumerable.Range(0, 5_000).Select(_ => new IdSource(clock, new(1))).First();
        var made = Enumerable.Range(0, 5_000).Select(_ => ids.Next()).ToList();
        Assert.Equal(made.Order(StringComparer.Ordinal), made);
        Assert.Equal(5_000, made.Distinct().Count());
        Assert.All(made, id => Assert.True(ResourceKey.IsLegalId(id)));
        Assert.Equal(made[0], new IdSource(clock, new(1)).Next());
    }

    private static Task<PreparedCommit> Prepare(params Change[] changes)
    {
        var rules = new PreparationRules
        {
            Validate = _ => [],
            Find = (condition, _) => Task.FromResult<IReadOnlyList<ResourceKey>>(SearchText.Of(condition) switch
            {
                var text when text.Contains("\"one\"", StringComparison.Ordinal) => [new("Patient", "p1")],
                var text when text.Contains("\"two\"", StringComparison.Ordinal) => [new("Patient", "p1"), new("Patient", "p2")],
                _ => [],
            }),
            Labels = resource => resource.GetProperty("resourceType").ValueEquals("Condition") ? SensitivityLabels.MentalHealth : SensitivityLabels.None,
        };
        var preparation = new Preparation(new SearchIndex(), new SearchQuery(new()), new IdSource(TimeProvider.System), TimeProvider.System, rules);
        return preparation.PrepareAsync(changes, new Visibility.Everything(), TestContext.Current.CancellationToken);
    }

    private static byte[] Bytes(string json) => Encoding.UTF8.GetBytes(json.Replace("URN", Urn, StringComparison.Ordinal));

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    private sealed class FrozenClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 3, 31, 8, 0, 0, TimeSpan.Zero);
    }
}
