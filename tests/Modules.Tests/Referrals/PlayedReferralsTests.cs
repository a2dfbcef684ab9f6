using Tongxin.Host.Demo;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Tests.Records;
using Tongxin.Modules.Referrals;
using Tongxin.Modules.Tests.FamilyDoctor;

namespace Tongxin.Modules.Tests.Referrals;

/// <summary>The demo's doctors act on what the programmes propose.</summary>
public sealed class PlayedReferralsTests
{
    [Fact]
    public async Task What_was_proposed_long_ago_has_ended_and_what_was_proposed_today_is_left_to_the_visitor()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        await using var world = await ContractWorld.OpenAsync(new RecordEngine.Sqlite(folder.Path), cancel);
        await world.PutAsync(cancel, [.. Enumerable.Range(0, 60).Select(i => Proposal($"old-{i}", "2025-11-03")), Proposal("new", "2026-03-02T09:00:00+08:00")]);
        var played = new PlayedReferrals(world.Records, world.Clock);
        Assert.Equal(60, await played.PlayAsync(cancel));
        Assert.Equal(0, await played.PlayAsync(cancel));
        var views = new List<ReferralView>();
        for (var i = 0; i < 60; i++)
            views.Add((await ReferralReading.ReadAsync(world.Records, Caller.System("test"), $"old-{i}", world.Clock.GetUtcNow(), cancel))!);
        Assert.All(views, v => Assert.True(v.Referral.HasEnded, v.Referral.ToString()));
        Assert.Contains(views, v => v.Referral.State is ReferralState.Cancelled);
        Assert.Contains(views, v => v.Referral.State is ReferralState.Closed && v.History.Count >= 6);
    }

    [Fact]
    public async Task A_proposal_that_was_sent_to_nobody_can_be_cancelled()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        await using var world = await ContractWorld.OpenAsync(new RecordEngine.Sqlite(folder.Path), cancel);
        await world.PutAsync(cancel, Proposal("r", "2026-03-02"));
        var after = await MoveReferral.HandleAsync(world.Records, ContractWorld.Village, "r", new ReferralStep.Cancel("复测正常"), null, world.Clock, cancel);
        Assert.True(after.HasEnded);
    }

    private static string Proposal(string id, string written) =>
        $$"""{"resourceType":"ServiceRequest","id":"{{id}}","status":"draft","intent":"proposal","priority":"routine",""" +
        $$""" "subject":{"reference":"Patient/p1"},"authoredOn":"{{written}}","reasonCode":[{"text":"连续两次血压未达标"}]}""";
}
