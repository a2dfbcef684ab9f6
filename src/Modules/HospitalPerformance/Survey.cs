using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Modules.HospitalPerformance;

/// <summary>A satisfaction survey (满意度调查): a few statements, each answered in five steps, without a name. Data, read from a file; an edition is never changed.</summary>
/// <remarks>Five steps become 0, 25, 50, 75, 100, as the national hospital platform converts them; the mean of a form is its score.</remarks>
public sealed record Survey(string Id, string Title, string TitleInEnglish, string Edition, IReadOnlyList<SurveyQuestion> Questions)
{
    /// <summary>Steps of an answer, 1 (very dissatisfied) to 5 (very satisfied).</summary>
    public const int Steps = 5;

    public const int MostQuestions = 30;

    /// <summary>linkIds under which the house and the score stand in a filled form, where the view reads them.</summary>
    public const string PlaceItem = "survey-place", ScoreItem = "survey-score";

    /// <summary>Canonical of the Questionnaire, with its edition.</summary>
    public string Canonical => $"{ProgrammeCodes.Canonical("Questionnaire", $"satisfaction-{Id}")}|{Edition}";

    /// <summary>0–100. Throws <see cref="RefusedException"/> (422) unless every question has one of the steps.</summary>
    public decimal Score(IReadOnlyDictionary<string, int> answers)
    {
        if (Questions.Any(q => !answers.TryGetValue(q.Id, out var step) || step is < 1 or > Steps)) throw RefusedException.Because(422, "required", "请回答每一题。");
        return Math.Round(Questions.Average(q => (answers[q.Id] - 1) * 100m / (Steps - 1)), 1);
    }

    /// <summary>As a FHIR Questionnaire.</summary>
    public JsonObject Questionnaire() => new()
    {
        ["resourceType"] = "Questionnaire", ["id"] = $"satisfaction-{Id}", ["url"] = Canonical.Split('|')[0], ["version"] = Edition, ["title"] = Title, ["status"] = "active",
        ["item"] = new JsonArray(
        [
            .. Questions.Select(q => (JsonNode)new JsonObject { ["linkId"] = q.Id, ["text"] = q.Text, ["type"] = "integer", ["required"] = true }),
            new JsonObject { ["linkId"] = PlaceItem, ["text"] = "机构", ["type"] = "string" }, new JsonObject { ["linkId"] = ScoreItem, ["text"] = "得分", ["type"] = "decimal" },
        ]),
    };

    /// <summary>Reads <c>definitions/surveys/*.yaml</c>.</summary>
    internal static IReadOnlyList<Survey> ReadFolder(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal).Select(f => Read(Path.GetFileName(f), File.ReadAllText(f)))]
        : [];

    internal static Survey Read(string file, string text)
    {
        var yaml = YamlDocument.Parse(file, text);
        string need(JsonObject owner, string name) => owner[name]?.ToString() is { Length: > 0 } value ? value : throw yaml.Refuse(owner, "required", $"缺少 {name}。");
        var questions = (yaml.Root["questions"] as JsonArray ?? []).OfType<JsonObject>().Select(q => new SurveyQuestion(need(q, "id"), need(q, "text"), need(q, "en"))).ToList();
        if (questions.Count is 0 or > MostQuestions || questions.Select(q => q.Id).Distinct().Count() != questions.Count)
            throw yaml.Refuse(yaml.Root, "value", $"应有 1～{MostQuestions} 题，id 不重复。");
        return new(need(yaml.Root, "id"), need(yaml.Root, "title"), need(yaml.Root, "en"), need(yaml.Root, "edition"), questions);
    }
}

/// <summary>One statement of a survey.</summary>
public sealed record SurveyQuestion(string Id, string Text, string TextInEnglish);
