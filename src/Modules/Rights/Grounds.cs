using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Web.Components;

namespace Tongxin.Modules.Rights;

/// <summary>One institution that may see the resident now, and why.</summary>
/// <param name="Why"><c>manages</c>, <c>programme</c>, <c>contract</c>, <c>referral</c>, <c>visit</c>, <c>consent</c>.</param>
public sealed record Ground(string Organisation, string Why);

/// <summary>处理目的和法律依据: which institutions see a resident's record because of what stands in it.</summary>
/// <remarks>The same states from which the door derives relations; those above an institution see her through it and are not listed again.</remarks>
internal static class Grounds
{
    private const int Most = 200;

    public static async Task<IReadOnlyList<Ground>> OfAsync(RecordAccess records, Caller caller, JsonElement patient, IEnumerable<GivenConsent> consents, CancellationToken cancel)
    {
        var id = patient.Text("id");
        async Task<IEnumerable<JsonElement>> Find(string type, string states) =>
            (await records.SearchAsync(caller, type, $"patient=Patient/{id}&status={states}&_count={Most}", cancel)).Matches.Select(JsonReading.Parse);

        var found = new List<Ground?> { Of(patient.IdIn("managingOrganization"), "manages") };
        found.AddRange((await Find("EpisodeOfCare", "planned,waitlist,active,onhold")).Select(e => Of(e.IdIn("managingOrganization"), "programme")));
        found.AddRange((await Find("Encounter", "planned,arrived,triaged,in-progress,onleave")).Select(e => Of(e.IdIn("serviceProvider"), "visit")));
        found.AddRange((await Find("Contract", "executed")).SelectMany(c => c.Each("authority").Select(a => Of(Last(a.Text("reference")), "contract"))));
        found.AddRange((await Find("ServiceRequest", "active,on-hold")).SelectMany(r => r.Each("performer"))
            .Select(p => p.Text("reference")).Where(r => r?.StartsWith("Organization/", StringComparison.Ordinal) is true).Select(r => Of(Last(r), "referral")));
        found.AddRange(consents.Where(c => c.Stands && c.Actor?.StartsWith("Organization/", StringComparison.Ordinal) is true).Select(c => Of(Last(c.Actor), "consent")));
        return [.. found.OfType<Ground>().Distinct()];
    }

    private static Ground? Of(string? organisation, string why) => organisation is null ? null : new(organisation, why);

    private static string? Last(string? reference) => reference?.Split('/')[^1];
}
