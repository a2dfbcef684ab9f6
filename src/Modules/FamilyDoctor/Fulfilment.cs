using System.Text.Json.Nodes;
using Tongxin.Kernel.Programmes;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>One unit of a promised item that was given (履约): by what, on which day, where, and what it is worth.</summary>
/// <param name="YearFirst">First day of the contract year that it counts in.</param>
/// <param name="Evidence">The resource that shows it; null when a person said so.</param>
/// <param name="Said">What the person wrote who recorded it by hand; null when the record shows it.</param>
/// <param name="Check">What a spot check found.</param>
public sealed record Fulfilment(string Id, string Contract, string Patient, string Item, DateOnly Day, DateOnly YearFirst, string? Evidence, string? Said, string Site,
    string? By, decimal Price, string Edition, QualityCheck Check = QualityCheck.None, JsonArray? Labels = null)
{
    public bool IsByHand => Evidence is null;
}

/// <summary>Outcome of calling the resident back about a service: only what was not found wanting is paid.</summary>
public enum QualityCheck { None, Passed, Failed }

/// <summary>What one line of a contract still owes in one contract year.</summary>
public sealed record Entitlement(FamilyContract Contract, ContractLine Line, DateOnly First, DateOnly Last, IReadOnlyList<Fulfilment> Given)
{
    public int Left => Math.Max(0, Line.PerYear - Given.Count);
}

/// <summary>Which evidence fulfils which promise. Pure: the same record gives the same answer, whoever asks and however often.</summary>
/// <remarks>
/// The first of each contract year count, the oldest first, until the promise is used up; what a person recorded by hand comes before what the record shows.
/// An item counts once a day, so that a reading that was entered twice, or as a form and a reading, is not paid twice. Evidence counts while the contract held.
/// </remarks>
public static class Entitlements
{
    /// <summary>What the record shows, beside what was recorded by hand.</summary>
    public static IReadOnlyList<Fulfilment> Automatic(
        FamilyContract contract, ServiceEdition edition, IReadOnlyList<Evidence> evidence, IReadOnlyCollection<Fulfilment> byHand, Team? team)
    {
        if (!Counts(contract)) return [];
        var given = new List<Fulfilment>();
        foreach (var line in contract.Lines.GroupBy(l => l.Item, StringComparer.Ordinal))
        {
            if (edition.Item(line.Key)?.Evidence is not { } rule) continue;
            var (promised, used, days) = (line.Sum(l => l.PerYear), new Dictionary<DateOnly, int>(), new HashSet<DateOnly>());
            foreach (var hand in byHand.Where(h => h.Contract == contract.Id && h.Item == line.Key)) Use(used, days, hand.YearFirst, hand.Day);
            foreach (var one in evidence.Where(e => Holds(contract, e.Day) && rule.IsMetBy(e)))
            {
                var first = contract.YearOf(one.Day).First;
                if (used.GetValueOrDefault(first) >= promised || days.Contains(one.Day)) continue;
                Use(used, days, first, one.Day);
                given.Add(Given(contract, line.First(), one, first, team));
            }
        }

        return given;
    }

    /// <summary>Promises of the contract year in which a day lies. The same item from a package and from the menu is two lines: the package's is used up first.</summary>
    public static IReadOnlyList<Entitlement> Of(FamilyContract contract, DateOnly day, IEnumerable<Fulfilment> fulfilments)
    {
        var (first, last) = contract.YearOf(day);
        var left = fulfilments.Where(f => f.Contract == contract.Id && f.YearFirst == first).OrderBy(f => f.Day).ThenBy(f => f.Id, StringComparer.Ordinal)
            .GroupBy(f => f.Item, StringComparer.Ordinal).ToDictionary(g => g.Key, g => new Queue<Fulfilment>(g), StringComparer.Ordinal);
        var owed = new List<Entitlement>();
        foreach (var line in contract.Lines.OrderBy(l => l.From is ContractLine.Menu))
        {
            var given = new List<Fulfilment>();
            while (given.Count < line.PerYear && left.GetValueOrDefault(line.Item) is { Count: > 0 } queue) given.Add(queue.Dequeue());
            owed.Add(new(contract, line, first, last, given));
        }

        return owed;
    }

    /// <summary>Whether a contract owes anything: a draft, a refusal, or one that another team took over does not.</summary>
    public static bool Counts(FamilyContract contract) =>
        contract.Kept is ContractState.Active or ContractState.Renewed or ContractState.Ended or ContractState.Expired && contract.Edition.Length > 0;

    public static bool Holds(FamilyContract contract, DateOnly day) => day >= contract.Start && day <= contract.End;

    private static void Use(Dictionary<DateOnly, int> used, HashSet<DateOnly> days, DateOnly first, DateOnly day)
    {
        used[first] = used.GetValueOrDefault(first) + 1;
        days.Add(day);
    }

    // The id names the person and the evidence, not the contract: a change of team moves what was given, it does not give it twice.
    private static Fulfilment Given(FamilyContract contract, ContractLine line, Evidence evidence, DateOnly first, Team? team) => new(
        StableId.Of("given", contract.Patient, line.Item, evidence.Reference), contract.Id, contract.Patient, line.Item, evidence.Day, first, evidence.Reference, null,
        evidence.Site ?? team?.Members.FirstOrDefault(m => m.Practitioner == evidence.By)?.Organisation ?? contract.Clinic,
        evidence.By, line.UnitPrice, contract.Edition, Labels: evidence.Labels);
}
