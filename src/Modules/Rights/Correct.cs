using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.Rights;

/// <summary>更正: a resident says what in her record is wrong; her clinic corrects it or says why not. Request, answer and change stay on record.</summary>
/// <remarks>
/// Phone and address are changed by accepting; anything else is for the clinic to correct where it stands. Source: 个人信息保护法 §§46, 50;
/// GB/T 35273-2020 §8.7 (answered within 30 days). Refuses 404, 409 <c>answered</c>, 412, 422 <c>field</c>, <c>wanted</c>, <c>clinic</c>, <c>reason</c>.
/// </remarks>
public sealed class Correct(RecordAccess records, TimeProvider clock)
{
    public const int LongestText = 500;
    public static readonly TimeSpan AnsweredWithin = TimeSpan.FromDays(30);
    private const int Most = 200;

    /// <summary>What can be named; the last stands for everything else in the record.</summary>
    public static IReadOnlyList<string> Fields { get; } = ["phone", "address", "name", "birth", "record"];

    public async Task AskAsync(Caller caller, string field, string wanted, string why, CancellationToken cancel)
    {
        if (!Fields.Contains(field)) throw RefusedException.Because(422, "field", "请选择要更正的内容。");
        if (Text(wanted) is not { } given) throw RefusedException.Because(422, "wanted", "请写明正确的内容。");
        if (why.Length > LongestText) throw RefusedException.Because(422, "wanted", "太长。");
        var (me, now) = (Consents.Me(caller), clock.GetUtcNow());
        var clinic = await records.ReadAsync(caller, new("Patient", me), cancel) is { IsDeleted: false } stored ? JsonReading.Parse(stored).IdIn("managingOrganization") : null;
        if (clinic is null) throw RefusedException.Because(422, "clinic", "档案没有管理机构。");
        await records.CommitAsync(caller,
        [
            new Change.Create("Task", JsonWriting.Bytes(CorrectionBody.Task(me, clinic, field, given, Text(why), now, AnsweredWithin)), As: CorrectionBody.TaskUrl),
            new Change.Create("Communication", JsonWriting.Bytes(
                CorrectionBody.Letter(me, CorrectionBody.TaskUrl, caller.Subject, $"Organization/{clinic}", Text(why) is { } reason ? $"{given}（{reason}）" : given, now))),
        ], new(Reason: "申请更正"), cancel);
    }

    /// <param name="refusal">Why not; null to accept.</param>
    public async Task AnswerAsync(Caller caller, string task, string? refusal, CancellationToken cancel)
    {
        if (!ResourceKey.IsLegalId(task) || await records.ReadAsync(caller, new("Task", task), cancel) is not { IsDeleted: false } stored
            || CorrectionBody.Read(JsonReading.Parse(stored)) is not { } asked) throw RefusedException.Because(404, "not-found", "没有这份申请。");
        if (!asked.IsOpen) throw RefusedException.Because(409, "answered", "已经答复过。");
        if (refusal is not null && Text(refusal) is null) throw RefusedException.Because(422, "reason", "请写明原因。");
        var (now, said) = (clock.GetUtcNow(), refusal is null ? "已更正" : refusal.Trim());
        var body = JsonWriting.Edit(stored);
        body["status"] = refusal is null ? "completed" : "rejected";
        body["statusReason"] = new JsonObject { ["text"] = said };
        body["executionPeriod"] = new JsonObject { ["end"] = ResourceBody.Instant(now) };
        var changes = new List<Change> { JsonWriting.Put(body, stored.Version) };
        var targets = new List<string> { $"Patient/{asked.Patient}", $"Task/{task}" };
        if (refusal is null && await ChangedAsync(caller, asked, cancel) is { } patient) changes.Add(patient);
        changes.Add(new Change.Create("Communication", JsonWriting.Bytes(
            CorrectionBody.Letter(asked.Patient, $"Task/{task}", caller.Subject, $"Patient/{asked.Patient}", said, now))));
        changes.Add(new Change.Create("Provenance", JsonWriting.Bytes(
            CorrectionBody.Provenance(targets, $"Task/{task}", caller.Subject, caller.Organisation, said, now))));
        await records.CommitAsync(caller, changes, new(Reason: refusal is null ? "同意更正" : "不同意更正"), cancel);
    }

    /// <summary>Of the people whom the caller sees: the open ones by their due day, then the answered, the newest first.</summary>
    public async Task<IReadOnlyList<Correction>> ListAsync(Caller caller, CancellationToken cancel) =>
        [.. (await records.SearchAsync(caller, "Task", $"code={CorrectionBody.Codes}|{CorrectionBody.Code}&_sort=-_lastUpdated&_count={Most}", cancel)).Matches
            .Select(s => CorrectionBody.Read(JsonReading.Parse(s))).OfType<Correction>().OrderBy(c => c.IsOpen ? 0 : 1).ThenBy(c => c.IsOpen ? c.AnswerBy : null)];

    // Null where the clinic has to correct it by hand.
    private async Task<Change?> ChangedAsync(Caller caller, Correction asked, CancellationToken cancel)
    {
        if (asked.Field is not ("phone" or "address") || await records.ReadAsync(caller, new("Patient", asked.Patient), cancel) is not { IsDeleted: false } stored) return null;
        var body = JsonWriting.Edit(stored);
        var (list, member) = asked.Field is "phone" ? ("telecom", "value") : ("address", "text");
        if (body[list] is not JsonArray { Count: > 0 } entries) body[list] = entries = [new JsonObject()];
        var first = (JsonObject)entries[0]!;
        first[member] = asked.Wanted;
        if (asked.Field is "phone") first["system"] ??= "phone";
        return JsonWriting.Put(body, stored.Version);
    }

    private static string? Text(string text) => text.Trim() is { Length: > 0 and <= LongestText } given ? given : null;
}
