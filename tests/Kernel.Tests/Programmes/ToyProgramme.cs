using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Kernel.Tests.Programmes;

/// <summary>A programme of one question for tests of the engine: ten or more is class 2 and comes back in 14 days, less is class 1 and comes back in 3 months.</summary>
internal static class ToyProgramme
{
    public const string Plan = """
        id: toy
        title: 试验项目
        version: "1"
        effectivePeriod: {start: 2000-01-01}
        citation: 试验
        enrolment: {eligible: "%patient.birthDate + 18 years <= %today", eligible-reason: 未满 18 岁}
        services:
          - {id: follow-up, title: 随访, kind: by-class, form: toy-form, early: 14 days, late: 14 days, short-late: 3 days, expires: 120 days}
        """;

    public const string Rules = """
        next-date: next-visit
        inputs:
          score: {title: 分数, answer: score}
          before: {title: 上次分类, assessment: toy}
        tables:
          limit: {rows: [{from: 2000-01-01, high: 10}]}
        facts:
          good: {title: 达标, expression: "%score < %limit_high"}
        class:
          system: https://tongxin.health/cs/toy
          codes: {"1": 好, "2": 差}
          rows:
            - {row: a, when: "%good = false and %before = '2'", class: "2", reason: "连续两次 {score}", refer: proposed, next: 14 days}
            - {row: b, when: "%good = false", class: "2", reason: "分数 {score} 不低于 {limit_high}", next: 14 days}
            - {row: c, when: "%good = true", class: "1", reason: 好, next: 3 months}
        """;

    public const string Form = """
        id: toy-form
        items:
          - {link: visit-date, text: 日期, type: date, required: true, prefill: "%today"}
          - {link: score, text: 分数, type: integer, required: true, range: [0, 100], usual: [0, 50], observation: "https://tongxin.health/cs/toy-score|score"}
          - {link: next-visit, text: 下次, type: date}
        """;

    public static PackageSource Source(string plan = Plan, string rules = Rules, string form = Form, string cases = "cases: []") =>
        new("toy", new Dictionary<string, string> { ["plan.yaml"] = plan, ["rules.yaml"] = rules, ["questionnaires/form.yaml"] = form, ["cases/cases.yaml"] = cases });

    public static ProgrammeSet Set { get; } = ProgrammeSet.Empty.With(PackageReader.Read(Source()));

    public static PersonRecord Person(DateOnly born) =>
        PersonRecord.Of(JsonSerializer.SerializeToElement(new { resourceType = "Patient", id = "p", birthDate = born.ToString("yyyy-MM-dd") }), []);

    public static JsonObject Visit(string id, DateOnly date, int score, string status = "completed") => new()
    {
        ["resourceType"] = "QuestionnaireResponse",
        ["id"] = id,
        ["questionnaire"] = "https://tongxin.health/fhir/Questionnaire/toy-form|1",
        ["status"] = status,
        ["authored"] = $"{date:yyyy-MM-dd}",
        ["item"] = new JsonArray(new JsonObject { ["linkId"] = "score", ["answer"] = new JsonArray(new JsonObject { ["valueInteger"] = score }) }),
    };
}
