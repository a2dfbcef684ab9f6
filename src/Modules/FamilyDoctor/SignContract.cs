using System.Text.Json.Nodes;
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
        var id = await SignAsync(caller, new(caller.Subject, caller.Name), patient, offer, [], cancel);
        if (draft is not null) await DropAsync(caller, draft, patient, cancel);
        return id;
    }

    /// <summary>One signature, and what else must change with it in the same commit.</summary>
    internal async Task<string> SignAsync(Caller caller, Witness witness, string patient, Offer offer, IReadOnlyList<Change> also, CancellationToken cancel)
    {
        var today = LocalTime.Today(clock);
        await ContractTurnover.PersonAsync(records, caller, patient, today, cancel);
        var (contract, edition, team) = await PrepareAsync(caller, patient, offer, today, 0, cancel);
        var state = offer.Start > today ? ContractState.Signed : ContractState.Active;
        if (state is ContractState.Signed && (await ContractReading.OfPersonAsync(records, caller, patient, cancel)).All(c => c.StateOn(today) is not ContractState.Active))
            throw RefusedException.Because(422, "start", "没有正在履行的签约：请从今天起签。");
        var body = ContractBody.Write(contract with { Kept = state }, edition, team, witness.Practitioner, witness.Name, offer.Stroke, clock.GetUtcNow(), paper: offer.Paper);
        Change[] changes = [New(body, state, patient), .. also];
        if (offer.Paper is { } paper) changes = [.. changes, paper.Put(patient)];
        var committed = await records.CommitAsync(caller, changes, new(Reason: "家庭医生签约"), cancel);
        if (committed[0].Outcome is not CommitOutcome.Created) throw RefusedException.Because(409, "valid", "此人已有一份有效的签约。");
        return committed[0].Stored.Key.Id;
    }

    /// <summary>家庭户签约：one adult signs once for the members of her household who agree; each gets a contract of her own, with the packages that fit her.</summary>
    /// <returns>Each member's contract; null for who has a valid one already, which stays as it is.</returns>
    /// <remarks>Refuses besides 422 <c>household</c>: somebody lives elsewhere, or the hand is not an adult's.</remarks>
    public async Task<IReadOnlyList<(string Patient, string? Contract)>> SignHouseholdAsync(
        Caller caller, string hand, IReadOnlyList<string> members, Offer offer, CancellationToken cancel)
    {
        var today = LocalTime.Today(clock);
        if (!ResourceKey.IsLegalId(hand) || await records.ReadAsync(caller, new("Patient", hand), cancel) is not { IsDeleted: false } stored) throw NotThere();
        var household = (await Household.OfAsync(records, caller, JsonReading.Parse(stored), cancel)).Select(m => m.Id).Append(hand).ToHashSet(StringComparer.Ordinal);
        var all = members.Prepend(hand).Distinct(StringComparer.Ordinal).ToList();
        if (offer.Start != today || !Household.IsAdult(JsonReading.Parse(stored), today) || !all.TrueForAll(household.Contains))
            throw RefusedException.Because(422, "household", "只能由本户成年人为本户成员签约，当天生效。");
        var shared = StableId.Of("household", hand, JsonWriting.Day(today));
        var changes = new List<Change>();
        foreach (var patient in all)
        {
            await ContractTurnover.PersonAsync(records, caller, patient, today, cancel);
            var (contract, edition, team) = await PrepareAsync(caller, patient, offer, today, changes.Count, cancel, onlyFitting: true);
            var body = ContractBody.Write(contract with { Kept = ContractState.Active }, edition, team, caller.Subject, caller.Name, offer.Stroke, clock.GetUtcNow(),
                hand, offer.Paper);
            body["extension"] = new JsonArray(new JsonObject { ["url"] = ContractBody.HouseholdExtension, ["valueString"] = shared });
            changes.Add(New(body, ContractState.Active, patient));
        }

        var committed = await records.CommitAsync(
            caller, offer.Paper is { } paper ? [.. changes, .. all.Select(paper.Put)] : changes, new(Reason: "家庭户签约"), cancel);
        return [.. all.Select((patient, i) => (patient, committed[i].Outcome is CommitOutcome.Created ? committed[i].Stored.Key.Id : null))];
    }

    /// <summary>Keeps the offer without a signature, for another day.</summary>
    public async Task<string> DraftAsync(Caller caller, string patient, Offer offer, CancellationToken cancel)
    {
        var (contract, edition, team) = await PrepareAsync(caller, patient, offer with { Stroke = "M0 0L1 1" }, LocalTime.Today(clock), 0, cancel);
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

    private static Change.Create New(JsonObject body, ContractState state, string patient) => new("Contract", JsonWriting.Bytes(body),
        $"identifier={(state is ContractState.Signed ? ContractBody.NextSystem : ContractBody.ValidSystem)}|{patient}");

    /// <param name="ahead">How many of the same signature come before and take a place in the panel.</param>
    /// <param name="onlyFitting">Leaves out the packages that are not for this person instead of refusing them.</param>
    private async Task<(FamilyContract, ServiceEdition, Team)> PrepareAsync(
        Caller caller, string patient, Offer offer, DateOnly today, int ahead, CancellationToken cancel, bool onlyFitting = false)
    {
        if (!ResourceKey.IsLegalId(patient) || await records.ReadAsync(caller, new("Patient", patient), cancel) is not { IsDeleted: false } stored) throw NotThere();
        var person = JsonReading.Parse(stored);
        var edition = catalogue.On(offer.Start);
        var team = await Team.ReadAsync(records, caller, offer.Team, cancel);
        var panel = team is null ? 0 : await ContractReading.PanelAsync(records, team.Id, cancel) + ahead;
        var groups = await KeyGroups.OfPersonAsync(records, caller, person, today, cancel);
        if (onlyFitting) offer = offer with { Packages = [.. offer.Packages.Where(p => edition.Packages.FirstOrDefault(e => e.Id == p)?.IsFor(groups) is not false)] };
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

/// <summary>Who signs for the team.</summary>
/// <param name="Practitioner">Reference, e.g. <c>Practitioner/…</c>.</param>
internal sealed record Witness(string Practitioner, string Name);
