using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Model;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.People.Merging;

/// <summary>Two records of one person become one, and can be parted again.</summary>
/// <remarks>
/// Everything that names the duplicate names the survivor afterwards, in one commit whose <c>Provenance</c> lists every resource with its version
/// before: nothing is moved silently. Provenance and AuditEvent stay as they were. References that R4 has no search parameter for (in extensions,
/// say) are not moved; the duplicate's <c>link</c> leads on. Whoever merges must reach both people; the moving itself is the system's, since
/// what she may not see (sensitive compartments) must move too.
/// </remarks>
public sealed class MergePeople(RecordAccess records, TimeProvider clock)
{
    /// <summary>Beyond it the merge is refused: one commit must stay one.</summary>
    public const int MostMoved = 25_000;

    /// <summary>Ids of the Linkages that ask whether two records are one begin so: they tell of the merge and are not moved by it.</summary>
    public const string QuestionPrefix = "same";

    private static readonly string[] Kept = ["Provenance", "AuditEvent", "Patient"];
    private static readonly Caller Hands = Caller.System("people-merge");

    /// <summary>The survivor as a merge would leave it; nothing is changed. Refuses as the merge does.</summary>
    public async Task<JsonObject> PreviewAsync(Caller caller, string survivor, string duplicate, CancellationToken cancel)
    {
        var (kept, gone) = await BothAsync(caller, survivor, duplicate, cancel);
        return MergeBodies.Survivor(Edit(kept), Edit(gone), duplicate);
    }

    /// <summary>Refuses 403 (may not change people), 404 (not there, or not permitted), 409 (already merged), 422 (the same person; too much to move).</summary>
    /// <returns>How many resources were moved, the two Patients not counted.</returns>
    public async Task<int> MergeAsync(Caller caller, string survivor, string duplicate, string reason, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(reason)) throw RefusedException.Because(422, "required", "请写明合并的理由。", "reason");
        var (kept, gone) = await BothAsync(caller, survivor, duplicate, cancel);
        var (keptBody, goneBody) = (Edit(kept), Edit(gone));
        var named = await NamingAsync(duplicate, cancel);
        var becomes = new Dictionary<string, string> { [$"Patient/{duplicate}"] = $"Patient/{survivor}" };
        var changes = new List<Change>
        {
            new Change.Put(kept.Key, MergeBodies.Bytes(MergeBodies.Survivor(keptBody, goneBody, duplicate)), kept.Version),
            new Change.Put(gone.Key, MergeBodies.Bytes(MergeBodies.Replaced(goneBody, survivor)), gone.Version),
        };
        changes.AddRange(named.Select(s => new Change.Put(s.Key, ReferenceRewriting.Apply(s.Body, becomes), s.Version)));
        var provenance = MergeBodies.Provenance([kept, gone, .. named], caller, reason.Trim(), clock.GetUtcNow());
        changes.Add(new Change.Put(new("Provenance", MergeBodies.IdFor(duplicate)), MergeBodies.Bytes(provenance)));
        await records.CommitAsync(Hands, changes, new(Reason: $"{caller.Name} 合并居民档案：{reason.Trim()}"), cancel);
        return named.Count;
    }

    /// <summary>
    /// Parts them again. What nobody has touched since is exactly as it was; what was changed since keeps the change and names the person it named before.
    /// What was made since stays with the survivor.
    /// </summary>
    /// <returns>Resources that were changed since and so could not simply be put back: somebody should look at them.</returns>
    public async Task<IReadOnlyList<ResourceKey>> UnmergeAsync(Caller caller, string duplicate, string reason, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(reason)) throw RefusedException.Because(422, "required", "请写明撤销的理由。", "reason");
        await records.PermitChangeAsync(caller, "Patient", cancel);
        var gone = await PersonAsync(caller, duplicate, cancel);
        if (MergeBodies.Survivor(Edit(gone)) is not { } survivor) throw RefusedException.Because(409, "conflict", "这份档案没有合并过。");
        await PersonAsync(caller, survivor, cancel);
        var note = await records.ReadAsync(Hands, new("Provenance", MergeBodies.IdFor(duplicate)), cancel)
            ?? throw RefusedException.Because(409, "conflict", "没有这次合并的记录，不能撤销。");
        var changes = new List<Change>();
        var touched = new List<ResourceKey>();
        foreach (var (key, version) in MergeBodies.Before(Edit(note)))
        {
            var now = await records.ReadAsync(Hands, key, cancel);
            if (now is null or { IsDeleted: true })
            {
                touched.Add(key);
                continue;
            }

            if (now.Version != version + 1) touched.Add(key);
            var before = await records.ReadVersionAsync(Hands, key, version, cancel) ?? throw RefusedException.Because(409, "conflict", $"没有 {key} 合并前的版本。");
            changes.Add(new Change.Put(key, now.Version == version + 1 ? before.Body : Parted(now, before, survivor, duplicate), now.Version));
        }

        var parted = MergeBodies.Parted(Edit(note), caller, reason.Trim(), clock.GetUtcNow());
        changes.Add(new Change.Put(note.Key, MergeBodies.Bytes(parted), note.Version));
        await records.CommitAsync(Hands, changes, new(Reason: $"{caller.Name} 撤销合并：{reason.Trim()}"), cancel);
        return touched;
    }

    // Changed since the merge: the change stays, and only what the merge did is taken back.
    private static ReadOnlyMemory<byte> Parted(Stored now, Stored before, string survivor, string duplicate) => now.Key.Type is "Patient"
        ? MergeBodies.Bytes(MergeBodies.TakenBack(Edit(now), Edit(before), now.Key.Id == survivor ? duplicate : survivor))
        : ReferenceRewriting.Apply(now.Body, new Dictionary<string, string> { [$"Patient/{survivor}"] = $"Patient/{duplicate}" });

    private async Task<(Stored Kept, Stored Gone)> BothAsync(Caller caller, string survivor, string duplicate, CancellationToken cancel)
    {
        await records.PermitChangeAsync(caller, "Patient", cancel);
        if (survivor == duplicate) throw RefusedException.Because(422, "invalid", "请选择两个不同的人。");
        var (kept, gone) = (await PersonAsync(caller, survivor, cancel), await PersonAsync(caller, duplicate, cancel));
        if (MergeBodies.IsReplaced(Edit(gone)) || MergeBodies.IsReplaced(Edit(kept))) throw RefusedException.Because(409, "conflict", "其中一份档案已经合并过。");
        return (kept, gone);
    }

    private async Task<Stored> PersonAsync(Caller caller, string id, CancellationToken cancel) =>
        ResourceKey.IsLegalId(id) && await records.ReadAsync(caller, new("Patient", id), cancel) is { IsDeleted: false } found
            ? found : throw RefusedException.Because(404, "not-found", "没有这个人，或您无权查看。");

    /// <summary>Everything that names the person by any search parameter, of any type.</summary>
    private async Task<IReadOnlyList<Stored>> NamingAsync(string person, CancellationToken cancel)
    {
        var found = new Dictionary<ResourceKey, Stored>();
        foreach (var type in FirelyModel.ResourceTypes.Except(Kept).Order(StringComparer.Ordinal))
        {
            var naming = SearchParameters.Of(type)!.Values.Where(p => p.Type is SearchParameterType.Reference && (p.Targets.Count is 0 || p.Targets.Contains("Patient"))).ToList();
            if (naming.Count is 0) continue;
            var request = new SearchRequest { Type = type, Count = SearchRequest.MostPerPage, Criteria = [new Criterion.InCompartment(naming, new("Patient", person))] };
            while (true)
            {
                var page = await records.SearchAsync(Hands, request, cancel);
                foreach (var stored in page.Matches.Where(s => !IsQuestion(s.Key))) found[stored.Key] = stored;
                if (found.Count > MostMoved) throw RefusedException.Because(422, "too-costly", $"这份档案有 {MostMoved} 项以上的内容，请先联系管理员。");
                if (page.Next is null) break;
                request = request with { Cursor = page.Next };
            }
        }

        return [.. found.Values];
    }

    private static bool IsQuestion(ResourceKey key) => key.Type is "Linkage" && key.Id.StartsWith($"{QuestionPrefix}-", StringComparison.Ordinal);

    private static JsonObject Edit(Stored stored) => (JsonObject)JsonNode.Parse(stored.Body.Span)!;
}
