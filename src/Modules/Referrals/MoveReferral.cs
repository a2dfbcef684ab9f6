using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Modules.Referrals;

/// <summary>One step of a referral, in one commit: the request, its task, and what the step puts on somebody's list.</summary>
/// <remarks>Refuses 404 (not there or not permitted), 412 (somebody else moved it since it was read), 422 with the code of <see cref="ReferralRules.Decide"/>.</remarks>
public static class MoveReferral
{
    /// <param name="ifVersion">Version of the task that the person looked at; null for a draft, which has none.</param>
    /// <param name="places">Where video consultations may be held; null where none is.</param>
    public static async Task<Referral> HandleAsync(
        RecordAccess records, Caller caller, string request, ReferralStep step, long? ifVersion, TimeProvider clock, CancellationToken cancel,
        OutgoingAddresses? places = null)
    {
        if (!ResourceKey.IsLegalId(request) || await records.ReadAsync(caller, new("ServiceRequest", request),
            cancel) is not { IsDeleted: false } stored) throw NotThere();
        var standing = await records.ReadAsync(caller, new("Task", ReferralTask.IdFor(request)), cancel);
        using var order = JsonDocument.Parse(stored.Body);
        using var task = standing is { IsDeleted: false } ? JsonDocument.Parse(standing.Body) : null;
        var from = caller.Organisation ?? "";
        var now = clock.GetUtcNow();
        var before = task is null ? DraftOf(order.RootElement, from, now) : ReferralTask.Read(task.RootElement) ?? throw NotThere();
        if (task is not null && ifVersion is { } seen && seen != standing!.Version) throw RefusedException.Because(412, "conflict", "这份转诊单刚由别人处理过。");
        var slot = step is ReferralStep.Accept { Slot: { } chosen } ? await FreeAsync(records, caller, chosen, cancel) : null;
        if (slot is not null && step is ReferralStep.Accept accept) step = accept with { Appointment = slot.Start };
        if (step is ReferralStep.Accept { Link: { } link } && !(ReferralRules.IsMeeting(link) && places?.Allows(new(link), out _) is true))
            throw RefusedException.Because(422, "link", "会诊链接不在允许的地址中。");
        var (after, refusal) = ReferralRules.Decide(before, step, from, now);
        if (after is null) throw RefusedException.Because(422, refusal!, $"The referral is {before.State}: this step is refused ({refusal}).");

        var outside = step is ReferralStep.Send or ReferralStep.Redirect ? await OutsideReceiver.OfAsync(records, after.To, cancel) : null;
        if (step is ReferralStep.Send or ReferralStep.Redirect) after = after with { IsOutside = outside is not null };
        var patient = order.RootElement.GetProperty("subject").GetProperty("reference").GetString()!;
        if (step is ReferralStep.Accept) after = after with { Slot = slot?.Id };
        var package = step is ReferralStep.Send { Parts: var parts } ? await ChosenAsync(records, caller, patient, parts, clock, cancel)
            : task is null ? [] : ReferralTask.Package(task.RootElement);
        var said = new Said(after.At, caller.Name, Said(step) + (step is ReferralStep.Send && package.Count > 0 ? $"，附 {package.Count} 项资料" : ""),
            step.GetType().Name.ToLowerInvariant());
        var sent = Request(order.RootElement, after);
        var changes = new List<Change>
        {
            ReferralTask.Put(sent, stored.Version),
            ReferralTask.Put(ReferralTask.Write(after, request, patient, task?.RootElement, said, package), standing?.Version, isNew: standing is null),
        };
        if (slot is not null) changes.Add(await OfferSlots.MarkAsync(records, caller, slot, isFree: false, cancel));
        if (step is ReferralStep.Cancel && before.Slot is { } held && await OfferSlots.FreeAgainAsync(records, caller, held, now, cancel) is { } freed) changes.Add(freed);
        if (outside?.Address is not null)
            changes.Add(OutsideDelivery.Letter(request, patient, after,
                await OutsidePackage.MakeAsync(records, caller, sent, patient, package, cancel)));
        if (step is ReferralStep.Return back) changes.Add(ReferralTask.Put(ReferralTask.FollowUp(after, request, patient, back.FollowUpBy)));
        if (step is ReferralStep.Close && await VisitOwedAsync(records, caller, request, cancel) is { } owed) changes.Add(owed);
        await records.CommitAsync(caller, changes, new(Reason: "转诊"), cancel);
        return after;
    }

    private static async Task<IReadOnlyList<PackageItem>> ChosenAsync(
        RecordAccess records, Caller caller, string patient, IReadOnlyList<string>? parts, TimeProvider clock, CancellationToken cancel) =>
        [.. (await ReferralPackage.OfferedAsync(records, caller, patient, parts, Kernel.Programmes.LocalTime.Today(clock), cancel)).Select(l => l.Item)];

    private static async Task<OfferedSlot> FreeAsync(RecordAccess records, Caller caller, string id, CancellationToken cancel)
    {
        var slot = await OfferSlots.ReadAsync(records, caller, id, cancel) ?? throw NotThere();
        return slot.IsFree ? slot : throw RefusedException.Because(409, "slot-taken", "这个号刚被约走。");
    }

    private static Referral DraftOf(JsonElement order, string from, DateTimeOffset now) => ReferralTask.Text(order, "status") is "draft"
        ? ReferralRules.Draft(from, ReferralTask.Text(order, "priority") is "stat" or "urgent" or "asap", now) : throw NotThere();

    // While the request is active its performer cares for the person, and sees what was sent: the record itself, never a copy.
    private static JsonObject Request(JsonElement order, Referral after)
    {
        var body = (JsonObject)JsonNode.Parse(order.GetRawText())!;
        body["status"] = after.State switch { ReferralState.Closed => "completed", ReferralState.Cancelled => "revoked", ReferralState.Declined => "on-hold", _ =>
            "active" };
        body["intent"] = "order";
        body["requester"] = ReferralTask.Reference($"Organization/{after.From}");
        if (after.State is ReferralState.Declined) body.Remove("performer");
        else if (after.To.Length > 0) body["performer"] = new JsonArray(ReferralTask.Reference($"Organization/{after.To}"));
        return body;
    }

    private static async Task<Change?> VisitOwedAsync(RecordAccess records, Caller caller, string request, CancellationToken cancel)
    {
        var key = new ResourceKey("Task", Kernel.Programmes.StableId.Of("returned", request));
        if (await records.ReadAsync(caller, key, cancel) is not { IsDeleted: false } stored) return null;
        var body = (JsonObject)JsonNode.Parse(stored.Body.Span)!;
        body["status"] = "completed";
        return ReferralTask.Put(body, stored.Version);
    }

    // What stays readable in the history of the referral, beside its author and time.
    private static string Said(ReferralStep step) => step switch
    {
        ReferralStep.Send send => send.HasConsent ? "提交，本人同意" : "紧急提交，同意后补",
        ReferralStep.Receive => "收到",
        ReferralStep.Accept accept => $"接收，预约 {accept.Appointment.ToOffset(Kernel.Programmes.LocalTime.Offset):yyyy-MM-dd HH:mm}",
        ReferralStep.Decline decline => $"退回：{decline.Reason}",
        ReferralStep.Redirect redirect => $"改派：{redirect.Reason}",
        ReferralStep.See => "到诊",
        ReferralStep.Miss => "未到诊",
        ReferralStep.Answer answer => $"意见：{answer.Finding}",
        ReferralStep.Return back => $"回转：{back.Plan}（{back.FollowUpBy:yyyy-MM-dd} 前随访）",
        ReferralStep.Close => "已随访，结束",
        ReferralStep.Cancel cancel => $"取消：{cancel.Reason}",
        _ => throw new ArgumentOutOfRangeException(nameof(step)),
    };

    private static RefusedException NotThere() => RefusedException.Because(404, "not-found", "没有这份转诊单。");
}
