using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>签约：a resident signs with a team, on the screen of her village doctor. One person has one valid contract.</summary>
/// <remarks>
/// Refuses 404 (no such person, or not permitted), 409 <c>valid</c> (somebody signed her first, or she has a contract), 422 with a code of
/// <see cref="ContractRules.Wrong"/>. That there is one is held by a conditional create inside the transaction, not by looking first.
/// </remarks>
public sealed class SignContract(RecordAccess records, ServiceCatalogue catalogue, TimeProvider clock)
{
    /// <returns>Id of the contract.</returns>
    /// <param name="draft">Id of the draft that is signed now; null when there was none.</param>
    public async Task<string> SignAsync(Caller caller, string patient, Offer offer, string? draft, CancellationToken cancel)
    {
        var today = LocalTime.Today(clock);
        await ContractTurnover.PersonAsync(records, caller, patient, today, cancel);
        var (contract, edition, team) = await PrepareAsync(caller, patient, offer, today, cancel);
        var state = offer.Start > today ? ContractState.Signed : ContractState.Active;
        var system = state is ContractState.Signed ? ContractBody.NextSystem : ContractBody.ValidSystem;
        if (state is ContractState.Signed && (await ContractReading.OfPersonAsync(records, caller, patient, cancel)).All(c => c.StateOn(today) is not ContractState.Active))
            throw RefusedException.Because(422, "start", "没有正在履行的签约：请从今天起签。");
        var body = ContractBody.Write(contract with { Kept = state }, edition, team, caller.Subject, caller.Name, offer.Stroke, clock.GetUtcNow());
        var committed = await records.CommitAsync(
            caller, [new Change.Create("Contract", JsonWriting.Bytes(body), $"identifier={system}|{patient}")], new(Reason: "家庭医生签约"), cancel);
        if (committed[0].Outcome is not CommitOutcome.Created) throw RefusedException.Because(409, "valid", "此人已有一份有效的签约。");
        if (draft is not null) await DropAsync(caller, draft, patient, cancel);
        return committed[0].Stored.Key.Id;
    }

    /// <summary>Keeps the offer without a signature, for another day.</summary>
    public async Task<string> DraftAsync(Caller caller, string patient, Offer offer, CancellationToken cancel)
    {
        var (contract, edition, team) = await PrepareAsync(caller, patient, offer with { Stroke = "M0 0L1 1" }, LocalTime.Today(clock), cancel);
        var body = ContractBody.Write(contract with { Kept = ContractState.Draft }, edition, team, caller.Subject, caller.Name, null, clock.GetUtcNow());
        var committed = await records.CommitAsync(caller, [new Change.Create("Contract", JsonWriting.Bytes(body))], new(Reason: "家庭医生签约草稿"), cancel);
        return committed[0].Stored.Key.Id;
    }

    /// <summary>She was asked and said no: counted with its reason, so that nobody is asked twice in vain.</summary>
    public async Task RefuseAsync(Caller caller, string patient, string reason, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(reason) || reason.Length > ContractRules.LongestReason) throw RefusedException.Because(422, "reason", "请写明不签的原因。");
        if (await records.ReadAsync(caller, new("Patient", patient), cancel) is not { IsDeleted: false }) throw NotThere();
        var body = ContractBody.Refusal(patient, reason.Trim(), clock.GetUtcNow());
        await records.CommitAsync(caller, [new Change.Create("Contract", JsonWriting.Bytes(body))], new(Reason: "不签约的原因"), cancel);
    }

    private async Task<(FamilyContract, ServiceEdition, Team)> PrepareAsync(Caller caller, string patient, Offer offer, DateOnly today, CancellationToken cancel)
    {
        if (!ResourceKey.IsLegalId(patient) || await records.ReadAsync(caller, new("Patient", patient), cancel) is not { IsDeleted: false } stored) throw NotThere();
        var person = JsonReading.Parse(stored);
        var edition = catalogue.On(offer.Start);
        var team = await Team.ReadAsync(records, caller, offer.Team, cancel);
        var panel = team is null ? 0 : await ContractReading.PanelAsync(records, team.Id, cancel);
        var groups = await KeyGroups.OfPersonAsync(records, caller, person, today, cancel);
        if (ContractRules.Wrong(offer, edition, groups, team, panel, KeyGroups.IsDead(person), today) is { } refusal)
            throw RefusedException.Because(422, refusal, $"The contract is refused: {refusal}.");
        string?[] organisations = [team!.Lead, person.IdIn("managingOrganization")];
        return (new()
        {
            Id = "", Patient = patient, Kept = ContractState.Draft, Start = offer.Start, End = offer.Start.AddYears(offer.Years).AddDays(-1), Team = team.Id,
            Organisations = [.. organisations.OfType<string>().Distinct()], Lines = ContractRules.Lines(edition, offer.Packages, offer.Menu),
        }, edition, team);
    }

    private async Task DropAsync(Caller caller, string draft, string patient, CancellationToken cancel)
    {
        if (await ContractReading.ReadAsync(records, caller, draft, cancel) is not { Contract: { Kept: ContractState.Draft } found, Stored: var stored }
            || found.Patient != patient) return;
        await records.CommitAsync(caller,
            [JsonWriting.Put(ContractBody.State(JsonWriting.Edit(stored), ContractState.Ended, patient, found.Team, "已签约"), stored.Version)], new(Reason: "草稿已签"), cancel);
    }

    private static RefusedException NotThere() => RefusedException.Because(404, "not-found", "没有这个人。");
}
