using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.Referrals;

/// <summary>A free or taken appointment that a receiver offers (号源).</summary>
/// <param name="Organisation">Id of the organisation that offers it.</param>
public sealed record OfferedSlot(string Id, string Organisation, string Clinic, DateTimeOffset Start, DateTimeOffset End, bool IsFree, long Version);

/// <summary>号源：a receiver offers appointments for referrals as FHIR <c>Schedule</c> and <c>Slot</c>; each is given once.</summary>
/// <remarks>
/// One Slot is one patient. It is taken in the same commit that accepts the referral, under If-Match on the Slot, so that of two who take it at once one gets it
/// and the other is refused (412). Refuses 422 <c>slots</c> for a day that is over or too far away, or more slots than a clinic has.
/// </remarks>
public static class OfferSlots
{
    public const int MostADay = 60;
    public const int LongestMinutes = 240;
    private const string Clinics = "https://tongxin.health/cs/referral-clinic";

    // An actor cannot be an organisation in R4: the house that offers stands in an identifier.
    private const string Receiver = "https://tongxin.health/id/referral-receiver";
    private static readonly TimeOnly Begin = new(8, 0);

    /// <summary>Offers a morning or a whole day of a clinic; offering the same again adds nothing.</summary>
    public static async Task OfferAsync(RecordAccess records, Caller caller, string clinic, DateOnly day, int count, int minutes, TimeProvider clock, CancellationToken cancel)
    {
        var today = LocalTime.Today(clock);
        if (string.IsNullOrWhiteSpace(clinic) || clinic.Length > 40 || day < today || day > today.AddDays(ReferralRules.LongestWait.Days) || count is < 1 or > MostADay
            || minutes is < 5 or > LongestMinutes || count * minutes > 12 * 60 || caller.Organisation is not { } organisation)
            throw RefusedException.Because(422, "slots", "号源的日期、个数或时长不对。");
        var schedule = StableId.Of("schedule", organisation, clinic);
        var changes = new List<Change> { JsonWriting.Put(Schedule(schedule, organisation, clinic, caller.Subject)) };
        for (var n = 0; n < count; n++)
        {
            var start = new DateTimeOffset(day.ToDateTime(Begin).AddMinutes(n * minutes), LocalTime.Offset);
            var id = StableId.Of("slot", schedule, ResourceBody.Instant(start));
            if (await records.ReadAsync(caller, new("Slot", id), cancel) is { IsDeleted: false }) continue;
            changes.Add(JsonWriting.Put(Slot(id, schedule, clinic, start, start.AddMinutes(minutes)), isNew: true));
        }

        await records.CommitAsync(caller, changes, new(Reason: "转诊号源"), cancel);
    }

    /// <summary>Free appointments of the caller's organisation, the earliest first.</summary>
    public static async Task<IReadOnlyList<OfferedSlot>> FreeAsync(RecordAccess records, Caller caller, DateTimeOffset now, int most, CancellationToken cancel)
    {
        var schedules = await records.SearchAsync(caller, "Schedule", $"identifier={Receiver}|{caller.Organisation}&_count=100", cancel);
        if (caller.Organisation is null || schedules.Matches.Count is 0) return [];
        var query = $"schedule={string.Join(',', schedules.Matches.Select(s => $"Schedule/{s.Key.Id}"))}&status=free&start=ge{now:yyyy-MM-ddTHH:mm:ssZ}&_sort=start&_count={most}";
        var slots = await records.SearchAsync(caller, "Slot", query, cancel);
        return [.. slots.Matches.Select(s => Read(JsonReading.Parse(s), s.Version, caller.Organisation)).OfType<OfferedSlot>()];
    }

    /// <summary>Null when it is not there, or another organisation's.</summary>
    public static async Task<OfferedSlot?> ReadAsync(RecordAccess records, Caller caller, string id, CancellationToken cancel)
    {
        if (!ResourceKey.IsLegalId(id) || await records.ReadAsync(caller, new("Slot", id), cancel) is not { IsDeleted: false } stored) return null;
        var body = JsonReading.Parse(stored);
        var schedule = body.IdIn("schedule") is { } s ? await records.ReadAsync(caller, new("Schedule", s), cancel) : null;
        if (schedule is not { IsDeleted: false } 
            || !JsonReading.Parse(schedule).Each("identifier").Any(i => i.Text("system") is Receiver && i.Text("value") == caller.Organisation)) return null;
        return Read(body, stored.Version, caller.Organisation!);
    }

    /// <summary>The change that takes or frees a slot, refused when somebody was faster.</summary>
    internal static async Task<Change> MarkAsync(RecordAccess records, Caller caller, OfferedSlot slot, bool isFree, CancellationToken cancel)
    {
        var stored = await records.ReadAsync(caller, new("Slot", slot.Id), cancel);
        if (stored is not { IsDeleted: false } || stored.Version != slot.Version) throw RefusedException.Because(409, "slot-taken", "这个号刚被约走。");
        var body = JsonWriting.Edit(stored);
        body["status"] = isFree ? "free" : "busy";
        return JsonWriting.Put(body, slot.Version);
    }

    /// <summary>The change that gives back a slot of a referral that was cancelled; null when its time has come or it is gone.</summary>
    internal static async Task<Change?> FreeAgainAsync(RecordAccess records, Caller caller, string id, DateTimeOffset now, CancellationToken cancel)
    {
        if (await records.ReadAsync(caller, new("Slot", id), cancel) is not { IsDeleted: false } stored) return null;
        if (Read(JsonReading.Parse(stored), stored.Version, "") is not { IsFree: false } slot || slot.Start <= now) return null;
        return await MarkAsync(records, caller, slot, isFree: true, cancel);
    }

    private static OfferedSlot? Read(JsonElement slot, long version, string organisation) =>
        DateTimeOffset.TryParse(slot.Text("start"), System.Globalization.CultureInfo.InvariantCulture, out var start)
        && DateTimeOffset.TryParse(slot.Text("end"), System.Globalization.CultureInfo.InvariantCulture, out var end)
            ? new(slot.Text("id") ?? "", organisation, slot.Text("comment") ?? "", start.ToOffset(LocalTime.Offset), end.ToOffset(LocalTime.Offset),
                slot.Text("status") is "free", version) : null;

    private static JsonObject Schedule(string id, string organisation, string clinic, string actor) => new()
    {
        ["resourceType"] = "Schedule", ["id"] = id, ["active"] = true,
        ["identifier"] = new JsonArray(new JsonObject { ["system"] = Receiver, ["value"] = organisation }),
        ["serviceType"] = new JsonArray(JsonWriting.Concept(Clinics, "referral", clinic)),
        ["actor"] = new JsonArray(JsonWriting.Reference(actor)),
        ["comment"] = clinic,
    };

    private static JsonObject Slot(string id, string schedule, string clinic, DateTimeOffset start, DateTimeOffset end) => new()
    {
        ["resourceType"] = "Slot", ["id"] = id,
        ["schedule"] = JsonWriting.Reference($"Schedule/{schedule}"),
        ["status"] = "free",
        ["start"] = ResourceBody.Instant(start), ["end"] = ResourceBody.Instant(end),
        ["comment"] = clinic,
    };
}
