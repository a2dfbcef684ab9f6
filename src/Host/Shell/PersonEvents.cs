using System.Text.Json;
using Tongxin.Kernel.Programmes;
using Tongxin.Web.Components;

namespace Tongxin.Host.Shell;

/// <summary>One line of a person's course: a visit, or what the rules made of one.</summary>
/// <param name="What">Title of the programme or kind of visit.</param>
/// <param name="Class">What it was judged, 控制满意; empty when nothing was judged.</param>
/// <param name="Tone">Of the class, in the words of the design kit: <c>urgent</c>, <c>due</c>, <c>good</c>, <c>wait</c>.</param>
/// <param name="Detail">Reason of the verdict, or nothing.</param>
/// <param name="Reference">The visit it came from; empty when none is on record.</param>
/// <param name="Kind">The programme, or <c>visit</c> for an encounter: what the course can be cut by.</param>
/// <param name="Organisation">Id of where it was; null when the record does not say.</param>
/// <param name="Next">Day of the next visit that followed from it; null when none did.</param>
public sealed record PersonEvent(DateOnly Date, string What, string Class, string Tone, string Detail, string Reference, string Kind, string? Organisation, DateOnly? Next);

/// <summary>Makes one course of encounters and verdicts, the newest first.</summary>
internal static class PersonEvents
{
    public const string Visit = "visit";

    private const string FollowUp = "-follow-up";

    public static IReadOnlyList<PersonEvent> Of(IEnumerable<JsonElement> encounters, IEnumerable<JsonElement> observations, int most)
    {
        var visits = encounters.Select(OfEncounter).ToList();
        var judged = observations.Where(o => o.First("category")?.Code() is "assessment").Select(OfAssessment).ToList();
        // A follow-up that was judged stands once: with its verdict, at the place of its encounter.
        var places = visits.Where(v => v.Kind.EndsWith(FollowUp, StringComparison.Ordinal)).ToLookup(v => (v.Kind[..^FollowUp.Length], v.Date), v => v.Organisation);
        // One visit may have been for two programmes, and is on record under one.
        var days = visits.Where(v => v.Organisation is not null).ToLookup(v => v.Date, v => v.Organisation);
        var said = judged.Select(j => j with { Organisation = places[(j.Kind, j.Date)].FirstOrDefault() ?? days[j.Date].FirstOrDefault() });
        var known = judged.Select(j => (j.Kind + FollowUp, j.Date)).ToHashSet();
        return [.. visits.Where(v => !known.Contains((v.Kind, v.Date))).Select(v => v with { Kind = Visit }).Concat(said).OrderByDescending(e => e.Date).Take(most)];
    }

    private static PersonEvent OfEncounter(JsonElement encounter) => new(
        JsonReading.Day(encounter.Member("period")?.Text("start")) ?? default, encounter.First("type")?.Display() ?? "", "", "wait",
        string.Join(' ', encounter.Each("reasonCode").Select(r => r.Text("text") ?? r.Display())), "",
        encounter.First("type")?.Code() ?? "", encounter.IdIn("serviceProvider"), null);

    private static PersonEvent OfAssessment(JsonElement assessment)
    {
        var facts = assessment.Each("component").ToLookup(c => c.Member("code")?.CodeIn(ProgrammeCodes.Fact) ?? "", StringComparer.Ordinal);
        return new(
            JsonReading.Day(assessment.Text("effectiveDateTime")) ?? default, assessment.Member("code")?.Display() ?? "",
            assessment.Member("valueCodeableConcept")?.Display() ?? "",
            Tone(facts), string.Join(' ', assessment.Each("note").Select(n => n.Text("text"))), assessment.First("derivedFrom")?.Text("reference") ?? "",
            assessment.Member("code")?.CodeIn(ProgrammeCodes.Programme) ?? "", null, JsonReading.Day(facts["next-date"].Select(c => c.Text("valueDateTime")).FirstOrDefault()));
    }

    private static string Tone(ILookup<string, JsonElement> facts) =>
        facts["referral"].Any() ? "urgent"
        : facts["satisfied"].Select(f => f.Member("valueBoolean")?.ValueKind).FirstOrDefault() switch { JsonValueKind.True => "good", JsonValueKind.False => "due", _ => "wait" };
}
