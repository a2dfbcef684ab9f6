using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>What a member of a household has and what is due to her, as whoever looks may see it.</summary>
/// <param name="Diseases">Running conditions by name, each once.</param>
/// <param name="Due">Services that are due, the earliest first.</param>
/// <param name="OpenConditions">Ids of what a plan may name of them: nothing sensitive.</param>
/// <param name="OpenTasks">The same of what is due.</param>
public sealed record MemberNeeds(
    IReadOnlyList<string> Diseases, IReadOnlyList<(string What, DateOnly By)> Due, IReadOnlyList<string> OpenConditions, IReadOnlyList<string> OpenTasks);

/// <summary>Reads plans of households, and what their members need, through the door.</summary>
internal static class ReliefPlans
{
    public static readonly IReadOnlyDictionary<string, ReliefPlan> None = new Dictionary<string, ReliefPlan>();
    private const int DueWithinDays = 365;
    private const int MostOfMember = 50;

    /// <summary>Parts of plans by household and member.</summary>
    public static async Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, ReliefPlan>>> OfHouseholdsAsync(
        RecordAccess records, Caller caller, IReadOnlyList<string> households, CancellationToken cancel)
    {
        var found = new List<ReliefPlan>();
        foreach (var some in households.Chunk(50))
        {
            var query = $"identifier={string.Join(',', some.Select(h => $"{ReliefPlanBody.HouseholdSystem}|{h}"))}&status=active&_count=500";
            await foreach (var stored in ContractReading.PagesAsync(records, caller, "CarePlan", query, ContractReading.Most, cancel))
                if (ReliefPlanBody.Read(stored) is { } plan) found.Add(plan);
        }

        return found.GroupBy(p => p.Household, StringComparer.Ordinal).ToDictionary(
            g => g.Key, g => (IReadOnlyDictionary<string, ReliefPlan>)g.DistinctBy(p => p.Patient).ToDictionary(p => p.Patient, StringComparer.Ordinal), StringComparer.Ordinal);
    }

    /// <summary>Her part of the plan of the household she is in; null when there is none.</summary>
    public static async Task<ReliefPlan?> OfPersonAsync(RecordAccess records, Caller caller, string patient, DateOnly today, CancellationToken cancel) =>
        (await records.SearchAsync(caller, "CarePlan", $"patient=Patient/{patient}&category={ReliefPlanBody.Categories}|{ReliefPlanBody.Relief}&status=active&_count=10", cancel))
            .Matches.Select(ReliefPlanBody.Read).OfType<ReliefPlan>().FirstOrDefault(p => p.HoldsOn(today));

    /// <summary>What one member has and needs. What is sensitive is shown to whoever may see it, and goes into no plan.</summary>
    public static async Task<MemberNeeds> NeedsAsync(RecordAccess records, Caller caller, string patient, DateOnly today, CancellationToken cancel)
    {
        async Task<List<JsonElement>> Found(string type, string query) =>
            [.. (await records.SearchAsync(caller, type, $"patient=Patient/{patient}&{query}&_count={MostOfMember}", cancel)).Matches.Select(m => JsonReading.Parse(m))];
        var conditions = await Found("Condition", "clinical-status=active");
        var due = (await Found("Task", "intent=plan&status=requested"))
            .Select(t => (Body: t, What: t.Text("description") ?? t.Member("code")?.Display() ?? "", By: JsonReading.Day(t.Member("restriction")?.Member("period")?.Text("end"))))
            .Where(t => t.By is { } by && by >= today && by <= today.AddDays(DueWithinDays)).OrderBy(t => t.By).ToList();
        return new(
            [.. conditions.Select(c => c.Member("code")?.Display()).OfType<string>().Distinct(StringComparer.Ordinal)],
            [.. due.Select(t => (t.What, t.By!.Value))], Plain(conditions), Plain(due.Select(t => t.Body)));
    }

    private static IReadOnlyList<string> Plain(IEnumerable<JsonElement> found) =>
        [.. found.Where(b => !SensitivityRules.IsSensitive(b)).Select(b => b.Text("id")).OfType<string>()];
}
