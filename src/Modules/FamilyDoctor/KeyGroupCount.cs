using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>What one person of a key group answered: a contract that holds today, a refusal within the year, or nothing yet.</summary>
public enum Asked { Signed, Refused, NotYet }

/// <summary>One person of the key groups and where she stands.</summary>
/// <param name="Reason">Why she refused; null when she did not.</param>
/// <param name="Contract">Id of the contract or refusal; null when she was not asked.</param>
public sealed record KeyPerson(string Patient, IReadOnlySet<string> Groups, Asked Asked, string? Reason, string? Contract);

/// <summary>应签尽签：who belongs to the key groups among the people that the caller cares for, each person once, and who has signed.</summary>
/// <remarks>
/// Source: handbook §4. The dead and records that were merged away do not count. What the caller may not know (a mental disorder) does not put anybody into
/// a group for her; the figure of a clinic can therefore be smaller than the township's for the same village.
/// </remarks>
internal static class KeyGroupCount
{
    private const int PageSize = 500;
    private const int Most = 50_000;

    /// <summary>The de-duplicated union of all groups, in the order of their ids.</summary>
    public static async Task<IReadOnlyList<KeyPerson>> OfAsync(RecordAccess records, Caller caller, DateOnly today, CancellationToken cancel) =>
        await OfAsync(records, caller, await ReliefHouseholds.OfAsync(records, caller, today, cancel), today, cancel);

    /// <summary>The same, when the households of poverty relief are known already.</summary>
    public static async Task<IReadOnlyList<KeyPerson>> OfAsync(
        RecordAccess records, Caller caller, IReadOnlyList<ReliefHousehold> households, DateOnly today, CancellationToken cancel)
    {
        var groups = await GroupsAsync(records, caller, households, today, cancel);
        var contracts = (await ContractReading.ListAsync(records, caller, "status=executed,executable,rejected", cancel)).ToLookup(c => c.Patient, StringComparer.Ordinal);
        return [.. groups.OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => Of(g.Key, g.Value, contracts[g.Key], today))];
    }

    /// <summary>Pure: where one person stands. A contract counts before a refusal; a refusal holds for a year.</summary>
    internal static KeyPerson Of(string patient, IReadOnlySet<string> groups, IEnumerable<FamilyContract> contracts, DateOnly today)
    {
        var mine = contracts.OrderByDescending(c => c.Start).ToList();
        if (mine.Find(c => c.StateOn(today) is ContractState.Active) is { } signed) return new(patient, groups, Asked.Signed, null, signed.Id);
        if (mine.Find(c => c.Kept is ContractState.Refused && c.End >= today) is { } refused) return new(patient, groups, Asked.Refused, refused.Reason, refused.Id);
        return new(patient, groups, Asked.NotYet, null, null);
    }

    private static async Task<Dictionary<string, HashSet<string>>> GroupsAsync(
        RecordAccess records, Caller caller, IReadOnlyList<ReliefHousehold> households, DateOnly today, CancellationToken cancel)
    {
        var groups = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        var gone = new HashSet<string>(StringComparer.Ordinal);
        void Add(string? patient, string? group)
        {
            if (patient is null || group is null) return;
            if (!groups.TryGetValue(patient, out var mine)) groups[patient] = mine = new(StringComparer.Ordinal);
            mine.Add(group);
        }

        foreach (var (type, query) in Queries(today))
            await foreach (var stored in ContractReading.PagesAsync(records, caller, type, $"{query}&_count={PageSize}", Most, cancel))
            {
                var body = JsonReading.Parse(stored);
                if (type is "EpisodeOfCare") Add(body.IdIn("patient"), KeyGroups.OfEpisode(body));
                else if (type is "Flag") Add(body.IdIn("subject"), KeyGroups.OfFlag(body));
                else if (KeyGroups.IsGone(body)) gone.Add(stored.Key.Id);
                else foreach (var group in KeyGroups.ByAge(JsonReading.Day(body.Text("birthDate")), today)) Add(stored.Key.Id, group);
            }

        foreach (var household in households)
            foreach (var member in household.Members) Add(member.Text("id"), KeyGroups.Relief);

        // By age the record of the person was read already; the others are looked at now.
        var others = groups.Where(g => !g.Value.Contains(KeyGroups.Elderly) && !g.Value.Contains(KeyGroups.Child)).Select(g => g.Key).ToList();
        var people = await ContractReading.PeopleAsync(records, caller, others, cancel);
        foreach (var id in others.Where(o => !people.TryGetValue(o, out var person) || KeyGroups.IsGone(person))) gone.Add(id);
        foreach (var id in gone) groups.Remove(id);
        return groups;
    }

    private static IEnumerable<(string Type, string Query)> Queries(DateOnly today) =>
    [
        ("Patient", $"birthdate=le{JsonWriting.Day(today.AddYears(-KeyGroups.ElderlyAge))}"),
        ("Patient", $"birthdate=gt{JsonWriting.Day(today.AddYears(-KeyGroups.ChildBelow))}"),
        ("EpisodeOfCare", $"status=active&type={string.Join(',', KeyGroups.Programmes.Select(p => $"{ProgrammeCodes.Programme}|{p}"))}"),
        ("Flag", "_sort=_id"),
    ];
}
