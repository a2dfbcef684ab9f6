using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.Rights;

/// <summary>代办: one resident asks, by a code that she hands over, another to speak for her; who has the code and agrees may, until either withdraws.</summary>
/// <remarks>
/// A code, not a name: so nobody learns by asking who is on record. Only its hash is kept. Not for those who cannot ask themselves (small children, the
/// incapable): that needs a paper and the clinic. Refuses 404, 422 <c>code</c> (unknown, used, too old, or her own), <c>relationship</c>.
/// </remarks>
public sealed class SpeakFor(RecordAccess records, TimeProvider clock)
{
    private const string System = "https://tongxin.health/id/proxy-code";
    private const string Basis = "民法典 第一百六十一条至第一百六十五条；个人信息保护法 第十四条";
    private const string Letters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
    private const int Length = 10;

    /// <summary>How long a code can be used.</summary>
    public static readonly TimeSpan CodeLife = TimeSpan.FromDays(7);

    private static readonly Caller Hands = Caller.System("proxies");

    /// <summary>Relationships a proxy may state (HL7 v3 RoleCode).</summary>
    public static IReadOnlyList<string> Relationships { get; } = ["CHILD", "PRN", "SPS", "SIB", "EXT", "FRND"];

    /// <summary>The code, shown once.</summary>
    public async Task<string> InviteAsync(Caller caller, CancellationToken cancel)
    {
        var (me, now) = (Consents.Me(caller), clock.GetUtcNow());
        var code = RandomNumberGenerator.GetString(Letters, Length);
        var body = ConsentBody.Write(me, Proxies.SpeaksForMe, "proposed", Basis, null, now);
        body["identifier"] = new JsonArray(new JsonObject { ["system"] = System, ["value"] = Hash(code) });
        ((JsonObject)body["provision"]!)["period"] = new JsonObject { ["end"] = ResourceBody.Instant(now + CodeLife) };
        await records.CommitAsync(caller, [new Change.Create("Consent", JsonWriting.Bytes(body))], new(Reason: "邀请代办人"), cancel);
        return code;
    }

    /// <summary>Who holds the code agrees: both consents stand and the relationship is on record, in one commit.</summary>
    public async Task AcceptAsync(Caller caller, string code, string relationship, CancellationToken cancel)
    {
        if (!Relationships.Contains(relationship)) throw RefusedException.Because(422, "relationship", "请选择关系。");
        var (me, now) = (Consents.Me(caller), clock.GetUtcNow());
        var asked = code.Trim().ToUpperInvariant() is { Length: Length } text
            ? (await records.SearchAsync(Hands, "Consent", $"identifier={System}|{Hash(text)}&status=proposed", cancel)).Matches : [];
        if (asked is not [var stored] || JsonReading.Parse(stored) is var invitation
            && (EndOf(invitation) < now || invitation.IdIn("patient") is null || invitation.IdIn("patient") == me))
            throw RefusedException.Because(422, "code", "代码不对或已过期。");
        var person = JsonReading.Parse(stored).IdIn("patient")!;
        var (mine, hers) = (await NameAsync(me, cancel), await NameAsync(person, cancel));
        var body = JsonWriting.Edit(stored);
        body["status"] = "active";
        body.Remove("identifier");
        var provision = (JsonObject)body["provision"]!;
        provision["period"] = new JsonObject { ["start"] = ResourceBody.Instant(now) };
        provision["actor"] = new JsonArray(ConsentBody.Actor(JsonWriting.Reference($"Patient/{me}", mine)));
        var agreed = ConsentBody.Write(me, Proxies.ISpeakFor, "active", Basis, JsonWriting.Reference($"Patient/{person}", hers), now);
        await records.CommitAsync(Hands,
            [JsonWriting.Put(body, stored.Version), new Change.Create("Consent", JsonWriting.Bytes(agreed)), Related(person, me, mine, relationship)],
            new(Reason: $"代办：{caller.Subject} 接受 Patient/{person} 的邀请"), cancel);
    }

    /// <summary>Either ends it; both consents end together.</summary>
    public async Task EndAsync(Caller caller, string consent, CancellationToken cancel)
    {
        var (me, now) = (Consents.Me(caller), clock.GetUtcNow());
        if (!ResourceKey.IsLegalId(consent) || await records.ReadAsync(caller, new("Consent", consent), cancel) is not { IsDeleted: false } stored
            || JsonReading.Parse(stored) is var body && body.IdIn("patient") != me
            || ConsentBody.Read(JsonReading.Parse(stored), stored.Version) is not { Status: "active" or "proposed", Purpose: Proxies.SpeaksForMe or Proxies.ISpeakFor } mine)
            throw RefusedException.Because(404, "not-found", "没有这份授权。");
        var changes = new List<Change> { JsonWriting.Put(ConsentBody.Withdrawn(JsonWriting.Edit(stored), now), stored.Version) };
        if (mine.Actor?.Split('/')[^1] is { } other)
        {
            var answer = mine.Purpose is Proxies.SpeaksForMe ? Proxies.ISpeakFor : Proxies.SpeaksForMe;
            foreach (var found in (await records.SearchAsync(Hands, "Consent", $"patient=Patient/{other}&actor=Patient/{me}&status=active", cancel)).Matches)
                if (JsonReading.Parse(found).First("category")?.Code() == answer)
                    changes.Add(JsonWriting.Put(ConsentBody.Withdrawn(JsonWriting.Edit(found), now), found.Version));
            var (person, proxy) = mine.Purpose is Proxies.SpeaksForMe ? (me, other) : (other, me);
            foreach (var found in (await records.SearchAsync(Hands, "RelatedPerson", $"patient=Patient/{person}&identifier={System}|{proxy}", cancel)).Matches)
            {
                var related = JsonWriting.Edit(found);
                related["active"] = false;
                changes.Add(JsonWriting.Put(related, found.Version));
            }
        }

        await records.CommitAsync(Hands, changes, new(Reason: $"结束代办：{caller.Subject}"), cancel);
    }

    private async Task<string> NameAsync(string patient, CancellationToken cancel) =>
        await records.ReadAsync(Hands, new("Patient", patient), cancel) is { IsDeleted: false } stored ? JsonReading.Parse(stored).First("name")?.Text("text") ?? "" : "";

    private static Change.Create Related(string person, string proxy, string name, string relationship) => new("RelatedPerson", JsonWriting.Bytes(new()
    {
        ["resourceType"] = "RelatedPerson",
        ["identifier"] = new JsonArray(new JsonObject { ["system"] = System, ["value"] = proxy }),
        ["active"] = true,
        ["patient"] = JsonWriting.Reference($"Patient/{person}"),
        ["relationship"] = new JsonArray(JsonWriting.Concept("http://terminology.hl7.org/CodeSystem/v3-RoleCode", relationship)),
        ["name"] = new JsonArray(new JsonObject { ["text"] = name }),
    }));

    private static DateTimeOffset EndOf(JsonElement consent) =>
        DateTimeOffset.TryParse(consent.Member("provision")?.Member("period")?.Text("end"), global::System.Globalization.CultureInfo.InvariantCulture, out var end) ? end : default;

    private static string Hash(string code) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(code)));
}
