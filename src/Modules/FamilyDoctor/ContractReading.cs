using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>Reads contracts through the door, as the caller may see them.</summary>
internal static class ContractReading
{
    private const int PageSize = 500;

    /// <summary>More contracts than a township has residents; a list beyond it is cut and says so.</summary>
    public const int Most = 20_000;

    /// <summary>All contracts of one person, the newest first.</summary>
    public static async Task<IReadOnlyList<FamilyContract>> OfPersonAsync(RecordAccess records, Caller caller, string patient, CancellationToken cancel) =>
        [.. (await ListAsync(records, caller, $"patient=Patient/{patient}", cancel)).OrderByDescending(c => c.Start).ThenByDescending(c => c.Id, StringComparer.Ordinal)];

    /// <summary>Contracts in states whose FHIR status is among those named, at most <see cref="Most"/>.</summary>
    public static async Task<IReadOnlyList<FamilyContract>> ListAsync(RecordAccess records, Caller caller, string query, CancellationToken cancel)
    {
        var found = new List<FamilyContract>();
        await foreach (var stored in PagesAsync(records, caller, "Contract", $"{query}&_count={PageSize}", Most, cancel))
            if (ContractBody.Read(JsonReading.Parse(stored), stored.Version) is { } contract) found.Add(contract);
        return found;
    }

    /// <summary>Null when it is not there or not permitted.</summary>
    public static async Task<(FamilyContract Contract, Stored Stored)?> ReadAsync(RecordAccess records, Caller caller, string id, CancellationToken cancel) =>
        ResourceKey.IsLegalId(id) && await records.ReadAsync(caller, new("Contract", id), cancel) is { IsDeleted: false } stored
            && ContractBody.Read(JsonReading.Parse(stored), stored.Version) is { } contract ? (contract, stored) : null;

    /// <summary>Every match of a search, page by page.</summary>
    public static async IAsyncEnumerable<Stored> PagesAsync(
        RecordAccess records, Caller caller, string type, string query, int most, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        string? cursor = null;
        var seen = 0;
        do
        {
            var page = await records.SearchAsync(caller, type, cursor is null ? query : $"{query}&_cursor={Uri.EscapeDataString(cursor)}", cancel);
            foreach (var stored in page.Matches)
            {
                yield return stored;
                if (++seen >= most) yield break;
            }

            cursor = page.Next;
        }
        while (cursor is not null);
    }

    /// <summary>The tree of organisations, of which everybody who is signed in may look up all.</summary>
    public static async Task<Organisations> TreeAsync(RecordAccess records, Caller caller, CancellationToken cancel)
    {
        var all = new List<Organisation>();
        await foreach (var stored in PagesAsync(records, caller, "Organization", $"_count={PageSize}", Most, cancel))
            all.Add(Organisations.Read(stored.Key.Id, JsonReading.Parse(stored)));
        return new(all);
    }

    /// <summary>How many people a team holds, whoever asks: a limit that only some can see is none.</summary>
    public static async Task<long> PanelAsync(RecordAccess records, string team, CancellationToken cancel) =>
        (await records.SearchAsync(Caller.System("family-doctor-panel"), "Contract",
            $"identifier={ContractBody.TeamSystem}|{team}&status=executed&_summary=count", cancel)).Total ?? 0;

    /// <summary>People by id, as many as the caller sees.</summary>
    public static async Task<IReadOnlyDictionary<string, JsonElement>> PeopleAsync(
        RecordAccess records, Caller caller, IReadOnlyCollection<string> ids, CancellationToken cancel)
    {
        var people = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var chunk in ids.Distinct(StringComparer.Ordinal).Chunk(PageSize))
            foreach (var stored in (await records.SearchAsync(caller, "Patient", $"_id={string.Join(',', chunk)}&_count={PageSize}", cancel)).Matches)
                people[stored.Key.Id] = JsonReading.Parse(stored);
        return people;
    }
}
