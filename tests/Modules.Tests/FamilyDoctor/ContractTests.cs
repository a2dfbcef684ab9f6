using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Tests.Records;
using Tongxin.Modules.FamilyDoctor;
using Tongxin.Web.Components;
using static Tongxin.Modules.Tests.FamilyDoctor.ContractWorld;

namespace Tongxin.Modules.Tests.FamilyDoctor;

/// <summary>Contracts over a real database and through the door: one at a time, from signature to expiry.</summary>
public sealed class ContractTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_who_sign_the_same_person_at_once_make_one_contract_and_the_other_is_told(bool postgres)
    {
        using var folder = new TemporaryFolder();
        await using var world = postgres ? await PostgresAsync(Cancel) : await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        foreach (var patient in new[] { "p1", "p2", "p3" })
        {
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 12).Select(async i =>
                await OutcomeAsync(() => world.Sign.SignAsync(i % 2 is 0 ? Village : Leader, patient, Offer(world.Today), null, Cancel))));

            Assert.Equal(1, outcomes.Count(o => o is null));
            Assert.All(outcomes.Where(o => o is not null), o => Assert.Equal("valid", o));
            Assert.Single(await world.ContractsAsync(patient, Cancel));
        }
    }

    [Fact]
    public async Task A_contract_runs_from_draft_to_signature_to_renewal_to_expiry_and_is_never_two()
    {
        using var folder = new TemporaryFolder();
        await using var world = await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        var draft = await world.Sign.DraftAsync(Village, "p1", Offer(world.Today, 1, "basic", "elderly"), Cancel);
        var first = await world.Sign.SignAsync(Village, "p1", Offer(world.Today, 1, "basic", "elderly"), draft, Cancel);
        Assert.Equal([ContractState.Active, ContractState.Ended], (await world.ContractsAsync("p1", Cancel)).Select(c => c.StateOn(world.Today)).Order());
        Assert.Equal("early", await OutcomeAsync(() => world.Move.RenewAsync(Village, first, 1, Stroke, Cancel)));

        world.Clock.Advance(TimeSpan.FromDays(300));
        var second = await world.Move.RenewAsync(Village, first, 2, Stroke, Cancel);
        Assert.Equal("next", await OutcomeAsync(() => world.Move.RenewAsync(Village, first, 1, Stroke, Cancel)));
        Assert.Equal((ContractState.Active, ContractState.Signed), await StatesAsync(world, first, second));

        world.Clock.Advance(TimeSpan.FromDays(65));
        Assert.Equal(1, await ContractTurnover.SweepAsync(world.Records, world.Today, Cancel));
        Assert.Equal(0, await ContractTurnover.SweepAsync(world.Records, world.Today, Cancel));
        Assert.Equal((ContractState.Renewed, ContractState.Active), await StatesAsync(world, first, second));
        Assert.Equal("valid", await OutcomeAsync(() => world.Sign.SignAsync(Village, "p1", Offer(world.Today), null, Cancel)));

        world.Clock.Advance(TimeSpan.FromDays(731));
        await ContractTurnover.SweepAsync(world.Records, world.Today, Cancel);
        Assert.Equal((ContractState.Renewed, ContractState.Expired), await StatesAsync(world, first, second));
        await world.Sign.SignAsync(Village, "p1", Offer(world.Today), null, Cancel);
    }

    [Fact]
    public async Task An_expired_contract_does_not_stand_in_the_way_of_the_next_even_before_midnight_was_swept()
    {
        using var folder = new TemporaryFolder();
        await using var world = await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        await world.Sign.SignAsync(Village, "p1", Offer(world.Today), null, Cancel);
        world.Clock.Advance(TimeSpan.FromDays(400));
        await world.Sign.SignAsync(Village, "p1", Offer(world.Today), null, Cancel);
        Assert.Equal([ContractState.Active, ContractState.Expired], (await world.ContractsAsync("p1", Cancel)).Select(c => c.Kept).Order());
    }

    [Fact]
    public async Task Whoever_changes_the_team_first_wins_and_the_person_still_has_one_contract()
    {
        await using var world = await PostgresAsync(Cancel);
        var id = await world.Sign.SignAsync(Village, "p1", Offer(world.Today), null, Cancel);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => OutcomeAsync(() =>
            i % 2 is 0 ? world.Move.ChangeTeamAsync(Village, id, "team-2", Stroke, Cancel) : world.Sign.SignAsync(Leader, "p1", Offer(world.Today), null, Cancel))));

        Assert.Equal(1, outcomes.Count(o => o is null));
        var active = Assert.Single(await world.ContractsAsync("p1", Cancel), c => c.StateOn(world.Today) is ContractState.Active);
        Assert.Equal("team-2", active.Team);
    }

    [Fact]
    public async Task What_the_norm_does_not_allow_is_refused_with_its_reason()
    {
        using var folder = new TemporaryFolder();
        await using var world = await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        Task<string?> Try(string patient, Offer offer, Caller? who = null) => OutcomeAsync(() => world.Sign.SignAsync(who ?? Village, patient, offer, null, Cancel));
        var offer = Offer(world.Today);

        Assert.Equal("years", await Try("p1", offer with { Years = 4 }));
        Assert.Equal("package", await Try("p3", Offer(world.Today, 1, "basic", "elderly")));
        Assert.Equal("package", await Try("p1", Offer(world.Today, 1, "elderly")));
        Assert.Equal("menu", await Try("p1", offer with { Menu = ["elderly-examination"] }));
        Assert.Equal("signature", await Try("p1", offer with { Stroke = "M1 1\"/><script>" }));
        Assert.Equal("panel", await Try("p1", offer with { Team = "team-full" }));
        Assert.Equal("team", await Try("p1", offer with { Team = "nobody" }));
        Assert.Equal("start", await Try("p1", offer with { Start = world.Today.AddDays(30) }));
        Assert.Equal("not-found", await Try("p1", offer, Stranger));
        Assert.Null(await Try("p1", offer with { Menu = ["home-visit", "ecg"] }));
        Assert.Null(await Try("p2", Offer(world.Today, 3, "basic", "child")));
    }

    [Fact]
    public async Task A_team_from_elsewhere_sees_the_person_only_while_the_contract_holds()
    {
        using var folder = new TemporaryFolder();
        await using var world = await OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        await world.PutAsync(Cancel, """
            {"resourceType":"CareTeam","id":"team-far","status":"active","name":"远","managingOrganization":[{"reference":"Organization/other"}],
             "category":[{"coding":[{"system":"https://tongxin.health/cs/care-team","code":"family-doctor"}]}]}
            """);
        async Task<bool> Sees() => await world.Records.ReadAsync(Stranger, new("Patient", "p1"), Cancel) is not null;

        Assert.False(await Sees());
        var id = await world.Sign.SignAsync(Village, "p1", Offer(world.Today) with { Team = "team-far" }, null, Cancel);
        Assert.True(await Sees());
        await world.Move.EndAsync(Village, id, "move", Cancel);
        Assert.False(await Sees());
    }

    [Fact]
    public void Chinese_and_English_have_the_same_words()
    {
        var assembly = typeof(FamilyDoctorModule).Assembly;
        Assert.Equal(Texts.Of(Texts.Chinese, assembly, "FamilyDoctor").Keys.Order(), Texts.Of(Texts.English, assembly, "FamilyDoctor").Keys.Order());
    }

    // Null when it was done, else the code of the refusal.
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

    private static async Task<(ContractState, ContractState)> StatesAsync(ContractWorld world, string first, string second)
    {
        var all = (await world.ContractsAsync("p1", Cancel)).ToDictionary(c => c.Id);
        return (all[first].StateOn(world.Today), all[second].StateOn(world.Today));
    }
}
