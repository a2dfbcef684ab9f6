using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.Referrals;

/// <summary>县外流失：a visit to a house outside, by somebody whom the caller cares for.</summary>
/// <param name="IsReferred">Somebody had referred her there within <see cref="Leakage.ReferredWithinDays"/> before: gone with the county's knowledge.</param>
public sealed record OutsideVisit(string Patient, string Encounter, string Place, DateOnly Day, bool IsReferred);

/// <summary>Finds who went outside, and who of them without being referred.</summary>
/// <remarks>Counts visits, not people, since each is paid; a visit that was cancelled or entered in error is none.</remarks>
public static class Leakage
{
    public const int ReferredWithinDays = 60;
    private const int MostVisits = 50_000;
    private const int MostPlaces = 200;

    /// <summary>Visits outside since a day, the newest first, as the caller may see them.</summary>
    /// <param name="referrals">Referrals sent since <see cref="ReferredWithinDays"/> before that day.</param>
    public static async Task<IReadOnlyList<OutsideVisit>> SinceAsync(
        RecordAccess records, Caller caller, DateOnly since, IReadOnlyCollection<ReferralView> referrals, CancellationToken cancel)
    {
        var places = (await records.SearchAsync(caller, "Organization", $"type={OutsideReceiver.Kind}&_count={MostPlaces}", cancel)).Matches.Select(o => o.Key.Id).ToList();
        if (places.Count is 0) return [];
        var sent = referrals.ToLookup(r => (r.PatientId, r.Referral.To));
        var (visits, cursor) = (new List<OutsideVisit>(), (string?)null);
        var query = $"service-provider={string.Join(',', places.Select(p => $"Organization/{p}"))}&date=ge{JsonWriting.Day(since)}&_count=500";
        do
        {
            var page = await records.SearchAsync(caller, "Encounter", cursor is null ? query : $"{query}&_cursor={Uri.EscapeDataString(cursor)}", cancel);
            visits.AddRange(page.Matches.Select(e => Of(e, sent)).OfType<OutsideVisit>());
            cursor = page.Next;
        }
        while (cursor is not null && visits.Count < MostVisits);
        return [.. visits.OrderByDescending(v => v.Day).ThenBy(v => v.Encounter, StringComparer.Ordinal)];
    }

    private static OutsideVisit? Of(Stored stored, ILookup<(string, string), ReferralView> sent)
    {
        var body = JsonReading.Parse(stored);
        if (body.Text("status") is "cancelled" or "entered-in-error" or "planned" || body.IdIn("subject") is not { } patient || body.IdIn("serviceProvider") is not { } place
            || JsonReading.Day(body.Member("period")?.Text("start")) is not { } day) return null;
        return new(patient, stored.Key.Id, place, day, sent[(patient, place)].Any(r => WasSentBefore(r, day)));
    }

    private static bool WasSentBefore(ReferralView referral, DateOnly day) => referral.History.Any(h => h.Step is "send" or "redirect"
        && DateOnly.FromDateTime(h.At.ToOffset(Kernel.Programmes.LocalTime.Offset).DateTime) is var on && on <= day && day.DayNumber - on.DayNumber <= ReferredWithinDays);
}
