using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>扫码签约：a draft that the resident signs on her own phone, by a code that opens once.</summary>
/// <remarks>
/// The token is told once and stands nowhere, only its digest does. It opens this one draft for a day; the signature uses it up in the same commit, so that of two
/// who sign with it one is refused. Who holds it sees what is to be signed and the family name, nothing of the record.
/// Unknown, used and over look the same (404).
/// </remarks>
public sealed class SigningLink(RecordAccess records, SignContract sign, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);
    private const int TokenBytes = 16;
    private const string System = "https://tongxin.health/cs/signing-link", Type = "Basic", Open = "open", Used = "used";
    private const string UntilExtension = "https://tongxin.health/fhir/StructureDefinition/open-until";
    private static readonly Caller Hand = Caller.System("signing-link");

    /// <summary>A new token for a draft that the caller may see. Refuses 404, 422 <c>state</c>.</summary>
    public async Task<string> DrawAsync(Caller caller, string draft, CancellationToken cancel)
    {
        if (await ContractReading.ReadAsync(records, caller, draft, cancel) is not var (contract, _)) throw RefusedException.Because(404, "not-found", "没有这份签约。");
        if (contract.Kept is not ContractState.Draft) throw RefusedException.Because(422, "state", "只有草稿可以扫码签。");
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes));
        await records.CommitAsync(Hand, [JsonWriting.Put(new()
        {
            ["resourceType"] = Type, ["id"] = IdOf(token),
            ["extension"] = new JsonArray(new JsonObject { ["url"] = UntilExtension, ["valueInstant"] = ResourceBody.Instant(clock.GetUtcNow() + Lifetime) }),
            ["identifier"] = new JsonArray(new JsonObject { ["system"] = System, ["value"] = draft }),
            ["code"] = JsonWriting.Concept(System, Open), ["author"] = JsonWriting.Reference(caller.Subject, caller.Name),
        }, isNew: true)], new(Reason: $"扫码签约（{caller.Name}）"), cancel);
        return token;
    }

    /// <summary>What a token opens; null when it opens nothing.</summary>
    public async Task<(FamilyContract Draft, string FamilyName, Team? Team)?> OpenAsync(string token, CancellationToken cancel)
    {
        if (await FindAsync(token, cancel) is not { } found) return null;
        var person = await records.ReadAsync(Hand, new("Patient", found.Draft.Patient), cancel);
        if (person is not { IsDeleted: false }) return null;
        return (found.Draft, Masked(JsonReading.Parse(person)), await Team.ReadAsync(records, Hand, found.Draft.Team, cancel));
    }

    /// <summary>Signs. Refuses 404 for a token that opens nothing, 409 or 412 when it was used meanwhile, and what <see cref="SignContract"/> refuses.</summary>
    public async Task SignAsync(string token, string stroke, CancellationToken cancel)
    {
        if (await FindAsync(token, cancel) is not { } found) throw RefusedException.Because(404, "not-found", "这个二维码已用过或已过期。");
        var (link, draft, stored, witness) = found;
        var years = draft.End.AddDays(1).Year - draft.Start.Year;
        var menu = draft.Lines.Where(l => l.From is ContractLine.Menu).SelectMany(l => Enumerable.Repeat(l.Item, l.PerYear)).ToList();
        var used = JsonWriting.Edit(link);
        used["code"] = JsonWriting.Concept(System, Used);
        await sign.SignAsync(Hand, witness, draft.Patient, new(draft.Team, LocalTime.Today(clock), years, draft.Packages, menu, stroke),
        [
            JsonWriting.Put(used, link.Version),
            JsonWriting.Put(ContractBody.State(JsonWriting.Edit(stored), ContractState.Ended, draft.Patient, draft.Team, "已签约"), stored.Version),
        ], cancel);
    }

    private async Task<(Stored Link, FamilyContract Draft, Stored Stored, Witness Witness)?> FindAsync(string token, CancellationToken cancel)
    {
        if (token.Length != TokenBytes * 2 || !token.All(char.IsAsciiHexDigitLower)) return null;
        if (await records.ReadAsync(Hand, new(Type, IdOf(token)), cancel) is not { IsDeleted: false } link) return null;
        var body = JsonReading.Parse(link);
        var isOpen = DateTimeOffset.TryParse(body.First("extension")?.Text("valueInstant"), CultureInfo.InvariantCulture, out var until) && clock.GetUtcNow() < until;
        if (!isOpen || body.Member("code")?.Code() is not Open || body.First("identifier")?.Text("value") is not { } draft) return null;
        if (await ContractReading.ReadAsync(records, Hand, draft, cancel) is not { Contract: { Kept: ContractState.Draft } contract, Stored: var stored }) return null;
        var author = body.Member("author");
        return (link, contract, stored, new(author?.Text("reference") ?? "", author?.Text("display") ?? ""));
    }

    // 陈**: enough for her to know that it is hers.
    private static string Masked(JsonElement person) => person.First("name")?.Text("text") is { Length: > 0 } name ? $"{name[..1]}**" : "**";

    private static string IdOf(string token) => $"sign-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)).AsSpan(0, TokenBytes))}";
}
