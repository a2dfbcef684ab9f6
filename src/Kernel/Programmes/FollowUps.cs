using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Fhir.Model;
using Tongxin.Fhir.Questionnaires;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Programmes;

/// <summary>Recording visits (随访): opens a form for a person, tells what its answers mean while it is filled, and saves it in one commit.</summary>
/// <remarks>
/// Saving writes the response, what was extracted, the assessment of every programme the form serves, the referrals proposed and the tasks, all or none.
/// Refusals are <see cref="RefusedException"/>: 404 person or form, 422 answers (each issue names its field), 412 somebody else saved before.
/// </remarks>
public sealed class FollowUps(RecordAccess records, InstalledProgrammes programmes, IFhirModel model, TimeProvider clock)
{
    /// <summary>Value-set membership; null leaves codes from value sets unchecked.</summary>
    public Func<string, string?, string, bool?>? IsMember { get; init; }

    private DateOnly Today => LocalTime.Today(clock);

    /// <summary>An empty form for a person with what is known filled in. <paramref name="formId"/> is one form's id or several joined by <c>+</c>.</summary>
    public async Task<Filling> OpenAsync(Caller caller, string patientId, string formId, CancellationToken cancel) =>
        FollowUp.Start(await Person(caller, patientId, cancel), FormFor(formId), Today, model);

    /// <summary>What her last visits answered to the questions of a form. <paramref name="except"/> is the visit that is being corrected.</summary>
    public async Task<EarlierVisits> EarlierAsync(Caller caller, string patientId, Form form, CancellationToken cancel, string? except = null) =>
        EarlierVisits.Of(await Person(caller, patientId, cancel), form, except);

    /// <summary>
    /// The form of one visit that serves every programme whose follow-up is due for this person: ids joined by <c>+</c>; null when none is.
    /// <paramref name="first"/> leads and is asked whether due or not. Long examinations are not put into a follow-up by themselves: see <see cref="OpenFormsAsync"/>.
    /// </summary>
    public async Task<string?> FormForVisitAsync(Caller caller, string patientId, CancellationToken cancel, string? first = null)
    {
        var due = await OpenFormsAsync(caller, patientId, cancel);
        var led = first is null ? [] : first.Split('+');
        // What belongs to a protected compartment is never mixed with what everybody may read.
        var compartment = programmes.Current.SensitivityOf(led.Length > 0 ? led : [.. due.Select(d => d.Form).Where(Judged).Take(1)]);
        due = [.. due.Where(d => programmes.Current.SensitivityOf([d.Form]) == compartment)];
        var forms = led.Length > 0 && !led.Any(Judged) ? led : [.. led.Concat(due.Select(d => d.Form).Where(Judged)).Distinct(StringComparer.Ordinal)];
        if (forms.Length is 0) forms = [.. due.Select(d => d.Form).Take(1)];
        return forms.Length is 0 ? null : string.Join('+', forms.Take(FormComposition.MostForms));
    }

    /// <summary>Forms of open tasks whose window has begun, the longest due first, once each.</summary>
    public async Task<IReadOnlyList<(string Form, string Title)>> OpenFormsAsync(Caller caller, string patientId, CancellationToken cancel)
    {
        var record = await Person(caller, patientId, cancel);
        return [.. record.Of("Task").Select(ProgrammeTask.Of).OfType<ProgrammeTask>()
            .Where(t => t is { IsOpen: true, Form.Length: > 0 } && t.Window.On(Today) is WindowState.Due or WindowState.Overdue)
            .OrderBy(t => t.Window.Due).DistinctBy(t => t.Form, StringComparer.Ordinal)
            .Where(t => programmes.Current.Form(t.Form!, Today) is not null).Select(t => (t.Form!, t.Title))];
    }

    private bool Judged(string form) => programmes.Current.All.Any(p => p.IsValidOn(Today) && p.Rules.Rows.Count > 0 && p.Rules.Forms.Contains(form));

    /// <summary>Class, reason, next date and proposals of the answers so far; nothing is written. Wrong answers are told as issues, not thrown.</summary>
    public async Task<FollowUpDecision> PreviewAsync(Caller caller, string patientId, JsonElement response, CancellationToken cancel)
    {
        var record = await Person(caller, patientId, cancel);
        return FollowUp.Decide(record, programmes.Current, Filled(caller, response, "preview"), model);
    }

    /// <summary>
    /// Saves a form. The same idempotency key saves once. A response with an id corrects that one; <paramref name="ifVersion"/> then refuses (412)
    /// when somebody else corrected it in between.
    /// </summary>
    public async Task<SavedFollowUp> SaveAsync(Caller caller, string patientId, JsonElement response, string idempotencyKey, CancellationToken cancel, long? ifVersion = null)
    {
        if (string.IsNullOrWhiteSpace(idempotencyKey)) throw RefusedException.Because(400, "required", "保存随访需要一个幂等键。");
        var record = await Person(caller, patientId, cancel);
        var id = response.Text("id") is { } given && ResourceKey.IsLegalId(given) ? given : StableId.Of("visit", caller.Subject, patientId, idempotencyKey);
        await RefuseForeignAsync(caller, record, id, cancel);
        var decision = FollowUp.Decide(record, programmes.Current, Filled(caller, response, id), model);
        if (decision.IsRefused) throw new RefusedException(422, [.. decision.Issues.Where(i => i.IsError)]);
        var changes = decision.Resources.Select(r => RecordReading.Put(r, (string?)r["id"] == id ? ifVersion : null)).ToList();
        await records.CommitAsync(caller, changes, new(idempotencyKey, "随访"), cancel);
        return new(new("QuestionnaireResponse", id), decision);
    }

    // A correction must not write over somebody else's visit, nor bring back one that was withdrawn.
    private async Task RefuseForeignAsync(Caller caller, PersonRecord record, string id, CancellationToken cancel)
    {
        var key = new ResourceKey("QuestionnaireResponse", id);
        var standing = record.Find(key.ToString());
        if (standing is null && await records.ReadAsync(caller, key, cancel) is { IsDeleted: false } stored)
            standing = RecordReading.Parse(stored);
        if (standing is null) return;
        if (standing.Value.ReferenceTo("subject") != record.Reference) throw RefusedException.Because(404, "not-found", "此人没有这次随访。");
        if (standing.Value.Text("status") is "entered-in-error") throw RefusedException.Because(422, "business-rule", "这次随访已经作废，不能再更正；请新建一次随访。");
    }

    /// <summary>Withdraws a visit that was recorded in error: it stays in history, its results and tasks are undone.</summary>
    public async Task VoidAsync(Caller caller, string patientId, string responseId, string reason, CancellationToken cancel, long? ifVersion = null)
    {
        if (string.IsNullOrWhiteSpace(reason)) throw RefusedException.Because(422, "required", "作废随访需要说明原因。");
        var record = await Person(caller, patientId, cancel);
        var key = $"QuestionnaireResponse/{responseId}";
        if (record.Find(key) is not { } standing) throw RefusedException.Because(404, "not-found", "没有这次随访。");
        if (standing.Text("status") is "entered-in-error") return;
        var gone = record.Resources.Where(r => r.Key == key
            || (r.Text("id")!.StartsWith("from-", StringComparison.Ordinal) && r.Each("derivedFrom").Any(d => d.Text("reference") == key)))
            .Select(r =>
            {
                var copy = (JsonObject)JsonNode.Parse(r.GetRawText())!;
                copy["status"] = "entered-in-error";
                if (r.Key == key) Withdrawn(copy, caller, reason);
                return copy;
            }).ToList();
        var derived = Reconciliation.Of(record.With(gone), programmes.Current, Today, model);
        var changes = gone.Concat(derived).Select(r => RecordReading.Put(r, (string?)r["id"] == responseId ? ifVersion : null)).ToList();
        await records.CommitAsync(caller, changes, new(Reason: reason), cancel);
    }

    private static void Withdrawn(JsonObject response, Caller caller, string reason)
    {
        if (response["extension"] is not JsonArray extensions) response["extension"] = extensions = [];
        extensions.Add(new JsonObject { ["url"] = ProgrammeCodes.VoidReason, ["valueString"] = reason });
        response["author"] = Json.Reference(caller.Subject);
    }

    /// <summary>Enrols by hand or by referral from a day. Refuses (422) whom the programme does not take, with its reason.</summary>
    public async Task EnrolAsync(Caller caller, string patientId, string programme, DateOnly from, string why, CancellationToken cancel)
    {
        var record = await Person(caller, patientId, cancel);
        var package = programmes.Current.On(programme, from) ?? throw RefusedException.Because(404, "not-found", $"没有“{programme}”项目。");
        if (from > Today || from < record.Born) throw RefusedException.Because(422, "business-rule", "纳入日期应在出生之后、今天或之前。");
        if (record.Died(Today) is not null) throw RefusedException.Because(422, "business-rule", "此人已登记死亡，不能纳入。");
        if (record.Of("EpisodeOfCare").Any(e => e.Text("status") is "active" && e.Each("type").Any(t => t.IsCoded(ProgrammeCodes.Programme, programme))))
            throw RefusedException.Because(409, "conflict", $"此人已在“{package.Title}”中。");
        if (package.Enrolment.Eligible is { } rule && !(Judgement.Evaluate(rule, record, from, null, model) is [var only] && PathValues.Truth(only) is true))
            throw RefusedException.Because(422, "business-rule", package.Enrolment.EligibleReason ?? $"不符合“{package.Title}”的纳入条件。");
        await CommitAsync(caller, record, Enrolments.Open(package, record, from, "hand", why), why, cancel);
    }

    /// <summary>Ends an enrolment (moved, refused, excluded, ended) and closes what is open. Reason codes: moved, refused, excluded, ended, lost.</summary>
    public async Task ExitAsync(Caller caller, string patientId, string programme, DateOnly on, string reason, string text, CancellationToken cancel)
    {
        if (reason is not ("moved" or "refused" or "excluded" or "ended" or "lost")) throw RefusedException.Because(422, "code-invalid", "退出原因应为迁出、拒绝、排除诊断、结案或失访。");
        var record = await Person(caller, patientId, cancel);
        var episode = record.Of("EpisodeOfCare").FirstOrDefault(e => e.Text("status") is "active" && e.Each("type").Any(t => t.IsCoded(ProgrammeCodes.Programme, programme)));
        if (episode.ValueKind is not JsonValueKind.Object) throw RefusedException.Because(404, "not-found", "此人不在该项目中。");
        await CommitAsync(caller, record, Enrolments.Close(episode, on, reason, text), text, cancel);
    }

    /// <summary>Brings what is derived about a person into line; writes nothing when it is. What followers, import and midnight call.</summary>
    public async Task<int> ReconcileAsync(Caller caller, string patientId, CancellationToken cancel)
    {
        if (await records.PersonAsync(caller, patientId, cancel) is not { } record) return 0;
        var derived = Reconciliation.Of(record, programmes.Current, Today, model);
        if (derived.Count > 0) await records.CommitAsync(caller, [.. derived.Select(r => RecordReading.Put(r))], new(), cancel);
        return derived.Count;
    }

    private async Task CommitAsync(Caller caller, PersonRecord record, JsonObject first, string why, CancellationToken cancel)
    {
        var derived = Reconciliation.Of(record.With([first]), programmes.Current, Today, model);
        await records.CommitAsync(caller, [.. derived.Prepend(first).Select(r => RecordReading.Put(r))], new(Reason: why), cancel);
    }

    private FilledForm Filled(Caller caller, JsonElement response, string id) => new()
    {
        Form = programmes.Current.FormOf(response.Text("questionnaire"), Today) ?? throw RefusedException.Because(422, "not-found", "没有这份表单，或它的版本已停用；请用当前版本重新填写，已填内容不会丢失。"),
        Response = response,
        Id = id,
        Author = caller.Subject,
        Today = Today,
        IsMember = IsMember,
    };

    private Form FormFor(string formId) => programmes.Current.Form(formId, Today) ?? throw RefusedException.Because(404, "not-found", $"没有表单“{formId}”。");

    private async Task<PersonRecord> Person(Caller caller, string patientId, CancellationToken cancel) =>
        await records.PersonAsync(caller, patientId, cancel) ?? throw RefusedException.Because(404, "not-found", "没有此人，或您无权查看。");
}

/// <summary>A visit that was saved, and what it meant.</summary>
public sealed record SavedFollowUp(ResourceKey Response, FollowUpDecision Decision);
