using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.HospitalPerformance;

/// <summary>Invitations to a survey: a one-time token for each, printed as a code; and the answer that a token lets somebody give.</summary>
/// <remarks>
/// Anonymous: a token belongs to a house and a month, never to a person; only its digest is kept, and the answer knows the house and the month. Who answers
/// cannot be told, and nobody can answer twice: token and answer change in one commit. No role may read single answers.
/// </remarks>
public sealed class SurveyInvitations(RecordAccess records, TimeProvider clock, IReadOnlyList<Survey> surveys)
{
    public const int MostAtOnce = 200;
    private const int TokenBytes = 16, DaysOpen = 60;
    private const string System = "https://tongxin.health/cs/survey", Type = "Basic", Open = "open", Used = "used";
    private static readonly Caller Hand = Caller.System("survey");

    /// <summary>The survey that is held now; null when none is defined.</summary>
    public Survey? Current => surveys.Count > 0 ? surveys[^1] : null;

    /// <summary>Makes tokens for a house. They are told once, here, and stand nowhere.</summary>
    public async Task<IReadOnlyList<string>> DrawAsync(Caller caller, string place, int count, CancellationToken cancel)
    {
        if (Current is not { } survey) throw RefusedException.Because(404, "not-found", "没有调查。");
        if (count is < 1 or > MostAtOnce) throw RefusedException.Because(422, "value", $"一次 1～{MostAtOnce} 份。");
        var today = LocalTime.Today(clock);
        var tokens = Enumerable.Range(0, count).Select(_ => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes))).ToList();
        Change[] changes = [JsonWriting.Put(survey.Questionnaire()), .. tokens.Select(t => JsonWriting.Put(Invitation(survey, t, place, today), isNew: true))];
        await records.CommitAsync(Hand, changes, new(Reason: $"满意度调查邀请 {count} 份（{caller.Name}）"), cancel);
        return tokens;
    }

    /// <summary>The survey that a token opens; null when the token is unknown, used or over: they look the same.</summary>
    public async Task<Survey?> OpenAsync(string token, CancellationToken cancel) => await FindAsync(token, cancel) is { } found ? found.Survey : null;

    /// <summary>Takes one answer. Throws <see cref="RefusedException"/>: 404 for a token that opens nothing, 422 for an answer that is not whole.</summary>
    /// <remarks>Refused (409 or 412) when the token was used meanwhile.</remarks>
    public async Task AnswerAsync(string token, IReadOnlyDictionary<string, int> answers, CancellationToken cancel)
    {
        if (await FindAsync(token, cancel) is not { } found) throw RefusedException.Because(404, "not-found", "这个二维码已用过或已过期。");
        var score = found.Survey.Score(answers);
        var used = JsonWriting.Edit(found.Stored);
        used["code"] = JsonWriting.Concept(System, Used);
        await records.CommitAsync(Hand, [JsonWriting.Put(used, found.Stored.Version), JsonWriting.Put(Response(found.Survey, token, found.Place, answers, score), isNew: true)],
            new(Reason: "满意度答卷"), cancel);
    }

    private async Task<(Survey Survey, string Place, Stored Stored)?> FindAsync(string token, CancellationToken cancel)
    {
        if (token.Length != TokenBytes * 2 || !token.All(char.IsAsciiHexDigitLower)) return null;
        var stored = await records.ReadAsync(Hand, new(Type, IdOf(token)), cancel);
        if (stored is null or { IsDeleted: true }) return null;
        var body = JsonReading.Parse(stored);
        var until = JsonReading.Day(body.Text("created"))?.AddDays(DaysOpen);
        if (body.Member("code")?.Code() is not Open || until < LocalTime.Today(clock)) return null;
        var canonical = body.First("identifier")?.Text("value");
        return surveys.FirstOrDefault(s => s.Canonical == canonical) is { } survey && body.IdIn("subject") is { } place ? (survey, place, stored) : null;
    }

    // Basic, which the policy grants to no role: nobody but the system reads, uses up or revives an invitation.
    private static JsonObject Invitation(Survey survey, string token, string place, DateOnly today) => new()
    {
        ["resourceType"] = Type, ["id"] = IdOf(token), ["identifier"] = new JsonArray(new JsonObject { ["system"] = System, ["value"] = survey.Canonical }),
        ["code"] = JsonWriting.Concept(System, Open), ["subject"] = JsonWriting.Reference($"Organization/{place}"), ["created"] = JsonWriting.Day(today),
    };

    // The house stands as text, not as a reference: no role of the house reaches the answer. The day is the first of the month: no hour points at a visitor.
    private JsonObject Response(Survey survey, string token, string place, IReadOnlyDictionary<string, int> answers, decimal score)
    {
        var today = LocalTime.Today(clock);
        return new()
        {
            ["resourceType"] = "QuestionnaireResponse", ["id"] = $"answer-{Digest($"answer {token}")}", ["questionnaire"] = survey.Canonical, ["status"] = "completed",
            ["authored"] = JsonWriting.Day(new(today.Year, today.Month, 1)),
            ["item"] = new JsonArray(
            [
                .. survey.Questions.Select(q => (JsonNode)Item(q.Id, "valueInteger", answers[q.Id])),
                Item(Survey.PlaceItem, "valueString", place), Item(Survey.ScoreItem, "valueDecimal", score),
            ]),
        };
    }

    private static JsonObject Item(string link, string member, JsonNode value) =>
        new() { ["linkId"] = link, ["answer"] = new JsonArray(new JsonObject { [member] = value }) };

    private static string IdOf(string token) => $"survey-{Digest(token)}";

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, TokenBytes));
}
