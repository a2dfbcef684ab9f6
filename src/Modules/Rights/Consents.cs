using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.Rights;

/// <summary>知情同意: a resident lets another institution see her record, or researchers use it; withdrawing closes the door in the same commit.</summary>
/// <remarks>
/// What rests on law or contract is no consent and is not withdrawn here. Source: 个人信息保护法 §§13-15, 29 (separate consent, as easy to withdraw as to give).
/// Refuses 404 (no such consent of hers), 409 <c>given</c> (it stands already), 422 <c>purpose</c>, <c>organisation</c>.
/// </remarks>
public sealed class Consents(RecordAccess records, TimeProvider clock)
{
    public const string Care = "care";
    public const string Research = "research";
    private const int Most = 200;

    /// <summary>What can be consented to, and the clause on which it rests.</summary>
    public static IReadOnlyDictionary<string, string> Purposes { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [Care] = "个人信息保护法 第十三条第一款第一项、第二十九条", [Research] = "个人信息保护法 第二十九条；涉及人的生命科学和医学研究伦理审查办法",
    };

    /// <param name="organisation">Id of whom she lets in; for <see cref="Care"/> only.</param>
    public async Task GiveAsync(Caller caller, string purpose, string? organisation, CancellationToken cancel)
    {
        if (!Purposes.TryGetValue(purpose, out var basis)) throw RefusedException.Because(422, "purpose", "没有这个用途。");
        var actor = purpose is not Care ? null
            : organisation is { Length: > 0 } && ResourceKey.IsLegalId(organisation)
                && await records.ReadAsync(caller, new("Organization", organisation), cancel) is { IsDeleted: false } place
                ? JsonWriting.Reference($"Organization/{organisation}", JsonReading.Parse(place).Text("name"))
                : throw RefusedException.Because(422, "organisation", "请选择机构。");
        var me = Me(caller);
        if ((await OfAsync(caller, cancel)).Any(c => c.Stands && c.Purpose == purpose && c.Actor == (string?)actor?["reference"]))
            throw RefusedException.Because(409, "given", "已经同意过。");
        await records.CommitAsync(
            caller, [new Change.Create("Consent", JsonWriting.Bytes(ConsentBody.Write(me, purpose, "active", basis, actor, clock.GetUtcNow())))], new(Reason: "知情同意"), cancel);
    }

    public async Task WithdrawAsync(Caller caller, string id, CancellationToken cancel)
    {
        if (!ResourceKey.IsLegalId(id) || await records.ReadAsync(caller, new("Consent", id), cancel) is not { IsDeleted: false } stored
            || ConsentBody.Read(JsonReading.Parse(stored), stored.Version) is not { Stands: true } consent || !Purposes.ContainsKey(consent.Purpose))
            throw RefusedException.Because(404, "not-found", "没有这份同意。");
        await records.CommitAsync(caller, [JsonWriting.Put(ConsentBody.Withdrawn(JsonWriting.Edit(stored), clock.GetUtcNow()), stored.Version)], new(Reason: "撤回同意"), cancel);
    }

    /// <summary>All that the caller gave, the newest first.</summary>
    public async Task<IReadOnlyList<GivenConsent>> OfAsync(Caller caller, CancellationToken cancel) =>
        [.. (await records.SearchAsync(caller, "Consent", $"patient=Patient/{Me(caller)}&_sort=-_lastUpdated&_count={Most}", cancel)).Matches
            .Select(s => s.IsDeleted ? null : ConsentBody.Read(JsonReading.Parse(s), s.Version)).OfType<GivenConsent>()];

    /// <summary>Id of the resident who asks; refuses 404 whoever is none.</summary>
    internal static string Me(Caller caller) => caller.Subject.StartsWith("Patient/", StringComparison.Ordinal)
        ? caller.Subject["Patient/".Length..] : throw RefusedException.Because(404, "not-found", "没有您的档案。");
}
