using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>One member as the household's page and its printed plan show her.</summary>
/// <param name="Contract">What she has signed and holds today; null when nothing.</param>
/// <param name="Plan">Her part of the household's plan; null when there is none.</param>
public sealed record MemberView(JsonElement Person, IReadOnlySet<string> Groups, MemberNeeds Needs, FamilyContract? Contract, ReliefPlan? Plan)
{
    public string Id => Person.Text("id") ?? "";
    public string Name => Person.First("name")?.Text("text") ?? "";
}

/// <summary>A household with its mark, its members, and its plan with what that costs and who pays.</summary>
/// <param name="Mark">Null when it bears none today.</param>
public sealed record HouseholdView(ReliefMark? Mark, IReadOnlyList<MemberView> Members, ServiceEdition Edition)
{
    /// <summary>The part that speaks for the plan; null when nobody has one that holds.</summary>
    public ReliefPlan? Plan => Members.Select(m => m.Plan).FirstOrDefault(p => p is not null);

    /// <summary>Packages of one member's part, or those that fit her while there is no plan.</summary>
    public IReadOnlyList<ServicePackage> Packages(MemberView member) =>
        [.. Edition.Packages.Where(p => member.Plan is { } plan ? plan.Packages.Contains(p.Id) : p.IsFor(member.Groups))];

    public decimal Fee => Members.SelectMany(Packages).Sum(p => p.Fee);

    /// <summary>Yuan a year by who pays, in the order of the list; their sum is the fee.</summary>
    public IReadOnlyList<(string Payer, decimal Yuan)> Payers =>
        [.. Members.SelectMany(Packages).SelectMany(p => p.Payers).GroupBy(p => p.Key, StringComparer.Ordinal).Select(g => (g.Key, g.Sum(p => p.Value)))];

    /// <summary>Null when the person is not there or not the caller's to see.</summary>
    public static async Task<HouseholdView?> OfAsync(
        RecordAccess records, Caller caller, ServiceCatalogue catalogue, string patient, DateOnly today, CancellationToken cancel)
    {
        if (!ResourceKey.IsLegalId(patient) || await records.ReadAsync(caller, new("Patient", patient), cancel) is not { IsDeleted: false } stored) return null;
        var person = JsonReading.Parse(stored);
        var list = await HouseholdList.OfAsync(records, person, cancel);
        var people = await HouseholdList.MembersAsync(records, caller, list, HouseholdList.NumberOf(person), cancel);
        if (people.Count is 0) people = [person];
        var plans = list is null ? ReliefPlans.None : (await ReliefPlans.OfHouseholdsAsync(records, caller, [list.Id], cancel)).GetValueOrDefault(list.Id) ?? ReliefPlans.None;
        var members = new List<MemberView>();
        foreach (var one in people)
        {
            var id = one.Text("id")!;
            var contract = (await ContractReading.OfPersonAsync(records, caller, id, cancel)).FirstOrDefault(c => c.StateOn(today) is ContractState.Active);
            members.Add(new(one, await KeyGroups.OfPersonAsync(records, caller, one, today, cancel), await ReliefPlans.NeedsAsync(records, caller, id, today, cancel), contract,
                plans.GetValueOrDefault(id) is { } plan && plan.HoldsOn(today) ? plan : null));
        }

        var edition = members.Select(m => m.Plan?.Edition).FirstOrDefault(e => e is not null) is { } kept ? catalogue.Of(kept, today) : catalogue.On(today);
        return new(list?.Mark is { } mark && mark.HoldsOn(today) ? mark : null, members, edition);
    }
}
