using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Fhir.Model;
using Tongxin.Fhir.Questionnaires;

namespace Tongxin.Kernel.Programmes;

/// <summary>What saving a filled form would do: verdicts, warnings, refusals, and every resource that would be written.</summary>
public sealed record FollowUpDecision
{
    public IReadOnlyList<Verdict> Verdicts { get; init; } = [];

    /// <summary>Errors refuse the form; warnings are told.</summary>
    public required IReadOnlyList<Issue> Issues { get; init; }

    /// <summary>Response, extracted resources, assessments, enrolments, tasks, referrals proposed.</summary>
    public IReadOnlyList<JsonObject> Resources { get; init; } = [];

    /// <summary>The earliest next visit of all programmes that the form serves.</summary>
    public DateOnly? Next => Verdicts.Min(v => v.Next);

    /// <summary>Id of the referral that the rules drafted for this visit; null when they propose none or one is on its way.</summary>
    /// <remarks>Saving brings the whole person in line: what it proposes for visits of years ago is another's.</remarks>
    public string? ReferralDrafted => Resources is not [var response, ..] ? null
        : (string?)Resources.FirstOrDefault(r => (string?)r["resourceType"] is "ServiceRequest" && (string?)r["status"] is "draft"
            && r["supportingInfo"] is JsonArray visits && visits.Any(v => (string?)v?["reference"] == $"QuestionnaireResponse/{response["id"]}"))?["id"];

    public bool IsRefused => Issues.Any(i => i.IsError);
}

/// <summary>A form that somebody filled, with all that the decision needs. Holds no clock and no store.</summary>
public sealed record FilledForm
{
    public required Form Form { get; init; }
    public required JsonElement Response { get; init; }

    /// <summary>Id of the QuestionnaireResponse: the same id corrects, a new one records.</summary>
    public required string Id { get; init; }

    /// <summary>Reference of the author, e.g. <c>Practitioner/…</c>.</summary>
    public required string Author { get; init; }

    public required DateOnly Today { get; init; }
    public Func<string, string?, string, bool?>? IsMember { get; init; }
}

/// <summary>One visit through a form: check, extract, judge, schedule. Pure, so that the form's live verdict, the server's and the golden cases' are one.</summary>
public static class FollowUp
{
    public static FollowUpDecision Decide(PersonRecord record, ProgrammeSet programmes, FilledForm filled, IFhirModel model)
    {
        var unknown = new List<Issue>();
        var filling = Filling.Read(filled.Form, filled.Response, Context(record, filled.Form, filled.Today, model, filled.IsMember), unknown);
        var issues = unknown.Concat(filling.Check()).Concat(CheckDay(record, Visit.DateOf(filling.ToResponse()), filled.Today)).ToList();
        if (issues.Exists(i => i.IsError)) return new() { Issues = issues, Verdicts = Preview(record, programmes, filled, filling, model) };

        var response = Response(record, programmes, filled, filling);
        var visit = Visit.Of(JsonSerializer.SerializeToElement(response)) ?? throw RefusedException.Because(422, "required", "表单没有随访日期。");
        var extracted = Extracted(record, programmes, filled, filling, visit, model);
        var written = extracted.Append(response).Select(r => JsonSerializer.SerializeToElement(r));
        var after = record.With(written);
        var derived = Reconciliation.Of(after, programmes, filled.Today, model);
        var verdicts = Judge(after.With(derived), programmes, visit, filled.Today, model);
        return new() { Issues = issues, Verdicts = verdicts, Resources = [WithClasses(response, programmes, filled, filling, verdicts, record), .. extracted, .. derived] };
    }

    /// <summary>A new form for a person, with what is known filled in.</summary>
    public static Filling Start(PersonRecord record, Form form, DateOnly today, IFhirModel model) =>
        Filling.Start(form, Context(record, form, today, model, null));

    public static FormContext Context(PersonRecord record, Form form, DateOnly today, IFhirModel model, Func<string, string?, string, bool?>? isMember)
    {
        var resources = new Dictionary<string, JsonElement>(StringComparer.Ordinal) { ["patient"] = record.Patient, ["record"] = record.Bundle };
        var forms = Visit.FormsOf(form.Url);
        resources["previous"] = PreviousAnswers.Of(record, forms);
        return new() { Model = model, Today = today, Resources = resources, IsMember = isMember };
    }

    /// <summary>While the form is still wrong somewhere, what its answers would mean.</summary>
    private static IReadOnlyList<Verdict> Preview(PersonRecord record, ProgrammeSet programmes, FilledForm filled, Filling filling, IFhirModel model)
    {
        var response = Response(record, programmes, filled, filling);
        if (Visit.DateOf(JsonSerializer.SerializeToElement(response)) is null) response["authored"] = Json.Text(filled.Today);
        return Visit.Of(JsonSerializer.SerializeToElement(response)) is { } visit ? Judge(record, programmes, visit, filled.Today, model) : [];
    }

    /// <summary>Verdicts of every programme that judges a visit.</summary>
    internal static List<Verdict> Judge(PersonRecord record, ProgrammeSet programmes, Visit visit, DateOnly today, IFhirModel model)
    {
        var verdicts = new List<Verdict>();
        foreach (var code in programmes.Codes)
        {
            if ((programmes.On(code, visit.Date) ?? programmes.On(code, today)) is not { } package) continue;
            if (package.Rules.Rows.Count + package.Rules.Facts.Count is 0 || !visit.Forms.Any(f => package.Forms.ContainsKey(f) && package.Rules.Judges(f))) continue;
            verdicts.Add(Judgement.Of(package, record, visit, model));
        }

        return verdicts;
    }

    private static IEnumerable<Issue> CheckDay(PersonRecord record, DateOnly? day, DateOnly today)
    {
        if (day is null) yield return Issue.Error("required", "请填写随访日期。", Visit.DateAnswer);
        if (day > today) yield return Issue.Error("business-rule", $"随访日期 {Json.Text(day.Value)} 在今天之后；请填写实际随访的日期。", Visit.DateAnswer);
        if (day < record.Born) yield return Issue.Error("business-rule", $"随访日期 {Json.Text(day.Value)} 早于出生日期；请核对日期或身份。", Visit.DateAnswer);
        if (record.Died(today) is { } died && day > died) yield return Issue.Error("business-rule", $"此人已于 {Json.Text(died)} 死亡，不能记录之后的随访；若登记有误请先更正死亡登记。", Visit.DateAnswer);
    }

    private static JsonObject Response(PersonRecord record, ProgrammeSet programmes, FilledForm filled, Filling filling)
    {
        var response = (JsonObject)JsonNode.Parse(filling.ToResponse().GetRawText())!;
        response["id"] = filled.Id;
        response["status"] = record.Find($"QuestionnaireResponse/{filled.Id}") is { } before && before.Text("status") is "completed" or "amended" ? "amended" : "completed";
        response["subject"] = Json.Reference(record.Reference);
        response["authored"] = Json.Text(filled.Today);
        response["author"] = Json.Reference(filled.Author);
        var sensitive = programmes.SensitivityOf(Visit.FormsOf(filled.Form.Url));
        if (sensitive is not null) response["meta"] = Sensitivity.Meta(sensitive);
        return response;
    }

    /// <summary>Extracted resources under ids that follow from the form and the question; what a correction no longer says is withdrawn.</summary>
    private static List<JsonObject> Extracted(PersonRecord record, ProgrammeSet programmes, FilledForm filled, Filling filling, Visit visit, IFhirModel model)
    {
        var frame = new ExtractionFrame(record.Reference, visit.Reference, Json.Text(visit.Date), filled.Author);
        var sensitive = programmes.SensitivityOf(Visit.FormsOf(filled.Form.Url));
        var made = new List<JsonObject>();
        foreach (var one in Extraction.Of(filling, frame, model))
        {
            one.Body["id"] = StableId.Of("from", visit.Id, one.Slot, one.Type);
            if (sensitive is not null) one.Body["meta"] = Sensitivity.Meta(sensitive);
            made.Add(one.Body);
        }

        var ids = made.Select(m => (string?)m["id"]).ToHashSet(StringComparer.Ordinal);
        foreach (var old in record.Resources.Where(r => r.Text("id") is { } id && id.StartsWith("from-", StringComparison.Ordinal)
            && !ids.Contains(id) && r.Text("status") is not "entered-in-error"))
        {
            if (!old.Each("derivedFrom").Any(d => d.Text("reference") == visit.Reference)) continue;
            var gone = (JsonObject)JsonNode.Parse(old.GetRawText())!;
            gone["status"] = "entered-in-error";
            made.Add(gone);
        }

        return made;
    }

    /// <summary>Writes the classes that the rules decided into the form's own fields (此次随访分类), so that the form is complete as the norm prints it.</summary>
    private static JsonObject WithClasses(JsonObject response, ProgrammeSet programmes, FilledForm filled, Filling filling, List<Verdict> verdicts, PersonRecord record)
    {
        var any = false;
        foreach (var verdict in verdicts.Where(v => v.Class is not null))
        {
            if (!filled.Form.ByLinkId.TryGetValue(Visit.ClassAnswer + verdict.Programme, out var item)) continue;
            var choice = item.Choices.FirstOrDefault(c => c.Code == verdict.Class);
            if (choice is null) continue;
            filling.Set(item.LinkId, choice.Answer);
            any = true;
        }

        return any ? Response(record, programmes, filled, filling) : response;
    }
}
