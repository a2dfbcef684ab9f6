using System.Collections.Concurrent;
using System.Text.Json;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Access;

/// <summary>Which county a row is stamped with: its own organisation's, else that of the person it is about. The stamp stays when places merge later.</summary>
internal sealed class Placing(IRecordStore store)
{
    private const int MostRemembered = 200_000;
    private readonly ConcurrentDictionary<string, string> remembered = new(StringComparer.Ordinal);

    /// <summary>What the row says itself; null for what all counties share or what only its person can tell.</summary>
    public static string? Of(Placement placement, Organisations organisations)
    {
        if (placement.Key.Type is "Organization") return organisations.CountyOf(placement.Key.Id)?.Division;
        if (placement.Person is null) return null;
        if (organisations.OnlyCounty is { } only) return only.Division;
        // A referral to another county does not move the person: only the managing organisation says where she is.
        return placement.Key.Type is "Patient" ? placement.Organisations.Select(r => organisations.CountyOf(r.Organisation)?.Division).FirstOrDefault(d => d is not null) : null;
    }

    /// <summary>Fills in the counties that depend on the person.</summary>
    public async Task<PreparedCommit> PlaceAsync(PreparedCommit commit, Organisations organisations, CancellationToken cancel)
    {
        foreach (var change in commit.Changes)
            if (change is { Key.Type: "Patient", County: { } county }) Remember(change.Key.Id, county);
        if (organisations.OnlyCounty is not null || !commit.Changes.Any(NeedsPlace)) return commit;
        await LookUpAsync([.. commit.Changes.Where(NeedsPlace).Select(c => c.Person!).Distinct().Where(p => !remembered.ContainsKey(p))], organisations, cancel);
        return commit with { Changes = [.. commit.Changes.Select(c => NeedsPlace(c) && remembered.TryGetValue(c.Person!, out var county) ? c with { County = county } : c)] };
    }

    private static bool NeedsPlace(PreparedChange change) => change is { Person: not null, County: null, Kind: not ChangeKind.Delete };

    private async Task LookUpAsync(List<string> people, Organisations organisations, CancellationToken cancel)
    {
        foreach (var chunk in people.Chunk(SearchRequest.MostPerPage))
        {
            var search = new SearchRequest { Type = "Patient", Count = chunk.Length, Criteria = [new Criterion.IdIs(chunk)] };
            foreach (var patient in (await store.SearchAsync(search, new Visibility.Everything(), cancel)).Matches)
            {
                using var body = JsonDocument.Parse(patient.Body);
                if (body.RootElement.TryGetProperty("managingOrganization", out var managing) && managing.TryGetProperty("reference", out var reference) &&
                    organisations.CountyOf(reference.GetString()?.Split('/')[^1])?.Division is { } county) Remember(patient.Key.Id, county);
            }
        }
    }

    private void Remember(string person, string county)
    {
        if (remembered.Count >= MostRemembered) remembered.Clear();
        remembered[person] = county;
    }
}
