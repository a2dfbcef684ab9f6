using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Modules.People;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>One household of poverty relief with those of its members whom the caller cares for, the eldest first.</summary>
/// <param name="Plans">The members' parts of its plan, by their ids; empty when none was made.</param>
internal sealed record ReliefHousehold(HouseholdList List, IReadOnlyList<JsonElement> Members, IReadOnlyDictionary<string, ReliefPlan> Plans)
{
    public ReliefMark Mark => List.Mark!;

    /// <summary>Everybody of it has her part of a plan that holds.</summary>
    public bool HasPlanOn(DateOnly day) => Members.All(m => Plans.GetValueOrDefault(m.Text("id") ?? "") is { } plan && plan.HoldsOn(day));
}

/// <summary>The marked households of the caller's own organisation and those below it, which answer for them (以户为单位).</summary>
/// <remarks>A household of which the caller sees nobody is not there for her.</remarks>
internal static class ReliefHouseholds
{
    private const int AtOnce = 500;

    public static async Task<IReadOnlyList<ReliefHousehold>> OfAsync(RecordAccess records, Caller caller, DateOnly today, CancellationToken cancel)
    {
        if (caller.Organisation is not { } own) return [];
        var tree = await ContractReading.TreeAsync(records, caller, cancel);
        var lists = await HouseholdList.MarkedAsync(records, tree.DownFrom(own).Append(own).Distinct(StringComparer.Ordinal), today, cancel);
        var people = await ContractReading.PeopleAsync(records, caller, [.. lists.SelectMany(l => l.Listed)], cancel);
        var byNumber = (await NumberedAsync(records, caller, [.. lists.Select(l => l.Number).OfType<string>()], cancel)).ToLookup(HouseholdList.NumberOf);
        var plans = await ReliefPlans.OfHouseholdsAsync(records, caller, [.. lists.Select(l => l.Id)], cancel);
        return [.. lists.Select(l => new ReliefHousehold(l, Members(l, people, l.Number is null ? [] : byNumber[l.Number]), plans.GetValueOrDefault(l.Id) ?? ReliefPlans.None))
            .Where(h => h.Members.Count > 0)];
    }

    private static IReadOnlyList<JsonElement> Members(HouseholdList list, IReadOnlyDictionary<string, JsonElement> people, IEnumerable<JsonElement> numbered) =>
        [.. list.Listed.Where(people.ContainsKey).Select(m => people[m]).Concat(numbered).DistinctBy(p => p.Text("id")).Where(p => !KeyGroups.IsGone(p))
            .OrderBy(p => p.Text("birthDate"), StringComparer.Ordinal).ThenBy(p => p.Text("id"), StringComparer.Ordinal)];

    private static async Task<IReadOnlyList<JsonElement>> NumberedAsync(RecordAccess records, Caller caller, IReadOnlyList<string> numbers, CancellationToken cancel)
    {
        var found = new List<JsonElement>();
        foreach (var some in numbers.Chunk(50))
        {
            var query = $"identifier={string.Join(',', some.Select(n => $"{ResidentCodes.HouseholdNumber}|{Uri.EscapeDataString(n)}"))}&_count={AtOnce}";
            await foreach (var stored in ContractReading.PagesAsync(records, caller, "Patient", query, ContractReading.Most, cancel)) found.Add(JsonReading.Parse(stored));
        }

        return found;
    }
}
