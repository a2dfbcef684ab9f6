using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>登记脱贫户、监测户：writes the relief mark into the list of somebody's household, or ends it; makes the list where there is none.</summary>
/// <remarks>Refuses 404, 412 (somebody else changed the list meanwhile), 422 <c>kind</c>, <c>date</c>, <c>source</c>, <c>not-relief</c> (nothing to end).</remarks>
public sealed class MarkHousehold(RecordAccess records, TimeProvider clock)
{
    private static readonly Caller Self = Caller.System("household");

    public async Task MarkAsync(Caller caller, string patient, ReliefMark mark, CancellationToken cancel)
    {
        var person = await HouseholdList.PersonAsync(records, caller, patient, cancel);
        if (mark.Wrong() is { } refusal) throw RefusedException.Because(422, refusal, $"The household is not marked: {refusal}.");
        var list = await HouseholdList.OfAsync(records, person, cancel);
        var body = list is not null ? JsonWriting.Edit(list.Stored) : HouseholdList.New(person, [patient,
            .. (await Household.OfAsync(records, caller, person, cancel)).Select(m => m.Id)]);
        await CommitAsync(caller, JsonWriting.Put(mark.On(body), list?.Stored.Version, isNew: list is null), "登记脱贫户", cancel);
    }

    /// <summary>The household is off the list from today on, one that came onto it today from tomorrow; that it was on it stays on record.</summary>
    public async Task EndAsync(Caller caller, string patient, CancellationToken cancel)
    {
        var today = LocalTime.Today(clock);
        var list = await HouseholdList.OfAsync(records, await HouseholdList.PersonAsync(records, caller, patient, cancel), cancel);
        if (list?.Mark is not { } mark || !mark.HoldsOn(today)) throw RefusedException.Because(422, "not-relief", "这一户现在不是脱贫户或监测户。");
        var ended = mark with { Until = mark.From < today ? today.AddDays(-1) : today };
        await CommitAsync(caller, JsonWriting.Put(ended.On(JsonWriting.Edit(list.Stored)), list.Stored.Version), "注销脱贫户", cancel);
    }

    private Task CommitAsync(Caller caller, Change change, string reason, CancellationToken cancel) =>
        records.CommitAsync(Self, [change], new(Reason: $"{reason}（{caller.Name}）"), cancel);
}
