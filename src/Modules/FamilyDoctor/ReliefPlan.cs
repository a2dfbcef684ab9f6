using System.Text.Json.Nodes;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>One member's part of a household's plan (一户一策): who answers for it, her packages, and what was agreed for her.</summary>
/// <param name="Household">Id of the household's list; who has the same one stands in the same plan.</param>
/// <param name="Doctor">Id of the practitioner who answers for the household.</param>
/// <param name="Edition">The service list by which its packages have their price.</param>
/// <param name="Measure">What was agreed for her; empty when nothing was written.</param>
public sealed record ReliefPlan(
    string Household, string Patient, DateOnly Start, DateOnly End, string Doctor, string DoctorName, string Edition, IReadOnlyList<string> Packages, string Measure, string MadeBy,
    DateOnly MadeOn, long Version = 0)
{
    public const int LongestMeasure = 500;

    public bool HoldsOn(DateOnly day) => Start <= day && day <= End;
}

/// <summary>The plan as FHIR <c>CarePlan</c>: one for each member, so that each part is read by whoever may read that person, and by herself.</summary>
/// <remarks>
/// The identifier names the household, the id household and member: a new plan is a new version of the old one, and there is never a second beside it.
/// What is sensitive of her record is not written into it; the page reads diseases and due services from the record, through the reader's own door.
/// </remarks>
public static class ReliefPlanBody
{
    public const string HouseholdSystem = "https://tongxin.health/id/relief-plan";
    public const string Categories = "https://tongxin.health/cs/care-plan";
    public const string Relief = KeyGroups.Relief;

    public static string IdFor(string household, string patient) => StableId.Of("relief-plan", household, patient);

    /// <param name="conditions">Ids of the diseases it was made for.</param>
    /// <param name="tasks">Ids of what was due when it was made.</param>
    public static JsonObject Write(ReliefPlan plan, ServiceEdition edition, string maker, IEnumerable<string> conditions, IEnumerable<string> tasks, DateTimeOffset at)
    {
        var activities = plan.Packages.Select(p => new JsonObject
        {
            ["detail"] = new JsonObject
            {
                ["code"] = JsonWriting.Concept(ContractBody.Packages, p, edition.Packages.FirstOrDefault(e => e.Id == p)?.Title), ["status"] = "scheduled",
            },
        }).Concat(tasks.Select(t => new JsonObject { ["reference"] = JsonWriting.Reference($"Task/{t}") })).ToArray();
        var addresses = conditions.Select(c => JsonWriting.Reference($"Condition/{c}")).ToArray();
        var body = new JsonObject
        {
            ["resourceType"] = "CarePlan", ["id"] = IdFor(plan.Household, plan.Patient),
            ["identifier"] = new JsonArray(new JsonObject { ["system"] = HouseholdSystem, ["value"] = plan.Household }),
            ["instantiatesUri"] = new JsonArray(ContractBody.Editions + edition.Id),
            ["status"] = "active", ["intent"] = "plan",
            ["category"] = new JsonArray(JsonWriting.Concept(Categories, Relief, "脱贫户健康帮扶")),
            ["title"] = "一户一策",
            ["subject"] = JsonWriting.Reference($"Patient/{plan.Patient}"),
            ["period"] = ContractBody.Term(plan.Start, plan.End),
            ["created"] = ResourceBody.Instant(at),
            ["author"] = JsonWriting.Reference($"Practitioner/{plan.Doctor}", plan.DoctorName),
            ["contributor"] = new JsonArray(JsonWriting.Reference(maker, plan.MadeBy)),
        };
        if (addresses.Length > 0) body["addresses"] = new JsonArray([.. addresses]);
        if (activities.Length > 0) body["activity"] = new JsonArray([.. activities]);
        if (plan.Measure.Length > 0) body["note"] = new JsonArray(new JsonObject { ["text"] = plan.Measure });
        return body;
    }

    /// <summary>Null when it is another kind of plan, or holds no more.</summary>
    public static ReliefPlan? Read(Stored stored)
    {
        var body = JsonReading.Parse(stored);
        if (body.Text("status") is not "active" || body.First("category")?.CodeIn(Categories) is not Relief) return null;
        if (JsonReading.Day(body.Member("period")?.Text("start")) is not { } start || JsonReading.Day(body.Member("period")?.Text("end")) is not { } end) return null;
        var edition = body.Each("instantiatesUri").Select(u => u.GetString()).FirstOrDefault() ?? "";
        return new(
            body.Each("identifier").Where(i => i.Text("system") is HouseholdSystem).Select(i => i.Text("value")).FirstOrDefault() ?? "", body.IdIn("subject") ?? "", start, end,
            body.IdIn("author") ?? "", body.Member("author")?.Text("display") ?? "", edition[(edition.LastIndexOf('/') + 1)..],
            [.. body.Each("activity").Select(a => a.Member("detail")?.Member("code")?.CodeIn(ContractBody.Packages)).OfType<string>()],
            body.First("note")?.Text("text") ?? "", body.First("contributor")?.Text("display") ?? "", JsonReading.Day(body.Text("created")) ?? start, stored.Version);
    }
}
