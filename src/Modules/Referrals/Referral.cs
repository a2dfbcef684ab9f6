namespace Tongxin.Modules.Referrals;

/// <summary>Where a referral (转诊) stands. Every state but the last two is somebody's to move by a deadline.</summary>
public enum ReferralState { Draft, Sent, Received, Accepted, Declined, Seen, NotArrived, Answered, Returned, Closed, Cancelled }

/// <summary>What a referral asks for: to see the person, or an opinion in writing or face to face over a distance (远程会诊).</summary>
public enum ReferralKind { Visit, Written, Video }

/// <summary>The two ends of a referral.</summary>
public enum Side { Sender, Receiver }

/// <summary>One referral as its rules see it: no names, no record.</summary>
/// <param name="From">Id of the organisation that refers.</param>
/// <param name="To">Id of the organisation that is asked; empty while it is a draft.</param>
/// <param name="At">When it came to its state; never goes back, whatever the clock does.</param>
/// <param name="Deadline">When the state becomes overdue; null only when the referral has ended.</param>
public sealed record Referral(ReferralState State, bool IsUrgent, string From, string To, DateTimeOffset At, DateTimeOffset? Deadline)
{
    /// <summary>Id of the offered slot that it holds; null when it holds none.</summary>
    public string? Slot { get; init; }

    /// <summary>What is asked for; a consultation may be answered without seeing the person.</summary>
    public ReferralKind Kind { get; init; }

    /// <summary>Where the two meet for a video consultation; null before it is accepted, and for other kinds.</summary>
    public string? Link { get; init; }

    /// <summary>The receiver does not work on this platform: the sender takes down what it answers, and holds the referral all the way.</summary>
    public bool IsOutside { get; init; }

    public bool HasEnded => State is ReferralState.Closed or ReferralState.Cancelled;

    /// <summary>Whose turn it is; null only when the referral has ended.</summary>
    public Side? Turn => State switch
    {
        ReferralState.Draft or ReferralState.Declined or ReferralState.NotArrived or ReferralState.Returned => Side.Sender,
        ReferralState.Sent or ReferralState.Received or ReferralState.Accepted or ReferralState.Seen or ReferralState.Answered => Side.Receiver,
        _ => null,
    };

    /// <summary>Id of the organisation whose turn it is; null only when the referral has ended.</summary>
    public string? Holder => Turn switch { Side.Sender => From, Side.Receiver => IsOutside ? From : To, _ => null };

    public bool IsOverdue(DateTimeOffset now) => Deadline is { } deadline && now > deadline;
}

/// <summary>What the two ends may do with a referral.</summary>
public abstract record ReferralStep
{
    private ReferralStep() { }

    /// <summary>Sends it, or sends it again after it was declined or missed. Without consent only in an emergency.</summary>
    /// <param name="Parts">Which parts of the record go with it, of <see cref="ReferralPackage.Parts"/>; null for all of them.</param>
    public sealed record Send(string To, bool HasConsent, ReferralKind Kind = ReferralKind.Visit, IReadOnlyList<string>? Parts = null) : ReferralStep;

    public sealed record Receive : ReferralStep;

    /// <param name="Slot">Id of the offered slot that it takes; null when the time was agreed otherwise.</param>
    /// <param name="Link">Where to meet for a video consultation; null for other kinds.</param>
    public sealed record Accept(DateTimeOffset Appointment, string? Slot = null, string? Link = null) : ReferralStep;

    public sealed record Decline(string Reason) : ReferralStep;

    public sealed record Redirect(string To, string Reason) : ReferralStep;

    /// <summary>She came (到诊).</summary>
    public sealed record See : ReferralStep;

    /// <summary>She did not come (未到诊): back to the sender, who calls her.</summary>
    public sealed record Miss : ReferralStep;

    public sealed record Answer(string Finding) : ReferralStep;

    /// <summary>Down-referral (回转) with a plan for the sender and the day by which she is to be seen.</summary>
    public sealed record Return(string Plan, DateOnly FollowUpBy) : ReferralStep;

    /// <summary>The sender has seen her after her return.</summary>
    public sealed record Close : ReferralStep;

    public sealed record Cancel(string Reason) : ReferralStep;
}
