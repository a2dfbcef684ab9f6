using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>履约：brings what a person was given in line with her record, and takes down by hand what no record shows.</summary>
/// <remarks>By hand refuses 404, 412 (somebody recorded the same unit first), 422 <c>state</c>, <c>item</c>, <c>date</c>, <c>evidence</c>, <c>nothing-left</c>.</remarks>
public sealed class FulfilContract(RecordAccess records, ServiceCatalogue catalogue, TimeProvider clock)
{
    public const int LongestEvidence = 500;
    private const int MostChanges = 200;

    /// <summary>Writes what is missing, withdraws what is no longer shown; a second time in a row it changes nothing.</summary>
    /// <returns>How many fulfilments changed.</returns>
    public async Task<int> ReconcileAsync(Caller caller, string patient, CancellationToken cancel)
    {
        var contracts = (await ContractReading.OfPersonAsync(records, caller, patient, cancel)).OrderBy(c => c.Start).ThenBy(c => c.Id, StringComparer.Ordinal).ToList();
        var counting = contracts.Where(Entitlements.Counts).ToList();
        var standing = new Dictionary<string, (Fulfilment? Fulfilment, Stored Stored)>(StringComparer.Ordinal);
        await foreach (var stored in ContractReading.PagesAsync(records, caller, "ChargeItem", $"patient=Patient/{patient}&_count=500", ContractReading.Most, cancel))
            standing[stored.Key.Id] = (FulfilmentBody.Read(JsonReading.Parse(stored)), stored);
        if (counting.Count is 0 && standing.Count is 0) return 0;

        var wanted = await WantedAsync(caller, patient, counting, [.. standing.Values.Select(s => s.Fulfilment).OfType<Fulfilment>().Where(f => f.IsByHand)], cancel);
        var changes = Difference(wanted, standing).ToList();
        foreach (var chunk in changes.Chunk(MostChanges)) await records.CommitAsync(caller, chunk, new(Reason: "签约履约"), cancel);
        return changes.Count;
    }

    /// <summary>One unit that a person says was given, with what shows it.</summary>
    public async Task ByHandAsync(Caller caller, string id, string item, DateOnly day, string evidence, CancellationToken cancel)
    {
        var today = LocalTime.Today(clock);
        if (await ContractReading.ReadAsync(records, caller, id, cancel) is not var (contract, _)) throw RefusedException.Because(404, "not-found", "没有这份签约。");
        var year = contract.YearOf(day);
        var given = await OfContractsAsync(records, caller, [contract], cancel);
        var owed = Entitlements.Of(contract, day, given).Where(e => e.Line.Item == item).ToList();
        if (Wrong(contract, owed, day, evidence, today) is { } refusal) throw RefusedException.Because(422, refusal, $"Nothing was recorded: {refusal}.");
        // Named by its number in the year: two people who record the last unit at once write the same one, and the second is refused.
        var number = given.Count(f => f.Contract == id && f.Item == item && f.YearFirst == year.First && f.IsByHand);
        var unit = new Fulfilment(
            StableId.Of("hand", id, item, JsonWriting.Day(year.First), $"{number}"), id, contract.Patient, item, day, year.First, null, evidence.Trim(),
            caller.Organisation ?? contract.Clinic, Practitioner(caller), owed[0].Line.UnitPrice, contract.Edition);
        await records.CommitAsync(caller, [JsonWriting.Put(FulfilmentBody.Write(unit), isNew: true)], new(Reason: "登记履约"), cancel);
    }

    /// <summary>What was given under contracts, as the caller may see it.</summary>
    public static async Task<IReadOnlyList<Fulfilment>> OfContractsAsync(
        RecordAccess records, Caller caller, IReadOnlyCollection<FamilyContract> contracts, CancellationToken cancel)
    {
        var found = new List<Fulfilment>();
        foreach (var chunk in contracts.Chunk(100))
        {
            var query = $"identifier={string.Join(',', chunk.Select(c => $"{FulfilmentBody.ContractSystem}|{c.Id}"))}&_count=500";
            await foreach (var stored in ContractReading.PagesAsync(records, caller, "ChargeItem", query, int.MaxValue, cancel))
                if (FulfilmentBody.Read(JsonReading.Parse(stored)) is { } one) found.Add(one);
        }

        return found;
    }

    private static string? Wrong(FamilyContract contract, List<Entitlement> owed, DateOnly day, string evidence, DateOnly today) =>
        !Entitlements.Counts(contract) ? "state"
        : owed.Count is 0 ? "item"
        : day > today || !Entitlements.Holds(contract, day) ? "date"
        : string.IsNullOrWhiteSpace(evidence) || evidence.Length > LongestEvidence ? "evidence"
        : owed.Sum(o => o.Left) is 0 ? "nothing-left" : null;

    private async Task<Dictionary<string, Fulfilment>> WantedAsync(
        Caller caller, string patient, List<FamilyContract> counting, IReadOnlyList<Fulfilment> byHand, CancellationToken cancel)
    {
        var wanted = new Dictionary<string, Fulfilment>(StringComparer.Ordinal);
        if (counting.Count is 0) return wanted;
        var evidence = await Evidence.OfPersonAsync(records, caller, patient, counting.Min(c => c.Start), cancel);
        // A day on which one contract ended and another began counts for the one that runs.
        foreach (var contract in counting.OrderBy(c => c.Kept is ContractState.Active ? 0 : 1))
        {
            var team = await Team.ReadAsync(records, caller, contract.Team, cancel);
            foreach (var one in Entitlements.Automatic(contract, catalogue.Of(contract.Edition, contract.Start), evidence, byHand, team)) wanted.TryAdd(one.Id, one);
        }

        return wanted;
    }

    private static IEnumerable<Change> Difference(Dictionary<string, Fulfilment> wanted, Dictionary<string, (Fulfilment? Fulfilment, Stored Stored)> standing)
    {
        foreach (var one in wanted.Values)
        {
            if (!standing.TryGetValue(one.Id, out var old)) yield return JsonWriting.Put(FulfilmentBody.Write(one), isNew: true);
            else if (old.Fulfilment is null || !IsSame(one, old.Fulfilment))
                yield return JsonWriting.Put(FulfilmentBody.Write(one with { Check = old.Fulfilment?.Check ?? QualityCheck.None }), old.Stored.Version);
        }

        foreach (var (id, (fulfilment, stored)) in standing)
        {
            if (fulfilment is null or { IsByHand: true } || wanted.ContainsKey(id)) continue;
            var body = JsonWriting.Edit(stored);
            body["status"] = "entered-in-error";
            yield return JsonWriting.Put(body, stored.Version);
        }
    }

    private static bool IsSame(Fulfilment a, Fulfilment b) =>
        (a.Contract, a.Day, a.YearFirst, a.Site, a.By, a.Price, a.Edition) == (b.Contract, b.Day, b.YearFirst, b.Site, b.By, b.Price, b.Edition)
        && a.Labels?.ToJsonString() == b.Labels?.ToJsonString();

    private static string? Practitioner(Caller caller) =>
        caller.Subject.StartsWith("Practitioner/", StringComparison.Ordinal) ? caller.Subject["Practitioner/".Length..] : null;
}
