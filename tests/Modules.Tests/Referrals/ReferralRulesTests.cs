using CsCheck;
using Tongxin.Modules.Referrals;

namespace Tongxin.Modules.Tests.Referrals;

/// <summary>双向转诊: every referral ends, or stands on somebody's list until a deadline.</summary>
public sealed class ReferralRulesTests
{
    private const int Orders = 100_000;
    private static readonly DateTimeOffset Start = new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);
    private static readonly DateOnly Soon = new(2026, 3, 9);

    [Fact]
    public void Every_order_of_events_leaves_it_ended_or_on_somebodys_list() =>
        Gen.Select(Gen.Bool, Gen.Select(Gen.Int[0, 10], Gen.Int[0, 2], Gen.Int[-3_000, 6_000]).Array[0, 40]).Sample((urgent, events) =>
        {
            var (referral, clock) = (ReferralRules.Draft("village", urgent, Start), Start);
            foreach (var (kind, who, minutes) in events)
            {
                clock += TimeSpan.FromMinutes(minutes);
                var (after, refusal) = ReferralRules.Decide(referral, Step(kind, clock), who switch { 0 => "village", 1 => referral.To, _ => "stranger" }, clock);
                if (after is null != refusal is not null) return false;
                if (after is null) continue;
                if (referral.HasEnded || after.At < referral.At || who is 2) return false;
                if (after.HasEnded != (after.Deadline is null) || after.HasEnded != (after.Holder is null) || after.Holder is "") return false;
                referral = after;
            }

            return referral.HasEnded || referral.IsOverdue(DateTimeOffset.MaxValue);
        }, iter: Orders);

    [Fact]
    public void From_every_state_there_is_a_way_to_the_end()
    {
        var known = new HashSet<ReferralState> { ReferralState.Closed, ReferralState.Cancelled };
        for (var found = true; found;)
        {
            found = false;
            foreach (var state in Enum.GetValues<ReferralState>().Where(s => !known.Contains(s)))
            {
                var referral = new Referral(state, IsUrgent: false, "village", "hospital", Start, Start.AddDays(1));
                var next = Enumerable.Range(0, 11).SelectMany(k => new[] { "village", "hospital" }.Select(o => ReferralRules.Decide(referral, Step(k, Start), o,
                    Start).After));
                if (next.Any(n => n is not null && known.Contains(n.State))) found = known.Add(state);
            }
        }

        Assert.Equal(Enum.GetValues<ReferralState>().Length, known.Count);
    }

    [Fact]
    public void An_answered_patient_comes_back_with_a_plan_and_is_closed_by_the_village()
    {
        var referral = ReferralRules.Draft("village", isUrgent: false, Start);
        (ReferralStep, string, ReferralState)[] walk =
        [
            (new ReferralStep.Send("hospital", true), "village", ReferralState.Sent), (new ReferralStep.Receive(), "hospital", ReferralState.Received),
            (new ReferralStep.Accept(Start.AddDays(2)), "hospital", ReferralState.Accepted), (new ReferralStep.See(), "hospital", ReferralState.Seen),
            (new ReferralStep.Answer("原发性高血压 2 级"), "hospital", ReferralState.Answered),
            (new ReferralStep.Return("氨氯地平 10 mg", Soon), "hospital", ReferralState.Returned), (new ReferralStep.Close(), "village", ReferralState.Closed),
        ];
        foreach (var (step, who, expected) in walk)
        {
            referral = ReferralRules.Decide(referral, step, who, Start).After!;
            Assert.Equal(expected, referral.State);
        }
    }

    [Fact]
    public void Nothing_is_sent_without_consent_except_in_an_emergency()
    {
        var step = new ReferralStep.Send("hospital", HasConsent: false);
        Assert.Equal("consent", ReferralRules.Decide(ReferralRules.Draft("village", isUrgent: false, Start), step, "village", Start).Refusal);
        Assert.Equal(Start + ReferralRules.UrgentReview, ReferralRules.Decide(ReferralRules.Draft("village", isUrgent: true, Start), step, "village", Start)
            .After!.Deadline);
    }

    [Fact]
    public void Receiving_does_not_stop_the_clock()
    {
        var sent = ReferralRules.Decide(ReferralRules.Draft("village", isUrgent: false, Start), new ReferralStep.Send("hospital", true), "village", Start).After!;
        Assert.Equal(sent.Deadline, ReferralRules.Decide(sent, new ReferralStep.Receive(), "hospital", Start.AddHours(20)).After!.Deadline);
    }

    private static ReferralStep Step(int kind, DateTimeOffset clock) => kind switch
    {
        0 => new ReferralStep.Send("hospital", true),
        1 => new ReferralStep.Receive(),
        2 => new ReferralStep.Accept(clock.AddDays(2)),
        3 => new ReferralStep.Decline("床位已满"),
        4 => new ReferralStep.Redirect("centre", "不属本科"),
        5 => new ReferralStep.See(),
        6 => new ReferralStep.Miss(),
        7 => new ReferralStep.Answer("无继发因素"),
        8 => new ReferralStep.Return("每日监测", DateOnly.FromDateTime(clock.Date).AddDays(7)),
        9 => new ReferralStep.Close(),
        _ => new ReferralStep.Cancel("本人放弃"),
    };
}
