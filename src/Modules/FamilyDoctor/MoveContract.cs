using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>续约、换团队、解约：what happens to a contract after it was signed.</summary>
/// <remarks>
/// The right to be the one valid contract passes from the old to the new in one commit under If-Match on the old, so two at once cannot both take it.
/// Refuses 404, 412 (somebody else was faster), 422 with a code of <see cref="ContractRules"/>.
/// </remarks>
public sealed class MoveContract(RecordAccess records, SignContract sign, ServiceCatalogue catalogue, TimeProvider clock)
{
    /// <summary>Signs the term that follows the running one.</summary>
    public async Task<string> RenewAsync(Caller caller, string id, int years, string stroke, CancellationToken cancel)
    {
        var today = LocalTime.Today(clock);
        var (contract, _) = await ReadAsync(caller, id, cancel);
        var all = await ContractReading.OfPersonAsync(records, caller, contract.Patient, cancel);
        if (ContractRules.WrongRenewal(contract, all.Any(c => c.StateOn(today) is ContractState.Signed), today) is { } refusal) throw Refused(refusal);
        var menu = contract.Lines.Where(l => l.From is ContractLine.Menu).SelectMany(l => Enumerable.Repeat(l.Item, l.PerYear)).ToList();
        return await sign.SignAsync(caller, contract.Patient, new(contract.Team, contract.End.AddDays(1), years, contract.Packages, menu, stroke), null, cancel);
    }

    /// <summary>The rest of the term with another team; the term, its contract years and what was given in them pass to it.</summary>
    public async Task<string> ChangeTeamAsync(Caller caller, string id, string to, string stroke, CancellationToken cancel)
    {
        var today = LocalTime.Today(clock);
        var (contract, stored) = await ReadAsync(caller, id, cancel);
        if (contract.StateOn(today) is not ContractState.Active) throw Refused("state");
        if (!ContractRules.IsStroke(stroke)) throw Refused("signature");
        var team = await Team.ReadAsync(records, caller, to, cancel);
        if (team is not { IsActive: true } || team.Id == contract.Team) throw Refused("team");
        if (await ContractReading.PanelAsync(records, team.Id, cancel) >= team.PanelLimit) throw Refused("panel");
        var next = contract with { Kept = ContractState.Active, Team = team.Id, Organisations = [.. contract.Organisations.Skip(1).Prepend(team.Lead).Distinct()] };
        var body = ContractBody.Write(next, catalogue.Of(contract.Edition, today), team, caller.Subject, caller.Name, stroke, clock.GetUtcNow());
        body["id"] = StableId.Of("contract", id, to, JsonWriting.Day(today));
        await records.CommitAsync(caller,
        [
            JsonWriting.Put(ContractBody.State(JsonWriting.Edit(stored), ContractState.ChangedTeam, contract.Patient, contract.Team, team.Name), stored.Version),
            JsonWriting.Put(body, isNew: true),
        ], new(Reason: "换签约团队"), cancel);
        return (string)body["id"]!;
    }

    /// <summary>Ends it before its time; a renewal that has not begun ends with it.</summary>
    public async Task EndAsync(Caller caller, string id, string reason, CancellationToken cancel)
    {
        var today = LocalTime.Today(clock);
        var (contract, stored) = await ReadAsync(caller, id, cancel);
        if (ContractRules.WrongEnd(contract, reason, today) is { } refusal) throw Refused(refusal);
        var changes = new List<Change> { Ended(contract, stored, reason, today) };
        if (contract.Kept is ContractState.Active)
            foreach (var next in (await ContractReading.OfPersonAsync(records, caller, contract.Patient, cancel)).Where(c => c.Kept is ContractState.Signed))
                if (await ContractReading.ReadAsync(records, caller, next.Id, cancel) is { } found) changes.Add(Ended(found.Contract, found.Stored, reason, today));
        await records.CommitAsync(caller, changes, new(Reason: "解除签约"), cancel);
    }

    private async Task<(FamilyContract Contract, Stored Stored)> ReadAsync(Caller caller, string id, CancellationToken cancel)
    {
        if (await ContractReading.ReadAsync(records, caller, id, cancel) is not { } first) throw RefusedException.Because(404, "not-found", "没有这份签约。");
        await ContractTurnover.PersonAsync(records, caller, first.Contract.Patient, LocalTime.Today(clock), cancel);
        return await ContractReading.ReadAsync(records, caller, id, cancel) ?? first;
    }

    private static Change Ended(FamilyContract contract, Stored stored, string reason, DateOnly today)
    {
        var body = ContractBody.State(JsonWriting.Edit(stored), ContractState.Ended, contract.Patient, contract.Team, reason);
        if (contract.Start <= today && today < contract.End) body["applies"] = ContractBody.Term(contract.Start, today);
        return JsonWriting.Put(body, stored.Version);
    }

    private static RefusedException Refused(string code) => RefusedException.Because(422, code, $"The contract cannot be moved: {code}.");
}
