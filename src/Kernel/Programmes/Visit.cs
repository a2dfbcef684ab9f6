using System.Text.Json;
using Tongxin.Fhir.FhirPath;
using Tongxin.Fhir.Questionnaires;

namespace Tongxin.Kernel.Programmes;

/// <summary>A filled form that counts: a completed or amended QuestionnaireResponse with its day and its answers by linkId.</summary>
public sealed class Visit
{
    /// <summary>linkId under which every form asks the day of the visit.</summary>
    public const string DateAnswer = "visit-date";

    /// <summary>The class that a programme's rules decided stands in the form under this and the programme's code.</summary>
    public const string ClassAnswer = "class-";

    private readonly Dictionary<string, List<Answer>> answers = new(StringComparer.Ordinal);

    private string? digest;

    private Visit(JsonElement response, DateOnly date)
    {
        Response = response;
        Date = date;
        Collect(response, 0);
    }

    public JsonElement Response { get; }
    public DateOnly Date { get; }
    public string Id => Response.Text("id") ?? "";
    public string Reference => $"QuestionnaireResponse/{Id}";

    /// <summary>Ids of the forms that were filled: one, or the parts of a combined form.</summary>
    public IReadOnlyList<string> Forms => FormsOf(Response.Text("questionnaire"));

    /// <summary>Null when the response is a draft, void, or has no day.</summary>
    public static Visit? Of(JsonElement response)
    {
        if (response.Text("status") is not ("completed" or "amended")) return null;
        return DateOf(response) is { } date ? new(response, date) : null;
    }

    /// <summary>The day answered in the form, else the day it was authored.</summary>
    public static DateOnly? DateOf(JsonElement response) => Json.Day(Find(response, DateAnswer, 0)) ?? Json.Day(response.Text("authored"));

    public static IReadOnlyList<string> FormsOf(string? canonical)
    {
        var url = (canonical ?? "").Split('|')[0];
        return [.. url[(url.LastIndexOf('/') + 1)..].Split('+', StringSplitOptions.RemoveEmptyEntries)];
    }

    /// <summary>Tells changed answers from unchanged; what the rules themselves wrote into the form (<c>class-…</c>) does not count.</summary>
    public string Digest => digest ??= StableId.Of("a", string.Join('\n', answers.Where(a => !a.Key.StartsWith(ClassAnswer, StringComparison.Ordinal))
        .OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{a.Key}={string.Join('|', a.Value.Select(v => v.Code ?? v.ToString()))}").Prepend(Json.Text(Date))));

    public IReadOnlyList<Answer> Answers(string linkId) => answers.TryGetValue(linkId, out var found) ? found : [];

    internal IReadOnlyList<PathValue> Values(string linkId) => [.. Answers(linkId).Select(PathValues.Of)];

    private void Collect(JsonElement owner, int depth)
    {
        if (depth > Form.MostDepth * 2) return;
        foreach (var item in owner.Each("item"))
        {
            var linkId = item.Text("linkId") ?? "";
            if (!answers.TryGetValue(linkId, out var list)) answers[linkId] = list = [];
            foreach (var answer in item.Each("answer"))
            {
                foreach (var member in answer.EnumerateObject())
                    if (member.Name.StartsWith("value", StringComparison.Ordinal)) list.Add(new(member.Name[5..], member.Value));
                Collect(answer, depth + 1);
            }

            Collect(item, depth + 1);
        }
    }

    private static string? Find(JsonElement owner, string linkId, int depth)
    {
        if (depth > Form.MostDepth * 2) return null;
        foreach (var item in owner.Each("item"))
        {
            if (item.Text("linkId") == linkId)
                return item.Each("answer").Select(a => a.Text("valueDate") ?? a.Text("valueDateTime")).FirstOrDefault();
            if (Find(item, linkId, depth + 1) is { } below) return below;
        }

        return null;
    }
}
