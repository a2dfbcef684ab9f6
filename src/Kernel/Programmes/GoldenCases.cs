using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Fhir.Model;
using Tongxin.Fhir.Questionnaires;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Kernel.Programmes;

/// <summary>One golden case of a package: a person, what happened before, a visit, and what the rules must say.</summary>
/// <param name="Name">File and title, for messages.</param>
public sealed record GoldenCase(string Name, string? Clause, JsonObject Content, ProgrammePackage Package);

/// <summary>Runs a package's cases through the very code that serves the form. A package whose cases fail is not installed.</summary>
public static class GoldenCases
{
    public const int MostCases = 2_000;

    public static IEnumerable<GoldenCase> Of(ProgrammePackage package)
    {
        foreach (var file in package.Source.In("cases"))
        {
            var root = YamlDocument.Parse($"{package.Source.Name}/{file}", package.Source.Files[file]).Root;
            foreach (var (i, node) in (root["cases"] as JsonArray ?? []).OfType<JsonObject>().Take(MostCases).Index())
            {
                var content = (JsonObject)node.DeepClone();
                foreach (var (name, value) in root)
                    if (name is not ("cases" or "answers") && !content.ContainsKey(name)) content[name] = value?.DeepClone();
                content["defaults"] = root["answers"]?.DeepClone();
                yield return new($"{package.Source.Name}/{file} #{i + 1} {content["title"]}", (string?)content["clause"], content, package);
            }
        }
    }

    /// <summary>The person's record as the case leaves it: every resource that the engine wrote, to be held against the door's validation.</summary>
    public static PersonRecord? Leaves(GoldenCase golden, ProgrammeSet programmes, IFhirModel model)
    {
        var run = new GoldenRun(golden, programmes, model);
        _ = run.Differences().Count();
        return run.After;
    }

    /// <summary>What differs, one sentence each; empty when the case holds.</summary>
    public static IReadOnlyList<string> Run(GoldenCase golden, ProgrammeSet programmes, IFhirModel model)
    {
        try
        {
            return [.. new GoldenRun(golden, programmes, model).Differences()];
        }
        catch (RefusedException refused)
        {
            return [$"{golden.Name}: {string.Join(" ", refused.Issues.Select(i => i.Diagnostics))}"];
        }
        catch (Fhir.FhirPath.FhirPathException wrong)
        {
            return [$"{golden.Name}: 表达式不能求值：{wrong.Message}"];
        }
    }
}

/// <summary>One run of one case.</summary>
internal sealed class GoldenRun(GoldenCase golden, ProgrammeSet programmes, IFhirModel model)
{
    private readonly JsonObject content = golden.Content;
    private readonly JsonObject expect = golden.Content["expect"] as JsonObject ?? [];

    /// <summary>Null until the case has run, or when its visit was refused.</summary>
    public PersonRecord? After { get; private set; }

    public IEnumerable<string> Differences()
    {
        var record = Person();
        foreach (var (i, before) in (content["history"] as JsonArray ?? []).OfType<JsonObject>().Index())
        {
            var past = Visit(record, before, $"history-{i}");
            if (past.IsRefused) return [$"{golden.Name}: history[{i}] 被拒绝：{string.Join(" ", past.Issues.Where(e => e.IsError).Select(e => e.Diagnostics))}"];
            record = record.With(past.Resources);
        }

        if (content["answers"] is null && content["date"] is null)
        {
            record = record.With(Reconciliation.Of(record, programmes, Today(), model));
            After = record;
            return Tasks(record);
        }

        var decision = Visit(record, content, "visit");
        if ((bool?)expect["refused"] is true) return decision.IsRefused ? Refusals(decision) : [$"{golden.Name}: 应被拒绝，却通过了。"];
        if (decision.IsRefused) return [$"{golden.Name}: 被拒绝：{string.Join(" ", decision.Issues.Where(e => e.IsError).Select(e => e.Diagnostics))}"];
        record = record.With(decision.Resources);
        if (Today() > Day(content["date"])) record = record.With(Reconciliation.Of(record, programmes, Today(), model));
        After = record;
        var verdict = decision.Verdicts.FirstOrDefault(v => v.Programme == golden.Package.Code);
        return [.. Decided(verdict), .. Refusals(decision), .. Tasks(record)];
    }

    private FollowUpDecision Visit(PersonRecord record, JsonObject visit, string id)
    {
        var day = Day(visit["date"]) ?? throw RefusedException.Because(422, "required", "date 缺失。");
        var formId = (string?)visit["form"] ?? (string?)content["form"] ?? golden.Package.Forms.Keys.First();
        var form = programmes.Form(formId, day) ?? throw RefusedException.Because(422, "not-found", $"没有表单“{formId}”。");
        var answers = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { [Kernel.Programmes.Visit.DateAnswer] = [Json.Text(day)] };
        foreach (var source in new[] { content["defaults"] as JsonObject, visit["answers"] as JsonObject })
            foreach (var (name, value) in source ?? [])
                answers[name] = value switch { null => [], JsonArray list => [.. list.Select(v => v!.ToString())], _ => [value.ToString()] };

        var filling = FollowUp.Start(record, form, day, model);
        FormFields.Apply(filling, answers);
        var strange = answers.Where(a => a.Value.Count > 0).Select(a => a.Key).Where(a => !filling.All.Any(i => i.Name == a)).ToList();
        if (strange.Count > 0) throw RefusedException.Because(422, "not-found", $"案例回答了表单没有的题目：{string.Join("、", strange)}。");
        return FollowUp.Decide(record, programmes, new() { Form = form, Response = filling.ToResponse(), Id = id, Author = "Practitioner/case", Today = day }, model);
    }

    private DateOnly Today() => Day(content["today"]) ?? Day(content["date"]) ?? throw RefusedException.Because(422, "required", "案例需要 date 或 today。");

    private PersonRecord Person()
    {
        var patient = content["patient"]?.DeepClone() as JsonObject ?? [];
        patient["resourceType"] = "Patient";
        patient["id"] = "case";
        var resources = (content["record"] as JsonArray ?? []).OfType<JsonObject>().Select((r, i) =>
        {
            var copy = (JsonObject)r.DeepClone();
            copy["id"] ??= $"r{i}";
            return JsonSerializer.SerializeToElement(copy);
        });
        var record = PersonRecord.Of(JsonSerializer.SerializeToElement(patient), resources);
        if (Day(content["enrolled"]) is not { } enrolled) return record;
        record = record.With([Enrolments.Open(golden.Package, record, enrolled, "hand", "手工纳入")]);
        return Day(content["exited"]) is { } exited ? record.With([Enrolments.Close(record.Of("EpisodeOfCare").First(), exited, "moved", "迁出")]) : record;
    }

    private IEnumerable<string> Decided(Verdict? verdict)
    {
        foreach (var (name, wanted) in expect)
        {
            var found = name switch
            {
                "class" => verdict?.Class,
                "row" => verdict?.Row,
                "next" => verdict?.Next is { } next ? Json.Text(next) : null,
                "refer" => verdict?.Referral.ToString().ToLowerInvariant(),
                "alerts" => verdict is null ? null : string.Join(",", verdict.Alerts.Select(a => a.Row)),
                "reason" => verdict?.Reason,
                _ => null,
            };
            if (name is "class" or "row" or "next" or "refer" or "reason" && found != wanted?.ToString())
                yield return $"{golden.Name}: {name} 应为 {wanted ?? "空"}，得到 {found ?? "空"}（{verdict?.Reason}）。";
            if (name is "alerts" && found != string.Join(",", (wanted as JsonArray ?? []).Select(a => a?.ToString())))
                yield return $"{golden.Name}: alerts 应为 {wanted?.ToJsonString()}，得到 [{found}]。";
        }

        foreach (var (name, wanted) in expect["facts"] as JsonObject ?? [])
        {
            var found = verdict?.Facts.FirstOrDefault(f => f.Name == name)?.Text;
            var text = wanted?.GetValueKind() switch { JsonValueKind.True => "是", JsonValueKind.False => "否", _ => wanted?.ToString() };
            if (found != text) yield return $"{golden.Name}: {name} 应为 {text ?? "空"}，得到 {found ?? "空"}。";
        }
    }

    private IEnumerable<string> Refusals(FollowUpDecision decision)
    {
        foreach (var wanted in (expect["issues"] as JsonArray ?? []).Select(i => i!.ToString()))
            if (!decision.Issues.Any(i => i.Expression == wanted))
                yield return $"{golden.Name}: 应对“{wanted}”提出问题，实际：{string.Join("；", decision.Issues.Select(i => $"{i.Expression} {i.Diagnostics}"))}。";
    }

    private IEnumerable<string> Tasks(PersonRecord record)
    {
        if (expect["tasks"] is not JsonArray wanted) yield break;
        var open = record.Of("Task").Select(ProgrammeTask.Of).OfType<ProgrammeTask>().Where(t => t.IsOpen
            && t.Programme == golden.Package.Code).OrderBy(t => t.Window.Due).ThenBy(t => t.Title, StringComparer.Ordinal).ToList();
        var found = string.Join("; ", open
            .Select(t => $"{t.Service} {t.Title} {Json.Text(t.Window.Start)}..{Json.Text(t.Window.Due)}..{Json.Text(t.Window.End)} {t.Window.On(Today())}"));
        if (open.Count != wanted.Count) yield return $"{golden.Name}: 应有 {wanted.Count} 项任务，得到 {open.Count}：{found}。";
        foreach (var one in wanted.OfType<JsonObject>())
            if (!open.Exists(t => Matches(t, one))) yield return $"{golden.Name}: 没有任务 {one.ToJsonString()}，只有：{found}。";
    }

    private bool Matches(ProgrammeTask task, JsonObject wanted) => wanted.All(m => (m.Key switch
    {
        "service" => task.Service,
        "due" => Json.Text(task.Window.Due),
        "start" => Json.Text(task.Window.Start),
        "end" => Json.Text(task.Window.End),
        "expires" => Json.Text(task.Window.Expires),
        "state" => task.Window.On(Today()).ToString().ToLowerInvariant(),
        "title" => task.Title,
        "form" => task.Form,
        "status" => task.Status,
        "priority" => task.IsUrgent ? "urgent" : "routine",
        _ => null,
    }) == m.Value?.ToString());

    private static DateOnly? Day(JsonNode? node) => Json.Day(node?.ToString());
}
