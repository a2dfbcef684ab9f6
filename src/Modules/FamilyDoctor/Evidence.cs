using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>Something in the record that shows that a service was given: a filled form, a final reading, a finished visit.</summary>
/// <param name="Reference">The resource, e.g. <c>Observation/…</c>.</param>
/// <param name="Codes">Form ids, LOINC codes or the visit's class, by the kind of resource.</param>
/// <param name="Site">Id of the organisation that gave it; null when the resource does not say.</param>
/// <param name="By">Id of the practitioner; null when the resource does not say.</param>
/// <param name="Labels">Sensitivity labels (<c>meta.security</c>), which go with whatever is derived; null when it has none.</param>
public sealed record Evidence(string Reference, DateOnly Day, IReadOnlySet<string> Codes, string? Site, string? By, JsonArray? Labels)
{
    private const int PageSize = 500;

    /// <summary>More visits and readings than a person has in three years; what lies beyond is not counted.</summary>
    private const int Most = 20_000;

    /// <summary>A resource as evidence; null when it proves nothing (a draft, a cancelled visit, no day).</summary>
    public static Evidence? Of(JsonElement body) => body.Text("resourceType") switch
    {
        "QuestionnaireResponse" when Visit.Of(body) is { } visit => Make(body, visit.Date, visit.Forms, null, body.IdIn("author")),
        "Observation" when body.Text("status") is "final" or "amended" or "corrected" && JsonReading.Day(body.Text("effectiveDateTime")) is { } day =>
            Make(body, day, body.Member("code")?.Each("coding").Select(c => c.Text("code")).OfType<string>() ?? [], null, null),
        "Encounter" when body.Text("status") is "finished" && JsonReading.Day(body.Member("period")?.Text("start")) is { } day =>
            Make(body, day, body.Member("class")?.Text("code") is { } code ? [code] : [], body.IdIn("serviceProvider"), body.First("participant")?.IdIn("individual")),
        _ => null,
    };

    /// <summary>What a person's record shows since a day, the oldest first.</summary>
    public static async Task<IReadOnlyList<Evidence>> OfPersonAsync(RecordAccess records, Caller caller, string patient, DateOnly since, CancellationToken cancel)
    {
        var (found, sites) = (new List<(Evidence Evidence, string? Visit)>(), new Dictionary<string, Evidence>(StringComparer.Ordinal));
        foreach (var (type, query) in new[]
        {
            ("Encounter", $"date=ge{JsonWriting.Day(since)}"), ("QuestionnaireResponse", $"authored=ge{JsonWriting.Day(since)}"),
            ("Observation", $"date=ge{JsonWriting.Day(since)}"),
        })
            await foreach (var stored in ContractReading.PagesAsync(records, caller, type, $"patient=Patient/{patient}&{query}&_count={PageSize}", Most, cancel))
            {
                var body = JsonReading.Parse(stored);
                if (Of(body) is not { } evidence) continue;
                if (type is "Encounter") sites[stored.Key.Id] = evidence;
                found.Add((evidence, body.IdIn("encounter")));
            }

        // A reading or form taken at a visit was given where and by whom the visit was.
        return [.. found.Select(f => f.Visit is { } visit && sites.TryGetValue(visit, out var at)
            ? f.Evidence with { Site = f.Evidence.Site ?? at.Site, By = f.Evidence.By ?? at.By } : f.Evidence)
            .OrderBy(e => e.Day).ThenBy(e => e.Reference, StringComparer.Ordinal)];
    }

    private static Evidence Make(JsonElement body, DateOnly day, IEnumerable<string> codes, string? site, string? by) => new(
        $"{body.Text("resourceType")}/{body.Text("id")}", day, codes.ToHashSet(StringComparer.Ordinal), site, by,
        body.Member("meta")?.Member("security") is { ValueKind: JsonValueKind.Array } labels ? (JsonArray)JsonNode.Parse(labels.GetRawText())! : null);
}
