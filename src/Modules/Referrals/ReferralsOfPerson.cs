using Tongxin.Kernel.Access;
using Tongxin.Web.Components;

namespace Tongxin.Modules.Referrals;

/// <summary>The referrals of one person, newest first, as the caller may see them: what a person's page and the resident's own page show.</summary>
public static class ReferralsOfPerson
{
    private const int Most = 20;

    public static async Task<IReadOnlyList<ReferralView>> ReadAsync(RecordAccess records, Caller caller, string patientId, CancellationToken cancel)
    {
        var page = await records.SearchAsync(caller, "Task", $"code=fulfill&patient={patientId}&_count={Most}", cancel);
        return [.. page.Matches.Select(t => ReferralReading.OfTask(JsonReading.Parse(t), t.Version)).OfType<ReferralView>().OrderByDescending(v => v.Referral.At)];
    }
}
