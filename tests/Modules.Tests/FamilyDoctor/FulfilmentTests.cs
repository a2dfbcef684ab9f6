using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Fhir;
using Tongxin.Host.Demo;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Tests.Records;
using Tongxin.Modules.FamilyDoctor;
using Tongxin.Web.Components;
using static Tongxin.Modules.Tests.FamilyDoctor.ContractWorld;

namespace Tongxin.Modules.Tests.FamilyDoctor;

/// <summary>What was promised counts down as the record grows, and is what a slow count of the raw record says.</summary>
public sealed class FulfilmentTests(ITestOutputHelper output)
{
    private static readonly Caller Village = ContractWorld.Village;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Readings_count_down_once_a_day_until_the_promise_is_used_up_and_withdrawn_ones_come_back()
    {
        using var folder = new TemporaryFolder();
        await using var world = await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        var id = await world.Sign.SignAsync(Village, "p1", Offer(world.Today), null, Cancel);
        world.Clock.Advance(TimeSpan.FromDays(30));
        await world.PutAsync(Cancel, Pressure("a", "2026-03-01"), Pressure("b", "2026-03-05"), Pressure("c", "2026-03-05"), Pressure("d", "2026-03-08"),
            Pressure("e", "2026-03-20"));
        Assert.Equal(2, await world.Fulfil.ReconcileAsync(Caller.System("test"), "p1", Cancel));
        Assert.Equal(0, await world.Fulfil.ReconcileAsync(Caller.System("test"), "p1", Cancel));
        Assert.Equal(["Observation/b", "Observation/d"], await EvidenceAsync(world, id, "blood-pressure"));

        await world.PutAsync(Cancel, Pressure("b", "2026-03-05", "entered-in-error"), Pressure("c", "2026-03-05", "entered-in-error"));
        await world.Fulfil.ReconcileAsync(Caller.System("test"), "p1", Cancel);
        Assert.Equal(["Observation/d", "Observation/e"], await EvidenceAsync(world, id, "blood-pressure"));
    }

    [Fact]
    public async Task By_hand_needs_evidence_a_day_of_the_contract_and_something_that_is_still_owed()
    {
        using var folder = new TemporaryFolder();
        await using var world = await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        var id = await world.Sign.SignAsync(Village, "p1", Offer(world.Today) with { Menu = ["ecg"] }, null, Cancel);
        Task<string?> Try(string item, DateOnly day, string evidence, Caller? who = null) =>
            OutcomeAsync(() => world.Fulfil.ByHandAsync(who ?? Village, id, item, day, evidence, Cancel));

        Assert.Equal("evidence", await Try("ecg", world.Today, " "));
        Assert.Equal("date", await Try("ecg", world.Today.AddDays(1), "单号 12"));
        Assert.Equal("item", await Try("home-visit", world.Today, "单号 12"));
        Assert.Equal("not-found", await Try("ecg", world.Today, "单号 12", Stranger));
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Try("ecg", world.Today, "单号 12")));
        Assert.Equal(1, outcomes.Count(o => o is null));
        Assert.Equal("nothing-left", await Try("ecg", world.Today, "单号 13"));
        await world.Fulfil.ReconcileAsync(Caller.System("test"), "p1", Cancel);
        var contract = Assert.Single(await world.ContractsAsync("p1", Cancel));
        var owed = Entitlements.Of(contract, world.Today, await FulfilContract.OfContractsAsync(world.Records, Village, [contract], Cancel));
        Assert.Equal(0, owed.Single(o => o.Line.Item is "ecg").Left);
        Assert.Equal(4, owed.Single(o => o.Line.Item is "consultation").Left);
    }

    [Fact]
    public async Task A_visit_on_the_day_on_which_she_ended_one_contract_and_signed_another_counts_for_the_one_that_runs()
    {
        using var folder = new TemporaryFolder();
        await using var world = await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        var first = await world.Sign.SignAsync(Village, "p1", Offer(world.Today), null, Cancel);
        world.Clock.Advance(TimeSpan.FromDays(30));
        await world.Move.EndAsync(Village, first, "resident", Cancel);
        var second = await world.Sign.SignAsync(Village, "p1", Offer(world.Today), null, Cancel);
        await world.PutAsync(Cancel, Pressure("o1", world.Today.ToString("yyyy-MM-dd")));
        await world.Fulfil.ReconcileAsync(Caller.System("test"), "p1", Cancel);
        Assert.Empty(await EvidenceAsync(world, first, "blood-pressure"));
        Assert.Equal(["Observation/o1"], await EvidenceAsync(world, second, "blood-pressure"));
    }

    [Fact]
    public async Task Who_changes_the_team_takes_along_what_was_given()
    {
        using var folder = new TemporaryFolder();
        await using var world = await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        var id = await world.Sign.SignAsync(Village, "p1", Offer(world.Today), null, Cancel);
        world.Clock.Advance(TimeSpan.FromDays(10));
        await world.PutAsync(Cancel, Pressure("a", "2026-03-05"));
        await world.Fulfil.ReconcileAsync(Caller.System("test"), "p1", Cancel);
        var next = await world.Move.ChangeTeamAsync(Village, id, "team-2", Stroke, Cancel);
        await world.Fulfil.ReconcileAsync(Caller.System("test"), "p1", Cancel);
        Assert.Empty(await EvidenceAsync(world, id, "blood-pressure"));
        Assert.Equal(["Observation/a"], await EvidenceAsync(world, next, "blood-pressure"));
    }

    [Fact]
    public async Task The_feed_fulfils_for_every_person_of_the_demo_county_what_a_slow_recount_finds()
    {
        using var folder = new TemporaryFolder();
        await using var world = await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        var county = new SyntheticCounty(20_170_228, 700, world.Today);
        await new Seeding(world.Records, world.Catalogue).RunAsync(county, new Progress<int>(), Cancel);
        var follower = world.Services.GetRequiredService<FulfilmentFollower>();
        for (long position = -1, next = 0; next != position;) next = await follower.FollowAsync(position = next, Cancel);

        var all = await EverythingAsync(world);
        var found = all["ChargeItem"].Where(c => c.GetProperty("status").GetString() is "billable")
            .Select(c => (c.IdIn("subject")!, c.GetProperty("code").GetProperty("coding")[0].GetProperty("code").GetString()!,
                c.GetProperty("identifier")[0].GetProperty("value").GetString()!, c.GetProperty("occurrenceDateTime").GetString()!)).Order().ToList();
        var expected = SlowRecount.Of(all, world.Catalogue).Order().ToList();
        output.WriteLine($"{all["Contract"].Count} contracts, {found.Count} fulfilments of {found.Select(f => f.Item1).Distinct().Count()} people");
        Assert.True(found.Count > 500);
        Assert.Equal(expected, found);
    }

    private static async Task<Dictionary<string, List<JsonElement>>> EverythingAsync(ContractWorld world)
    {
        var all = new Dictionary<string, List<JsonElement>>();
        foreach (var type in new[] { "Contract", "ChargeItem", "QuestionnaireResponse", "Observation", "Encounter" })
        {
            all[type] = [];
            await foreach (var stored in ContractReading.PagesAsync(world.Records, Caller.System("test"), type, "_count=500", int.MaxValue, Cancel))
                all[type].Add(JsonReading.Parse(stored));
        }

        return all;
    }

    private static async Task<IEnumerable<string?>> EvidenceAsync(ContractWorld world, string contract, string item) =>
        (await FulfilContract.OfContractsAsync(world.Records, Village, [.. (await world.ContractsAsync("p1", Cancel)).Where(c => c.Id == contract)], Cancel))
            .Where(f => f.Item == item).OrderBy(f => f.Day).Select(f => f.Evidence);

    private static string Pressure(string id, string day, string status = "final") =>
        $$"""{"resourceType":"Observation","id":"{{id}}","status":"{{status}}","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},""" +
        $$""" "subject":{"reference":"Patient/p1"},"effectiveDateTime":"{{day}}"}""";

    private static async Task<string?> OutcomeAsync(Func<Task> act)
    {
        try
        {
            await act();
            return null;
        }
        catch (RefusedException refused)
        {
            return refused.Issues[0].Code;
        }
    }
}
