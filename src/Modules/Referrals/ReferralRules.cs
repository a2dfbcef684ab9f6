namespace Tongxin.Modules.Referrals;

/// <summary>The state machine of referrals: who may do what when, and how long each state may last. Pure.</summary>
/// <remarks>
/// Source: 国家基本公共卫生服务规范（第三版）: a referral is followed within two weeks; 双向转诊单 (out-form and return form). The hours of review are the county's.
/// </remarks>
public static class ReferralRules
{
    public static readonly TimeSpan UrgentReview = TimeSpan.FromMinutes(30);
    public static readonly TimeSpan RoutineReview = TimeSpan.FromHours(24);
    public static readonly TimeSpan ToSend = TimeSpan.FromDays(1);
    public static readonly TimeSpan ToArrive = TimeSpan.FromDays(1);
    public static readonly TimeSpan ToCallBack = TimeSpan.FromDays(3);
    public static readonly TimeSpan ToAnswer = TimeSpan.FromDays(7);
    public static readonly TimeSpan ToReturn = TimeSpan.FromDays(3);
    public static readonly TimeSpan LongestWait = TimeSpan.FromDays(60);

    /// <summary>A proposal of the programme engine, or one written by hand.</summary>
    public static Referral Draft(string from, bool isUrgent, DateTimeOffset now) => new(ReferralState.Draft, isUrgent, from, "", now, now + (isUrgent ? UrgentReview
        : ToSend));

    /// <summary>The referral after the step; or null and the code of the refusal: <c>turn</c>, <c>state</c>, <c>consent</c>, <c>place</c>, <c>date</c>, <c>link</c>,
    /// <c>reason</c>.</summary>
    public static (Referral? After, string? Refusal) Decide(Referral now, ReferralStep step, string organisation, DateTimeOffset clock)
    {
        // A clock that was set back must not make a state older than the one before it.
        var at = clock > now.At ? clock : now.At;
        var side = step is ReferralStep.Send or ReferralStep.Close or ReferralStep.Cancel ? Side.Sender : Side.Receiver;
        if (organisation != (side is Side.Sender || now.IsOutside ? now.From : now.To)) return (null, "turn");
        if (Wrong(now, step, at) is { } refusal) return (null, refusal);
        return (now.State, step) switch
        {
            (ReferralState.Draft or ReferralState.Declined or ReferralState.NotArrived, ReferralStep.Send send) =>
                To(now with { To = send.To, Kind = send.Kind, Link = null }, ReferralState.Sent,
                at, Review(now)),
            (ReferralState.Sent, ReferralStep.Receive) => (now with { State = ReferralState.Received, At = at }, null),
            (ReferralState.Sent or ReferralState.Received, ReferralStep.Accept accept) =>
                To(now with { Link = accept.Link }, ReferralState.Accepted, at, accept.Appointment - at + ToArrive),
            (ReferralState.Sent or ReferralState.Received, ReferralStep.Decline) => To(now, ReferralState.Declined, at, now.IsUrgent ? UrgentReview : ToSend),
            (ReferralState.Sent or ReferralState.Received, ReferralStep.Redirect redirect) => To(now with { To = redirect.To }, ReferralState.Sent, at, Review(now)),
            (ReferralState.Accepted or ReferralState.NotArrived, ReferralStep.See) => To(now, ReferralState.Seen, at, ToAnswer),
            (ReferralState.Accepted, ReferralStep.Miss) => To(now, ReferralState.NotArrived, at, ToCallBack),
            (ReferralState.Accepted, ReferralStep.Answer) when now.Kind is not ReferralKind.Visit => To(now, ReferralState.Answered, at, ToReturn),
            (ReferralState.Sent or ReferralState.Received, ReferralStep.Answer) when now.Kind is ReferralKind.Written => To(now, ReferralState.Answered, at, ToReturn),
            (ReferralState.Seen, ReferralStep.Answer) => To(now, ReferralState.Answered, at, ToReturn),
            (ReferralState.Answered, ReferralStep.Return back) => To(now, ReferralState.Returned, at, EndOf(back.FollowUpBy) - at),
            (ReferralState.Returned, ReferralStep.Close) => (now with { State = ReferralState.Closed, At = at, Deadline = null }, null),
            (ReferralState.Draft or ReferralState.Sent or ReferralState.Received or ReferralState.Accepted or ReferralState.Declined or ReferralState.NotArrived,
                ReferralStep.Cancel) =>
                (now with { State = ReferralState.Cancelled, At = at, Deadline = null }, null),
            _ => (null, "state"),
        };
    }

    private static string? Wrong(Referral now, ReferralStep step, DateTimeOffset at) => step switch
    {
        ReferralStep.Send { HasConsent: false } when !now.IsUrgent => "consent",
        ReferralStep.Send send when send.To.Length is 0 || send.To == now.From => "place",
        ReferralStep.Redirect redirect when redirect.To.Length is 0 || redirect.To == now.To || redirect.To == now.From => "place",
        ReferralStep.Accept accept when accept.Appointment < at || accept.Appointment > at + LongestWait => "date",
        ReferralStep.Accept accept when now.Kind is ReferralKind.Video != IsMeeting(accept.Link) => "link",
        ReferralStep.Return back when EndOf(back.FollowUpBy) < at || EndOf(back.FollowUpBy) > at + LongestWait => "date",
        ReferralStep.Decline { Reason: var reason } when string.IsNullOrWhiteSpace(reason) => "reason",
        ReferralStep.Redirect { Reason: var reason } when string.IsNullOrWhiteSpace(reason) => "reason",
        ReferralStep.Cancel { Reason: var reason } when string.IsNullOrWhiteSpace(reason) => "reason",
        ReferralStep.Answer { Finding: var finding } when string.IsNullOrWhiteSpace(finding) => "reason",
        ReferralStep.Return { Plan: var plan } when string.IsNullOrWhiteSpace(plan) => "reason",
        _ => null,
    };

    /// <summary>An address of the web, nothing that a browser would run; which places are allowed is the operator's to say.</summary>
    internal static bool IsMeeting(string? link) => link is { Length: > 0 and <= 500 } && Uri.TryCreate(link, UriKind.Absolute, out var address)
        && address.Scheme is ("https" or "http") && address.UserInfo.Length is 0;

    private static TimeSpan Review(Referral referral) => referral.IsUrgent ? UrgentReview : RoutineReview;

    private static DateTimeOffset EndOf(DateOnly day) => new(day.ToDateTime(TimeOnly.MaxValue), Kernel.Programmes.LocalTime.Offset);

    private static (Referral?, string?) To(Referral before, ReferralState state, DateTimeOffset at, TimeSpan limit) =>
        (before with { State = state, At = at, Deadline = at + limit }, null);
}
