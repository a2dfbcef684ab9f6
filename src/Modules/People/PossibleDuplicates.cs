using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People.Matching;
using Tongxin.Kernel.People.Merging;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.People;

/// <summary>疑似重复: pairs that somebody is to look at, each a FHIR Linkage; merged, or said to be two people, once and for all.</summary>
/// <remarks>
/// A pair tells each side that the other is there, so it is in nobody's record and granted to no role: whoever reaches both people is shown it here, and
/// nobody else anywhere. The machine never merges by itself.
/// </remarks>
public sealed class PossibleDuplicates(RecordAccess records, TimeProvider clock)
{
    public const int MostListed = 200;

    /// <summary>Pairs of the whole county that one page looks through, the newest first.</summary>
    public const int MostWalked = 5_000;
    private const string States = "https://tongxin.health/cs/possible-duplicate";
    private const string ScoreExtension = "https://tongxin.health/fhir/StructureDefinition/match-score";
    private const string NoteExtension = "https://tongxin.health/fhir/StructureDefinition/match-note";
    private const int AtOnce = 250;
    private static readonly string Open = $"_tag={Uri.EscapeDataString($"{States}|requested")}&_sort=-_lastUpdated&_count={AtOnce}";
    private static readonly Caller Hands = Caller.System("possible-duplicates");

    private MergePeople Merging => new(records, clock);

    /// <summary>Puts the pair on the list, unless it was there before: who was told apart once is not asked again.</summary>
    public async Task NoteAsync(string a, string b, PairScore score, CancellationToken cancel)
    {
        var key = KeyOf(a, b);
        if (await records.ReadAsync(Hands, key, cancel) is not null) return;
        var body = new JsonObject
        {
            ["resourceType"] = "Linkage", ["id"] = key.Id, ["meta"] = State("requested"), ["active"] = true,
            ["extension"] = new JsonArray(new JsonObject { ["url"] = ScoreExtension, ["valueDecimal"] = decimal.Round((decimal)score.Probability, 4) }),
            ["item"] = new JsonArray(Item(a), Item(b)),
        };
        try
        {
            await records.CommitAsync(Hands, [JsonWriting.Put(body, isNew: true)], new(Reason: "疑似重复"), cancel);
        }
        catch (RefusedException noted) when (noted.Status is 409 or 412)
        {
            // An import and the watch found the pair at the same time.
        }
    }

    /// <summary>Open pairs of which the caller reaches both people, the likeliest first.</summary>
    public async Task<IReadOnlyList<PossiblePair>> OpenAsync(Caller caller, CancellationToken cancel)
    {
        var found = new List<PossiblePair>();
        string? cursor = null;
        for (var walked = 0; walked < MostWalked; walked += AtOnce)
        {
            var page = await records.SearchAsync(Hands, "Linkage", cursor is null ? Open : $"{Open}&_cursor={Uri.EscapeDataString(cursor)}", cancel);
            found.AddRange(await ReachedAsync(caller, [.. page.Matches.Select(JsonReading.Parse)], cancel));
            if ((cursor = page.Next) is null) break;
        }

        return [.. found.OrderByDescending(p => p.Score).Take(MostListed)];
    }

    // One question for all the people of a page, so that the trail says that she looked at a list and not that she was refused strangers.
    private async Task<IEnumerable<PossiblePair>> ReachedAsync(Caller caller, IReadOnlyList<JsonElement> linkages, CancellationToken cancel)
    {
        var pairs = linkages.Select(l => (Score: Score(l), People: l.Each("item").Select(i => i.IdIn("resource")).ToList()))
            .Where(p => p.People is [not null, not null]).ToList();
        if (pairs.Count is 0) return [];
        var ids = string.Join(',', pairs.SelectMany(p => p.People).Distinct());
        var reached = (await records.SearchAsync(caller, "Patient", $"_id={ids}&_count={AtOnce * 2}", cancel)).Matches.ToDictionary(m => m.Key.Id, JsonReading.Parse);
        return from pair in pairs
               where reached.ContainsKey(pair.People[0]!) && reached.ContainsKey(pair.People[1]!)
               select new PossiblePair(reached[pair.People[0]!], reached[pair.People[1]!], pair.Score);
    }

    private static decimal? Score(JsonElement linkage) => linkage.Each("extension").Where(e => e.Text("url") is ScoreExtension)
        .Select(e => e.Member("valueDecimal")?.GetDecimal()).FirstOrDefault();

    /// <summary>Null when one of them is not there or not hers to see.</summary>
    public async Task<PossiblePair?> PairAsync(Caller caller, string a, string b, CancellationToken cancel)
    {
        if (!ResourceKey.IsLegalId(a) || !ResourceKey.IsLegalId(b)) return null;
        return await records.ReadAsync(caller, new("Patient", a), cancel) is { IsDeleted: false } first
            && await records.ReadAsync(caller, new("Patient", b), cancel) is { IsDeleted: false } second
            ? new(JsonReading.Parse(first), JsonReading.Parse(second), null) : null;
    }

    /// <summary>Records that were merged into another, newest first.</summary>
    public async Task<IReadOnlyList<JsonElement>> MergedAsync(Caller caller, CancellationToken cancel) =>
        [.. (await records.SearchAsync(caller, "Patient", $"active=false&link:missing=false&_count={MostListed}", cancel)).Matches.Select(JsonReading.Parse)];

    /// <summary>The survivor as a merge would leave it; nothing is changed.</summary>
    public Task<JsonObject> PreviewAsync(Caller caller, string survivor, string duplicate, CancellationToken cancel) =>
        Merging.PreviewAsync(caller, survivor, duplicate, cancel);

    public async Task<int> MergeAsync(Caller caller, string survivor, string duplicate, string reason, CancellationToken cancel)
    {
        var moved = await Merging.MergeAsync(caller, survivor, duplicate, reason, cancel);
        await SettleAsync(survivor, duplicate, "completed", $"{caller.Name}：合并。{reason}", cancel);
        return moved;
    }

    public async Task<IReadOnlyList<ResourceKey>> PartAsync(Caller caller, string survivor, string duplicate, string reason, CancellationToken cancel)
    {
        var touched = await Merging.UnmergeAsync(caller, duplicate, reason, cancel);
        await SettleAsync(survivor, duplicate, "rejected", $"{caller.Name}：撤销合并。{reason}", cancel);
        return touched;
    }

    /// <summary>They are two people. Refuses 404 and, without a reason, 422.</summary>
    public async Task TellApartAsync(Caller caller, string a, string b, string reason, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(reason)) throw RefusedException.Because(422, "required", "请写明理由。", "reason");
        if (await PairAsync(caller, a, b, cancel) is null) throw RefusedException.Because(404, "not-found", "没有这个人，或您无权查看。");
        await SettleAsync(a, b, "rejected", $"{caller.Name}：不是同一人。{reason.Trim()}", cancel);
    }

    private async Task SettleAsync(string a, string b, string status, string note, CancellationToken cancel)
    {
        if (await records.ReadAsync(Hands, KeyOf(a, b), cancel) is not { IsDeleted: false } stored) return;
        var body = JsonWriting.Edit(stored);
        var dated = $"{LocalTime.Today(clock).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)} {note}";
        ((JsonArray)body["extension"]!).Add(new JsonObject { ["url"] = NoteExtension, ["valueString"] = dated });
        (body["meta"], body["active"]) = (State(status), status is "completed");
        await records.CommitAsync(Hands, [JsonWriting.Put(body, stored.Version)], new(Reason: note), cancel);
    }

    private static JsonObject State(string code) => new() { ["tag"] = new JsonArray(new JsonObject { ["system"] = States, ["code"] = code }) };

    private static JsonObject Item(string person) => new() { ["type"] = "alternate", ["resource"] = JsonWriting.Reference($"Patient/{person}") };

    private static ResourceKey KeyOf(string a, string b) =>
        new("Linkage", string.CompareOrdinal(a, b) < 0 ? StableId.Of(MergePeople.QuestionPrefix, a, b) : StableId.Of(MergePeople.QuestionPrefix, b, a));
}

/// <summary>Two who may be one.</summary>
/// <param name="Score">Probability when the pair was found; null when it was not the machine that found it.</param>
public sealed record PossiblePair(JsonElement A, JsonElement B, decimal? Score);
