using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir.Model;
using Tongxin.Fhir.Questionnaires;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Kernel.Programmes;

/// <summary>
/// Brings what is derived about one person into line with the record: enrolments, assessments, referrals proposed, tasks. A pure function of
/// the record, the installed programmes and the day, so that form, import, replay and midnight cannot differ. Running it again changes nothing.
/// </summary>
public sealed class Reconciliation
{
    private readonly ProgrammeSet programmes;
    private readonly DateOnly today;
    private readonly IFhirModel model;
    private readonly Dictionary<string, JsonObject> changed = new(StringComparer.Ordinal);
    private readonly List<(ProgrammePackage Package, Verdict Verdict, Visit Visit)> judged = [];
    private PersonRecord record;

    private Reconciliation(PersonRecord record, ProgrammeSet programmes, DateOnly today, IFhirModel model) =>
        (this.record, this.programmes, this.today, this.model) = (record, programmes, today, model);

    /// <summary>Resources to put; empty when all is in line.</summary>
    public static IReadOnlyList<JsonObject> Of(PersonRecord record, ProgrammeSet programmes, DateOnly today, IFhirModel model)
    {
        var run = new Reconciliation(record, programmes, today, model);
        foreach (var code in programmes.Codes) run.Programme(code);
        foreach (var visit in run.judged.Select(j => j.Visit).DistinctBy(v => v.Id).ToList()) run.Refer(visit);
        run.Unrefer();
        run.Asked();
        return [.. run.changed.Values];
    }

    private void Programme(string code)
    {
        var episode = Latest(code);
        var package = programmes.For(code, EditionOf(episode), today);
        if (package is null) return;
        var died = record.Died(today);
        var all = Visits();
        var own = all.Where(v => v.Forms.Any(package.Forms.ContainsKey)).ToList();
        if (IsBaseless(episode, own))
        {
            Void(episode);
            episode = Latest(code);
        }

        // Once in care visits enrol again: a second pregnancy, a relapse, somebody who moved away and came back.
        var before = episode.ValueKind is JsonValueKind.Object && episode.Text("status") is "finished" ? Json.Day(episode.Member("period")?.Text("end")) : null;
        if (before is not null && died is null && Enrolments.EndedBecause(episode) is "dead") episode = Put(Enrolments.Reopen(episode));
        else if (before is { } left && died is null) episode = Again(package, own, left) ?? episode;
        else if (episode.ValueKind is JsonValueKind.Undefined && died is null) episode = Enrol(package, own);
        Assess(package, own);
        if (episode.ValueKind is JsonValueKind.Object) episode = End(package, episode, died);
        var owed = Owed(package, episode, all, died);
        Tasks(package, episode, all, owed, died);
    }

    /// <summary>What somebody above asked for ends with the visit that does it; nothing here makes it.</summary>
    private void Asked()
    {
        var asked = record.Of("Task").Select(ProgrammeTask.Of).OfType<ProgrammeTask>().Where(t => t is { IsOpen: true, Programme: AskedWork.Programme }).ToList();
        if (asked.Count is 0) return;
        var visits = Visits();
        foreach (var task in asked)
            if (AskedWork.Settled(task, visits, record.Died(today), today) is { } closed) Put(closed);
    }

    private List<Visit> Visits() => [.. record.Of("QuestionnaireResponse").Select(Visit.Of).OfType<Visit>().Where(v => v.Date <= today)
        .OrderBy(v => v.Date).ThenBy(v => v.Id, StringComparer.Ordinal)];

    private JsonElement Latest(string code) =>
        Episodes(code).OrderByDescending(e => e.Member("period")?.Text("start"), StringComparer.Ordinal).FirstOrDefault();

    /// <summary>Opened by a visit that was withdrawn since, and nobody came after it.</summary>
    private static bool IsBaseless(JsonElement episode, List<Visit> own) => episode.ValueKind is JsonValueKind.Object && episode.Text("status") is "active"
        && episode.Each("type").Any(t => t.IsCoded(ProgrammeCodes.EnrolmentSource, "visit"))
        && Json.Day(episode.Member("period")?.Text("start")) is { } start && !own.Exists(v => v.Date >= start);

    private IEnumerable<JsonElement> Episodes(string code) => record.Of("EpisodeOfCare")
        .Where(e => e.Text("status") is not ("entered-in-error" or "cancelled") && e.Each("type").Any(t => t.IsCoded(ProgrammeCodes.Programme, code)));

    internal static string? EditionOf(JsonElement episode) =>
        episode.ValueKind is JsonValueKind.Object ? episode.ExtensionAt(ProgrammeCodes.Edition)?.Text("valueString") : null;

    /// <summary>By rule, or by the first visit that was recorded: a visit cannot have been made to somebody who is not in care.</summary>
    private JsonElement Enrol(ProgrammePackage package, List<Visit> own)
    {
        if (own.Count > 0 && package.Rules.Rows.Count > 0) return Put(Enrolments.Open(package, record, own[0].Date, "visit", "首次随访"));
        return package.Enrolment.Automatic is { } rule && Holds(rule, default) ? Put(Enrolments.Open(package, record, today, "rule", "按规则")) : default;
    }

    private JsonElement? Again(ProgrammePackage package, List<Visit> own, DateOnly left) =>
        own.Find(v => v.Date > left) is { } visit && package.Rules.Rows.Count > 0 ? Put(Enrolments.Open(package, record, visit.Date, "visit", "再次随访")) : null;

    private JsonElement End(ProgrammePackage package, JsonElement episode, DateOnly? died)
    {
        if (episode.Text("status") is not ("active" or "onhold" or "planned" or "waitlist")) return episode;
        if (died is { } day) return Put(Enrolments.Close(episode, day, "dead", "死亡"));
        if (package.Enrolment.Ends is { } ends && Holds(ends, episode)) return Put(Enrolments.Close(episode, today, "ended", package.Enrolment.EndReason ?? "结案"));
        return episode;
    }

    /// <summary>Judges visits that were not judged, or whose answers or forerunner changed since.</summary>
    private void Assess(ProgrammePackage newest, List<Visit> own)
    {
        var standing = record.Of("Observation").Select(o => Assessment.Of(o, newest.Code)).OfType<Assessment>().ToDictionary(a => a.Source.Text("id")!, StringComparer.Ordinal);
        var known = own.Select(v => Assessment.IdFor(newest.Code, v.Id)).ToHashSet(StringComparer.Ordinal);
        foreach (var orphan in standing.Values.Where(a => !known.Contains(a.Source.Text("id")!))) Void(orphan.Source);
        var again = false;
        foreach (var visit in own)
        {
            // An event is judged by the edition valid on its date.
            var package = programmes.On(newest.Code, visit.Date) ?? newest;
            if (package.Rules.Rows.Count + package.Rules.Facts.Count is 0 || !visit.Forms.Any(package.Rules.Judges)) continue;
            var before = standing.GetValueOrDefault(Assessment.IdFor(newest.Code, visit.Id));
            if (!again && before is not null && before.AnswersDigest == visit.Digest) continue;
            var verdict = Judgement.Of(package, record, visit, model);
            var written = Assessment.Write(verdict, visit, record, package);
            // What is the same to the byte moves nothing; what changed moves every visit after it.
            again |= before is null || !Same(written, before.Source);
            Put(written);
            judged.Add((package, verdict, visit));
        }
    }

    /// <summary>One proposal for a visit and compartment, of all programmes that it served; those that were not judged again are asked again.</summary>
    private void Refer(Visit visit)
    {
        var all = programmes.Codes.Select(c => programmes.On(c, visit.Date) ?? programmes.On(c, today)).OfType<ProgrammePackage>()
            .Where(p => p.Rules.Rows.Count > 0 && visit.Forms.Any(f => p.Forms.ContainsKey(f) && p.Rules.Judges(f)))
            .Select(p => (Package: p, Verdict: judged.Find(j => j.Package.Code == p.Code && j.Visit.Id == visit.Id).Verdict ?? Judgement.Of(p, record, visit, model)));
        foreach (var compartment in all.GroupBy(a => a.Package.Sensitivity, StringComparer.Ordinal).ToList())
        {
            var former = compartment.Select(a => record.Find($"ServiceRequest/{Referrals.FormerIdFor(a.Package.Code, visit.Id)}")).OfType<JsonElement>().ToList();
            var id = Referrals.IdFor(compartment.Key, visit.Id);
            var standing = record.Find($"ServiceRequest/{id}");
            var asking = compartment.Where(a => a.Verdict.Referral is not Referral.None).ToList();
            foreach (var draft in former.Where(f => f.Text("status") is "draft")) Void(draft);
            if (asking.Count is 0)
            {
                if (standing is { } draft && draft.Text("status") is "draft") Void(draft);
            }
            else if (standing?.Text("status") is null or "draft" or "entered-in-error" && former.TrueForAll(f => f.Text("status") is "draft" or "entered-in-error"))
            {
                Put(Referrals.Propose(id, asking, visit, record));
            }
        }
    }

    /// <summary>A proposal that nobody sent goes with the visit that was withdrawn.</summary>
    private void Unrefer()
    {
        foreach (var draft in record.Of("ServiceRequest").Where(r => r.Text("status") is "draft").ToList())
            if (draft.Each("supportingInfo").Select(s => s.Text("reference")).Any(v => v is not null && record.Find(v) is { } visit && visit.Text("status") is "entered-in-error"))
                Void(draft);
    }

    private List<Owed> Owed(ProgrammePackage package, JsonElement episode, List<Visit> all, DateOnly? died)
    {
        if (died is not null) return [];
        if (episode.ValueKind is JsonValueKind.Undefined)
            return package.Enrolment.Candidate is { } rule && Holds(rule, default) ? [Candidate(package)] : [];
        if (episode.Text("status") is not "active") return [];
        var since = Json.Day(episode.Member("period")?.Text("start")) ?? default;
        var before = Episodes(package.Code).Select(e => Json.Day(e.Member("period")?.Text("end"))).Where(e => e is not null && e <= since).Max();
        var counted = before is null ? all : all.FindAll(v => v.Date > before);
        return [.. Schedule.Of(package, record, episode, counted, today, model).Where(o => o.Window.Expires >= since)];
    }

    private Owed Candidate(ProgrammePackage package)
    {
        var service = new ProgrammeService { Id = ProgrammeTask.EnrolmentService, Title = $"建议纳入{package.Title}", Kind = ServiceKind.Interval, Form = "" };
        var id = StableId.Of("task", record.PatientId, package.Code, service.Id);
        var window = record.Find($"Task/{id}") is { } task && ProgrammeTask.Of(task) is { } standing
            ? standing.Window : new(today, today.AddDays(14), today.AddDays(14), today.AddYears(1));
        return new(id, service, service.Title, "", window, "candidate");
    }

    private void Tasks(ProgrammePackage package, JsonElement episode, List<Visit> all, List<Owed> owed, DateOnly? died)
    {
        var tasks = record.Of("Task").Select(ProgrammeTask.Of).OfType<ProgrammeTask>().Where(t => t.Programme == package.Code).ToDictionary(t => t.Id, StringComparer.Ordinal);
        var organisation = record.Patient.ReferenceTo("managingOrganization")
            ?? (episode.ValueKind is JsonValueKind.Object ? episode.ReferenceTo("managingOrganization") : null);
        var doctor = episode.ValueKind is JsonValueKind.Object ? episode.ReferenceTo("careManager") : null;
        foreach (var one in owed)
        {
            var standing = tasks.GetValueOrDefault(one.Id);
            if (standing is { IsOpen: false } && !Reopens(standing, all)) continue;
            JsonElement? reason = record.Find($"Observation/{Assessment.IdFor(package.Code, one.Anchor)}");
            Put(ProgrammeTask.Write(one, package, record, (organisation, doctor), reason, standing is { IsOpen: true } ? standing : null, today));
        }

        var wanted = owed.Select(o => o.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var task in tasks.Values.Where(t => t.IsOpen && !wanted.Contains(t.Id)))
        {
            var (status, code, text, done) = WhyClosed(task, episode, all, died);
            Put(task.Close(status, code, text, done, today));
        }
    }

    /// <summary>What the engine closed for a reason that no longer holds is owed again: a visit that was withdrawn, a death registered in error.</summary>
    private static bool Reopens(ProgrammeTask closed, List<Visit> all) => closed.Status switch
    {
        "entered-in-error" => true,
        "completed" => closed.DoneBy is { } visit && !all.Exists(v => v.Reference == visit),
        "cancelled" => closed.ClosedBecause is "dead" or "superseded" or "exited",
        _ => false,
    };

    private (string Status, string Code, string Text, string? Done) WhyClosed(ProgrammeTask task, JsonElement episode, List<Visit> all, DateOnly? died)
    {
        if (died is not null) return ("cancelled", "dead", "死亡", null);
        if (task.Service is ProgrammeTask.EnrolmentService)
            return episode.ValueKind is JsonValueKind.Object ? ("completed", "enrolled", "已纳入", null) : ("cancelled", "superseded", "不再符合", null);
        var visit = all.LastOrDefault(v => task.Form is { } form && v.Forms.Contains(form) && v.Date >= task.Window.Start.AddDays(-ProgrammeService.ShortIntervalDays));
        if (visit is not null) return ("completed", "done", "已完成", visit.Reference);
        if (episode.ValueKind is JsonValueKind.Object && episode.Text("status") is "finished") return ("cancelled", "exited", "已退出管理", null);
        return task.Window.On(today) is WindowState.Expired ? ("cancelled", "expired", "过期未完成", null) : ("cancelled", "superseded", "安排已变", null);
    }

    private bool Holds(Fhir.FhirPath.FhirPathExpression rule, JsonElement episode) =>
        Judgement.Evaluate(rule, record, today, episode.ValueKind is JsonValueKind.Object ? episode : null, model) is [var only] && PathValues.Truth(only) is true;

    private void Void(JsonElement resource)
    {
        var gone = (JsonObject)JsonNode.Parse(resource.GetRawText())!;
        gone["status"] = "entered-in-error";
        Put(gone);
    }

    private JsonElement Put(JsonObject resource)
    {
        var element = JsonSerializer.SerializeToElement(resource);
        if (record.Find(element.Key) is { } standing && Same(resource, standing)) return standing;
        changed[element.Key] = resource;
        record = record.With([element]);
        return element;
    }

    private static bool Same(JsonObject written, JsonElement standing)
    {
        var one = (JsonObject)written.DeepClone();
        var other = (JsonObject)JsonNode.Parse(standing.GetRawText())!;
        one.Remove("meta");
        other.Remove("meta");
        return JsonNode.DeepEquals(one, other);
    }
}
