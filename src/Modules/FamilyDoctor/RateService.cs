using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>评价：a resident says how a service was, once, from 1 to 5. An <c>Observation</c> that is about the fulfilment.</summary>
/// <remarks>Refuses 404 (no such service of hers), 409 <c>rated</c>, 422 <c>stars</c>.</remarks>
public sealed class RateService(RecordAccess records, TimeProvider clock)
{
    public const int Best = 5;
    private const string System = "https://tongxin.health/id/rating";
    private const string Codes = "https://tongxin.health/cs/rating";

    public async Task RateAsync(Caller caller, string fulfilment, int stars, CancellationToken cancel)
    {
        if (stars is < 1 or > Best) throw RefusedException.Because(422, "stars", $"评价为 1 至 {Best}。");
        if (!ResourceKey.IsLegalId(fulfilment) || await records.ReadAsync(caller, new("ChargeItem", fulfilment), cancel) is not { IsDeleted: false } stored
            || FulfilmentBody.Read(JsonReading.Parse(stored)) is not { } one) throw RefusedException.Because(404, "not-found", "没有这项服务。");
        var rating = new JsonObject
        {
            ["resourceType"] = "Observation",
            ["identifier"] = new JsonArray(new JsonObject { ["system"] = System, ["value"] = one.Id }),
            ["status"] = "final",
            ["category"] = new JsonArray(JsonWriting.Concept("http://terminology.hl7.org/CodeSystem/observation-category", "survey")),
            ["code"] = JsonWriting.Concept(Codes, "service", "服务评价"),
            ["subject"] = JsonWriting.Reference($"Patient/{one.Patient}"),
            ["focus"] = new JsonArray(JsonWriting.Reference($"ChargeItem/{one.Id}")),
            ["effectiveDateTime"] = ResourceBody.Instant(clock.GetUtcNow()),
            ["valueInteger"] = stars,
        };
        var committed = await records.CommitAsync(
            caller, [new Change.Create("Observation", JsonWriting.Bytes(rating), $"identifier={System}|{one.Id}")], new(Reason: "服务评价"), cancel);
        if (committed[0].Outcome is not CommitOutcome.Created) throw RefusedException.Because(409, "rated", "已经评价过。");
    }

    /// <summary>Stars by fulfilment, of one person.</summary>
    public static async Task<IReadOnlyDictionary<string, int>> OfPersonAsync(RecordAccess records, Caller caller, string patient, CancellationToken cancel)
    {
        var stars = new Dictionary<string, int>(StringComparer.Ordinal);
        await foreach (var stored in ContractReading.PagesAsync(records, caller, "Observation", $"patient=Patient/{patient}&code={Codes}|service&_count=200", 2_000, cancel))
        {
            var body = JsonReading.Parse(stored);
            if (body.First("focus")?.Text("reference")?.Split('/')[^1] is { } id && body.Member("valueInteger")?.GetInt32() is { } given) stars[id] = given;
        }

        return stars;
    }
}
