using System.Text.Json.Nodes;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People;
using Tongxin.Web.Components;

namespace Tongxin.Modules.People.Rolls;

/// <summary>档案编号 for many at once: the next free numbers of each clinic.</summary>
internal sealed class SerialNumbers(RecordAccess records, Caller registrar)
{
    private readonly Dictionary<string, int> next = new(StringComparer.Ordinal);

    /// <summary>Puts a number on everyone who has none. A clinic that has no number left gives none; they are typed later.</summary>
    public async Task GiveAsync(IReadOnlyList<RollEntry> entries, Func<RollEntry, Organisation> clinicOf, CancellationToken cancel)
    {
        foreach (var group in entries.Where(e => !HasOne(e)).GroupBy(e => clinicOf(e)))
        {
            var free = await FreeAsync(group.Key, group.Count(), cancel);
            foreach (var (entry, number) in group.Zip(free))
                ((JsonArray)entry.Body["identifier"]!).Add(new JsonObject { ["system"] = RecordNumber.System, ["value"] = number });
        }
    }

    private static bool HasOne(RollEntry entry) => ((JsonArray)entry.Body["identifier"]!).Any(i => (string?)i!["system"] == RecordNumber.System);

    private async Task<List<string>> FreeAsync(Organisation clinic, int wanted, CancellationToken cancel)
    {
        if (!next.TryGetValue(clinic.Id, out var serial))
        {
            var standing = await records.SearchAsync(registrar, "Patient", $"organization=Organization/{clinic.Id}&_summary=count", cancel);
            serial = (int)Math.Min(standing.Total ?? 0, RecordNumber.MostInVillage) + 1;
        }

        var free = new List<string>();
        while (free.Count < wanted && serial <= RecordNumber.MostInVillage)
        {
            var count = Math.Min(wanted - free.Count, RecordNumber.MostInVillage - serial + 1);
            var tried = Enumerable.Range(serial, count).Select(s => RecordNumber.Make(clinic.Division ?? "", s).Value).ToList();
            var asked = string.Join(',', tried.Select(n => $"{Uri.EscapeDataString(RecordNumber.System)}|{n}"));
            var taken = (await records.SearchAsync(registrar, "Patient", $"identifier={asked}&_count={count}", cancel)).Matches
                .SelectMany(m => JsonReading.Parse(m).Each("identifier").Select(i => i.Text("value"))).ToHashSet();
            free.AddRange(tried.Where(n => !taken.Contains(n)));
            serial += count;
        }

        next[clinic.Id] = serial;
        return free;
    }
}
