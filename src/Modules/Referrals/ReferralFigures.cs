namespace Tongxin.Modules.Referrals;

/// <summary>What came of a set of referrals. A rate is null, not zero, when there was nothing to divide by.</summary>
/// <param name="HoursToDecision">Median from sending to being accepted or declined; null when none was.</param>
/// <param name="HoursToAnswer">Median from sending to the specialist's answer; null when there was none.</param>
public sealed record ReferralFigures(int Sent, int Accepted, int Declined, int Seen, int Missed, int Answered, int Returned, int Overdue,
    double? HoursToDecision, double? HoursToAnswer)
{
    public double? Acceptance => Share(Accepted, Accepted + Declined);
    public double? NoShow => Share(Missed, Missed + Seen);
    public double? ReturnRate => Share(Returned, Seen);

    /// <summary>Counts referrals, not steps: one that was declined, sent again and accepted is in both.</summary>
    public static ReferralFigures Of(IReadOnlyCollection<ReferralView> referrals, DateTimeOffset now)
    {
        var sent = referrals.Where(r => First(r, "send") is not null).ToList();
        int Count(string step) => sent.Count(r => First(r, step) is not null);
        return new(
            sent.Count, Count("accept"), Count("decline"), Count("see"), Count("miss"), Count("answer"), Count("return"), sent.Count(r => r.Referral.IsOverdue(now)),
            Median(sent.Select(r => Hours(r, Earlier(First(r, "accept"), First(r, "decline"))))), Median(sent.Select(r => Hours(r, First(r, "answer")))));
    }

    /// <summary>What was said when referrals were declined or cancelled, the commonest first.</summary>
    public static IReadOnlyList<(string Reason, int Count)> Reasons(IEnumerable<ReferralView> referrals) =>
        [.. referrals.SelectMany(r => r.History).Where(s => s.Step is "decline" or "cancel").GroupBy(s => s.Text, StringComparer.Ordinal)
            .OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).Select(g => (g.Key, g.Count()))];

    private static DateTimeOffset? First(ReferralView referral, string step) => referral.History.FirstOrDefault(s => s.Step == step)?.At;

    private static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b) => a is null ? b : b is null || a < b ? a : b;

    private static double? Hours(ReferralView referral, DateTimeOffset? until) => until is { } end ? (end - First(referral, "send")!.Value).TotalHours : null;

    private static double? Share(int part, int whole) => whole is 0 ? null : (double)part / whole;

    private static double? Median(IEnumerable<double?> values)
    {
        var sorted = values.OfType<double>().Order().ToList();
        return sorted.Count is 0 ? null : (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
