using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>What is agreed for one member: packages by id, and the measure in words.</summary>
public sealed record MemberMeasure(IReadOnlyList<string> Packages, string Measure);

/// <summary>一户一策：one plan for a household of poverty relief, in one commit: each member her packages and what was agreed, one doctor for all.</summary>
/// <remarks>
/// Refuses 404, 412 (somebody else made one meanwhile), 422 <c>not-relief</c> (the household bears no mark today), <c>doctor</c> (in no team here), <c>package</c>
/// (not for that person), <c>measure</c> (too long).
/// </remarks>
public sealed class MakeReliefPlan(RecordAccess records, ServiceCatalogue catalogue, TimeProvider clock)
{
    /// <param name="patient">Somebody of the household.</param>
    /// <param name="agreed">By member; who is not named gets the packages that fit her and no words.</param>
    public async Task HandleAsync(Caller caller, string patient, string doctor, IReadOnlyDictionary<string, MemberMeasure> agreed, CancellationToken cancel)
    {
        var today = LocalTime.Today(clock);
        var person = await HouseholdList.PersonAsync(records, caller, patient, cancel);
        if (await HouseholdList.OfAsync(records, person, cancel) is not { Mark: { } mark } list || !mark.HoldsOn(today))
            throw RefusedException.Because(422, "not-relief", "这一户现在不是脱贫户或监测户。");
        var members = await HouseholdList.MembersAsync(records, caller, list, list.Number, cancel);
        var name = await NameOfDoctorAsync(caller, doctor, cancel) ?? throw RefusedException.Because(422, "doctor", "责任医生须是家庭医生团队的成员。");
        var edition = catalogue.On(today);
        var standing = (await ReliefPlans.OfHouseholdsAsync(records, caller, [list.Id], cancel)).GetValueOrDefault(list.Id) ?? ReliefPlans.None;
        var changes = new List<Change>();
        foreach (var member in members)
        {
            var id = member.Text("id")!;
            var groups = await KeyGroups.OfPersonAsync(records, caller, member, today, cancel);
            var fitting = edition.Packages.Where(p => p.IsFor(groups)).Select(p => p.Id).ToList();
            var (packages, measure) = agreed.GetValueOrDefault(id) is { } said ? (said.Packages, said.Measure.Trim()) : (fitting, "");
            if (packages.Except(fitting).Any()) throw RefusedException.Because(422, "package", $"服务包不适合{member.First("name")?.Text("text")}。");
            if (measure.Length > ReliefPlan.LongestMeasure) throw RefusedException.Because(422, "measure", "措施写得太长。");
            var needs = await ReliefPlans.NeedsAsync(records, caller, id, today, cancel);
            var plan = new ReliefPlan(list.Id, id, today, EndOf(today, mark), doctor, name, edition.Id, [.. packages], measure, caller.Name, today);
            var before = await records.ReadAsync(caller, new("CarePlan", ReliefPlanBody.IdFor(list.Id, id)), cancel);
            changes.Add(JsonWriting.Put(ReliefPlanBody.Write(plan, edition, caller.Subject, needs.OpenConditions, needs.OpenTasks, clock.GetUtcNow()),
                before?.Version, isNew: before is null));
        }

        changes.AddRange(await LeftAsync(caller, standing.Values.Where(p => !members.Any(m => m.Text("id") == p.Patient)), cancel));
        await records.CommitAsync(caller, changes, new(Reason: "一户一策"), cancel);
    }

    /// <summary>A plan runs for a year, and not beyond the mark that it answers.</summary>
    public static DateOnly EndOf(DateOnly start, ReliefMark mark) => mark.Until is { } until && until < start.AddYears(1) ? until : start.AddYears(1).AddDays(-1);

    private async Task<string?> NameOfDoctorAsync(Caller caller, string doctor, CancellationToken cancel) =>
        (await Team.ForAsync(records, caller, await ContractReading.TreeAsync(records, caller, cancel), cancel))
            .SelectMany(t => t.Members).FirstOrDefault(m => m.Practitioner == doctor)?.Name;

    // Who died or moved out since: her part ends with the plan of before.
    private async Task<IReadOnlyList<Change>> LeftAsync(Caller caller, IEnumerable<ReliefPlan> left, CancellationToken cancel)
    {
        var changes = new List<Change>();
        foreach (var plan in left)
            if (await records.ReadAsync(caller, new("CarePlan", ReliefPlanBody.IdFor(plan.Household, plan.Patient)), cancel) is { IsDeleted: false } stored)
            {
                var body = JsonWriting.Edit(stored);
                body["status"] = "completed";
                changes.Add(JsonWriting.Put(body, stored.Version));
            }

        return changes;
    }
}
