using System.Collections.Concurrent;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Tests.Records;
using Tongxin.Modules.Referrals;
using Tongxin.Modules.Tests.FamilyDoctor;

namespace Tongxin.Modules.Tests.Referrals;

/// <summary>Appointments that a receiver offers are given once, however many reach for them.</summary>
public sealed class SlotTests(ITestOutputHelper output)
{
    private const int Referrals = 200;
    private const int Slots = 60;
    private const int Tries = 10_000;
    private static readonly Caller Receiver = new() { Subject = "Practitioner/s", Name = "接诊", Role = Role.Specialist, Organisation = "county" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_slot_is_given_twice_in_ten_thousand_tries(bool postgres)
    {
        using var folder = new TemporaryFolder();
        await using var world = postgres ? await ContractWorld.PostgresAsync(Cancel) : await ContractWorld.OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        await OfferSlots.OfferAsync(world.Records, Receiver, "心内科", world.Today.AddDays(2), Slots, 10, world.Clock, Cancel);
        await OfferSlots.OfferAsync(world.Records, Receiver, "心内科", world.Today.AddDays(2), Slots, 10, world.Clock, Cancel);
        var offered = await OfferSlots.FreeAsync(world.Records, Receiver, world.Clock.GetUtcNow(), 500, Cancel);
        Assert.Equal(Slots, offered.Count);
        await world.PutAsync(Cancel, [.. Enumerable.Range(0, Referrals).Select(i => Proposal($"r{i}"))]);
        for (var i = 0; i < Referrals; i++)
            await MoveReferral.HandleAsync(world.Records, ContractWorld.Village, $"r{i}", new ReferralStep.Send("county", true), null, world.Clock, Cancel);

        var given = new ConcurrentBag<(string Slot, string Referral)>();
        var refusals = new ConcurrentDictionary<string, int>();
        await Parallel.ForAsync(0, Tries, new ParallelOptions { MaxDegreeOfParallelism = 24, CancellationToken = Cancel }, async (n, cancel) =>
        {
            var (slot, referral) = (offered[n * 7919 % Slots].Id, $"r{n * 104_729 % Referrals}");
            try
            {
                await MoveReferral.HandleAsync(world.Records, Receiver, referral, new ReferralStep.Accept(default, slot), null, world.Clock, cancel);
                given.Add((slot, referral));
            }
            catch (RefusedException refused)
            {
                refusals.AddOrUpdate($"{refused.Status} {refused.Issues[0].Code}", 1, (_, count) => count + 1);
            }
        });

        output.WriteLine($"{Tries} tries: {given.Count} given; refused: {string.Join(", ", refusals.Select(r => $"{r.Key} {r.Value}"))}");
        Assert.Equal(Slots, given.Count);
        Assert.Equal(Slots, given.Select(g => g.Slot).Distinct().Count());
        Assert.Equal(Slots, given.Select(g => g.Referral).Distinct().Count());
        Assert.Empty(await OfferSlots.FreeAsync(world.Records, Receiver, world.Clock.GetUtcNow(), 500, Cancel));
        var accepted = 0;
        for (var i = 0; i < Referrals; i++)
            if ((await ReferralReading.ReadAsync(world.Records, Receiver, $"r{i}", world.Clock.GetUtcNow(), Cancel))!.Referral.State is ReferralState.Accepted) accepted++;
        Assert.Equal(Slots, accepted);
    }

    [Fact]
    public async Task A_slot_of_another_house_cannot_be_taken_and_one_cannot_be_offered_for_yesterday()
    {
        using var folder = new TemporaryFolder();
        await using var world = await ContractWorld.OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        await OfferSlots.OfferAsync(world.Records, Receiver with { Organisation = "town" }, "门诊", world.Today, 1, 30, world.Clock, Cancel);
        var foreign = Assert.Single(await OfferSlots.FreeAsync(world.Records, Receiver with { Organisation = "town" }, world.Clock.GetUtcNow().AddDays(-1), 10, Cancel));
        await world.PutAsync(Cancel, Proposal("r0"));
        await MoveReferral.HandleAsync(world.Records, ContractWorld.Village, "r0", new ReferralStep.Send("county", true), null, world.Clock, Cancel);

        Assert.Equal(404, (await Assert.ThrowsAsync<RefusedException>(() =>
            MoveReferral.HandleAsync(world.Records, Receiver, "r0", new ReferralStep.Accept(default, foreign.Id), null, world.Clock, Cancel))).Status);
        foreach (var (day, count) in new[] { (-1, 5), (1, 0), (61, 5), (1, OfferSlots.MostADay + 1) })
            Assert.Equal(422, (await Assert.ThrowsAsync<RefusedException>(() =>
                OfferSlots.OfferAsync(world.Records, Receiver, "门诊", world.Today.AddDays(day), count, 10, world.Clock, Cancel))).Status);
    }

    [Fact]
    public async Task A_cancelled_referral_gives_its_slot_back_and_another_can_have_it()
    {
        using var folder = new TemporaryFolder();
        await using var world = await ContractWorld.OpenAsync(new RecordEngine.Sqlite(folder.Path), Cancel);
        Task Do(Caller who, string request, ReferralStep step) => MoveReferral.HandleAsync(world.Records, who, request, step, null, world.Clock, Cancel);
        await OfferSlots.OfferAsync(world.Records, Receiver, "门诊", world.Today.AddDays(1), 1, 30, world.Clock, Cancel);
        var slot = Assert.Single(await OfferSlots.FreeAsync(world.Records, Receiver, world.Clock.GetUtcNow(), 10, Cancel));
        await world.PutAsync(Cancel, Proposal("r0"), Proposal("r1"));
        foreach (var request in new[] { "r0", "r1" }) await Do(ContractWorld.Village, request, new ReferralStep.Send("county", true));
        await Do(Receiver, "r0", new ReferralStep.Accept(default, slot.Id));
        Assert.Equal("slot-taken", (await Assert.ThrowsAsync<RefusedException>(() => Do(Receiver, "r1", new ReferralStep.Accept(default, slot.Id)))).Issues[0].Code);
        await Do(ContractWorld.Village, "r0", new ReferralStep.Cancel("本人不去"));
        await Do(Receiver, "r1", new ReferralStep.Accept(default, slot.Id));
        Assert.Empty(await OfferSlots.FreeAsync(world.Records, Receiver, world.Clock.GetUtcNow(), 10, Cancel));
    }

    [Fact]
    public void Figures_count_referrals_and_their_rates_are_null_where_nothing_happened()
    {
        var start = new DateTimeOffset(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);
        ReferralView View(params (string Step, double Hours, string Text)[] steps) => new()
        {
            Request = "r", PatientId = "p", Referral = new(ReferralState.Sent, false, "a", "b", start, null),
            History = [.. steps.Select(s => new Said(start.AddHours(s.Hours), "x", s.Text, s.Step))],
        };
        var figures = ReferralFigures.Of(
        [
            View(("send", 0, ""), ("accept", 2, ""), ("see", 20, ""), ("answer", 30, ""), ("return", 31, "")),
            View(("send", 0, ""), ("decline", 4, "资料不全"), ("send", 5, ""), ("accept", 6, ""), ("miss", 40, "")),
            View(("cancel", 0, "复测正常")),
        ], start);
        Assert.Equal((2, 2, 1, 1, 1, 1, 1), (figures.Sent, figures.Accepted, figures.Declined, figures.Seen, figures.Missed, figures.Answered, figures.Returned));
        Assert.Equal((2 / 3.0, 0.5, 1.0), (figures.Acceptance, figures.NoShow, figures.ReturnRate));
        Assert.Equal((3.0, 30.0), (figures.HoursToDecision, figures.HoursToAnswer));
        var nothing = ReferralFigures.Of([], start);
        Assert.Null(nothing.Acceptance);
        Assert.Null(nothing.HoursToAnswer);
    }

    private static string Proposal(string id) =>
        $$"""{"resourceType":"ServiceRequest","id":"{{id}}","status":"draft","intent":"proposal","priority":"routine",""" +
        """ "subject":{"reference":"Patient/p1"},"authoredOn":"2026-03-02","reasonCode":[{"text":"连续两次血压未达标"}]}""";
}
