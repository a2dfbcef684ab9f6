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

/// <summary>疑似重复: pairs that somebody is to look at, each a Task of both people; merged, or said to be two people, once and for all.</summary>
/// <remarks>The Task has no owner, so that being in a pair makes nobody anybody's patient. The machine never merges by itself.</remarks>
public sealed class PossibleDuplicates(RecordAccess records, TimeProvider clock)
{
    public const string Codes = "https://tongxin.health/cs/task";
    public const string Code = "possible-duplicate";
    public const int MostListed = 200;
    private static readonly Caller Hands = Caller.System("possible-duplicates");

    private MergePeople Merging => new(records, clock);

    /// <summary>Puts the pair on the list, unless it was there before: who was told apart once is not asked again.</summary>
    public async Task NoteAsync(string a, string b, PairScore score, CancellationToken cancel)
    {
        var key = KeyOf(a, b);
        if (await records.ReadAsync(Hands, key, cancel) is not null) return;
        var body = new JsonObject
        {
            ["resourceType"] = "Task", ["id"] = key.Id, ["status"] = "requested", ["intent"] = "proposal",
            ["code"] = JsonWriting.Concept(Codes, Code, "疑似重复"),
            ["focus"] = JsonWriting.Reference($"Patient/{b}"),
            ["for"] = JsonWriting.Reference($"Patient/{a}"),
            ["authoredOn"] = ResourceBody.Instant(clock.GetUtcNow()),
            ["input"] = new JsonArray(new JsonObject
            {
                ["type"] = new JsonObject { ["text"] = "score" }, ["valueDecimal"] = decimal.Round((decimal)score.Probability, 4),
            }),
        };
        await records.CommitAsync(Hands, [JsonWriting.Put(body, isNew: true)], new(Reason: "疑似重复"), cancel);
    }

    /// <summary>Open pairs of which the caller reaches both people, the likeliest first.</summary>
    public async Task<IReadOnlyList<PossiblePair>> OpenAsync(Caller caller, CancellationToken cancel)
    {
        var page = await records.SearchAsync(caller, "Task", $"code={Uri.EscapeDataString($"{Codes}|{Code}")}&status=requested&_count={MostListed}", cancel);
        var found = new List<PossiblePair>();
        foreach (var task in page.Matches.Select(JsonReading.Parse))
            if (task.IdIn("for") is { } a && task.IdIn("focus") is { } b && await PairAsync(caller, a, b, cancel) is { } pair)
                found.Add(pair with { Score = task.First("input")?.Member("valueDecimal")?.GetDecimal() });
        return [.. found.OrderByDescending(p => p.Score)];
    }

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
        body["status"] = status;
        var notes = body["note"] as JsonArray ?? [];
        notes.Add(new JsonObject { ["text"] = $"{LocalTime.Today(clock).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)} {note}" });
        if (body["note"] is null) body["note"] = notes;
        await records.CommitAsync(Hands, [JsonWriting.Put(body, stored.Version)], new(Reason: note), cancel);
    }

    private static ResourceKey KeyOf(string a, string b) =>
        new("Task", string.CompareOrdinal(a, b) < 0 ? StableId.Of(MergePeople.QuestionPrefix, a, b) : StableId.Of(MergePeople.QuestionPrefix, b, a));
}

/// <summary>Two who may be one.</summary>
/// <param name="Score">Probability when the pair was found; null when it was not the machine that found it.</param>
public sealed record PossiblePair(JsonElement A, JsonElement B, decimal? Score);
