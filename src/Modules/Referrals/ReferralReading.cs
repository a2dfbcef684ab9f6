using System.Globalization;
using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;

namespace Tongxin.Modules.Referrals;

/// <summary>A referral as its page shows it.</summary>
public sealed record ReferralView
{
    public required string Request { get; init; }
    public required Referral Referral { get; init; }
    public required string PatientId { get; init; }
    public string Name { get; init; } = "";
    public bool? IsMale { get; init; }
    public DateOnly? Birth { get; init; }
    public string Reason { get; init; } = "";

    /// <summary>Version of the task; null while there is none.</summary>
    public long? Version { get; init; }

    public IReadOnlyList<Said> History { get; init; } = [];

    /// <summary>What goes with it; empty for a draft.</summary>
    public IReadOnlyList<PackageItem> Package { get; init; } = [];
}

/// <summary>One line of a referral's history.</summary>
/// <param name="Step">Name of the <see cref="ReferralStep"/> in lower case; empty in records of before it was kept.</param>
public sealed record Said(DateTimeOffset At, string Author, string Text, string Step);

/// <summary>Reads referrals through the door, as the caller may see them.</summary>
internal static class ReferralReading
{
    public const int PageSize = 50;

    /// <summary>More than a county refers in a year; statistics beyond it say so by ending there.</summary>
    public const int MostInStatistics = 100_000;

    /// <summary>Drafts to send, and referrals under way with their people; what is due first stands first.</summary>
    public static async Task<IReadOnlyList<ReferralView>> OpenAsync(RecordAccess records, Caller caller, DateTimeOffset now, CancellationToken cancel)
    {
        var tasks = await records.SearchAsync(caller, "Task",
            $"code=fulfill&status=requested,received,accepted,in-progress,on-hold&_include=Task:patient&_include=Task:focus&_count={PageSize}", cancel);
        var drafts = await records.SearchAsync(caller, "ServiceRequest", $"status=draft&_include=ServiceRequest:patient&_sort=-authored&_count={PageSize}", cancel);
        var people = tasks.Included.Where(i => i.Key.Type is "Patient").Concat(drafts.Included).DistinctBy(p => p.Key).ToDictionary(p => p.Key.Id, Parse,
            StringComparer.Ordinal);
        var views = tasks.Matches.Select(t => OfTask(Parse(t), t.Version)).Concat(drafts.Matches.Select(r => OfDraft(Parse(r), caller, now))).OfType<ReferralView>();
        var reasons = tasks.Included.Where(i => i.Key.Type is "ServiceRequest").ToDictionary(i => i.Key.Id, i => ReasonOf(Parse(i)), StringComparer.Ordinal);
        return [.. views.Select(v => v with { Reason = reasons.GetValueOrDefault(v.Request, v.Reason) }).Select(v => people.TryGetValue(v.PatientId,
            out var patient) ? Named(v, patient) : v).OrderBy(v => v.Referral.Deadline)];
    }

    /// <summary>Referrals sent since a day, ended or not, as the caller may see them; without names.</summary>
    public static async Task<IReadOnlyList<ReferralView>> SinceAsync(RecordAccess records, Caller caller, DateOnly since, CancellationToken cancel)
    {
        var (found, cursor) = (new List<ReferralView>(), (string?)null);
        do
        {
            var query = $"code=fulfill&authored-on=ge{since:yyyy-MM-dd}&_count=500" + (cursor is null ? "" : $"&_cursor={Uri.EscapeDataString(cursor)}");
            var page = await records.SearchAsync(caller, "Task", query, cancel);
            found.AddRange(page.Matches.Select(t => OfTask(Parse(t), t.Version)).OfType<ReferralView>());
            cursor = page.Next;
        }
        while (cursor is not null && found.Count < MostInStatistics);
        return found;
    }

    /// <summary>Null when it is not there or not permitted.</summary>
    public static async Task<ReferralView?> ReadAsync(RecordAccess records, Caller caller, string request, DateTimeOffset now, CancellationToken cancel)
    {
        if (!ResourceKey.IsLegalId(request) || await records.ReadAsync(caller, new("ServiceRequest", request), cancel) is not { IsDeleted: false } stored) return null;
        var order = Parse(stored);
        var task = await records.ReadAsync(caller, new("Task", ReferralTask.IdFor(request)), cancel);
        if ((task is { IsDeleted: false } ? OfTask(Parse(task), task.Version) : OfDraft(order, caller, now)) is not { } view) return null;
        view = view with { Reason = ReasonOf(order) };
        return await records.ReadAsync(caller, new("Patient", view.PatientId), cancel) is { IsDeleted: false } patient ? Named(view, Parse(patient)) : view;
    }

    /// <summary>Organisations that take referrals: the hospitals of the county first, then the townships, then who is outside.</summary>
    public static async Task<IReadOnlyList<(string Id, string Name)>> PlacesAsync(RecordAccess records, Caller caller, CancellationToken cancel)
    {
        var page = await records.SearchAsync(caller, "Organization", "type=hospital,township,outside&_sort=_id&_count=100", cancel);
        return [.. page.Matches.Where(o => o.Key.Id != caller.Organisation).Select(o => (o.Key.Id, Body: Parse(o)))
            .OrderBy(o => Organisations.Read(o.Id, o.Body).Kind switch { "hospital" => 0, "township" => 1, _ => 2 })
            .Select(o => (o.Id, ReferralTask.Text(o.Body, "name") ?? o.Id))];
    }

    public static async Task<string> NameOfPlaceAsync(RecordAccess records, Caller caller, string id, CancellationToken cancel) =>
        id.Length > 0 && await records.ReadAsync(caller, new("Organization", id), cancel) is { IsDeleted: false } stored ? ReferralTask.Text(Parse(stored),
            "name") ?? id : "";

    public static ReferralView? OfTask(JsonElement task, long version) => ReferralTask.Read(task) is not { } referral ? null : new()
    {
        Request = ReferralTask.IdIn(task, "focus"), Referral = referral, PatientId = ReferralTask.IdIn(task, "for"), Version = version, Package = ReferralTask.Package(task),
        History = [.. Each(task, "note").Select(n => new Said(DateTimeOffset.Parse(ReferralTask.Text(n, "time")!, CultureInfo.InvariantCulture).ToOffset(LocalTime.Offset),
            ReferralTask.Text(n, "authorString") ?? "", ReferralTask.Text(n, "text") ?? "",
            Each(n, "extension").Select(e => ReferralTask.Text(e, "valueCode")).OfType<string>().FirstOrDefault() ?? ""))],
    };

    private static ReferralView? OfDraft(JsonElement order, Caller caller, DateTimeOffset now)
    {
        if (ReferralTask.Text(order, "status") is not "draft") return null;
        var written = DateTimeOffset.TryParse(ReferralTask.Text(order, "authoredOn"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at
            : now;
        return new()
        {
            Request = ReferralTask.Text(order, "id")!, PatientId = ReferralTask.IdIn(order, "subject"), Reason = ReasonOf(order),
            Referral = ReferralRules.Draft(caller.Organisation ?? "", ReferralTask.Text(order, "priority") is "stat" or "urgent" or "asap", written),
        };
    }

    private static ReferralView Named(ReferralView view, JsonElement patient) => view with
    {
        Name = Each(patient, "name").Select(n => ReferralTask.Text(n, "text")).FirstOrDefault() ?? "",
        IsMale = ReferralTask.Text(patient, "gender") switch { "male" => true, "female" => false, _ => null },
        Birth = DateOnly.TryParseExact(ReferralTask.Text(patient, "birthDate"), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day
            : null,
    };

    private static string ReasonOf(JsonElement order) => string.Join("；", Each(order, "reasonCode").Select(r => ReferralTask.Text(r, "text")));

    private static IEnumerable<JsonElement> Each(JsonElement e, string member) => e.TryGetProperty(member, out var list) && list.ValueKind is JsonValueKind.Array
        ? list.EnumerateArray() : [];

    private static JsonElement Parse(Stored stored)
    {
        using var document = JsonDocument.Parse(stored.Body);
        return document.RootElement.Clone();
    }
}
