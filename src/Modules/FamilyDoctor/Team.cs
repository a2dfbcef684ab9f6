using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>A family-doctor team (家庭医生团队) with its members and the most residents it may hold: a FHIR <c>CareTeam</c> that is nobody's record.</summary>
/// <param name="Lead">Id of the organisation that leads it.</param>
/// <param name="PanelLimit">Handbook §4: at most 2,000 residents for each doctor.</param>
public sealed record Team(string Id, string Name, string Lead, bool IsActive, int PanelLimit, IReadOnlyList<TeamMember> Members)
{
    public const string PanelLimitExtension = "https://tongxin.health/fhir/StructureDefinition/panel-limit";
    public const string Category = "https://tongxin.health/cs/care-team";
    public const string FamilyDoctor = "family-doctor";
    public const int ResidentsPerDoctor = 2_000;
    private const int MostTeams = 500;

    /// <summary>Teams that may serve the people of an organisation: those led from it or above.</summary>
    public static async Task<IReadOnlyList<Team>> ForAsync(RecordAccess records, Caller caller, Organisations tree, CancellationToken cancel)
    {
        var above = tree.UpFrom(caller.Organisation)
            .Concat(tree.DownFrom(caller.Organisation).Select(tree.Find).OfType<Organisation>()).Select(o => o.Id).ToHashSet(StringComparer.Ordinal);
        var page = await records.SearchAsync(caller, "CareTeam", $"category={Category}|{FamilyDoctor}&status=active&_sort=_id&_count={MostTeams}", cancel);
        return [.. page.Matches.Select(m => Of(JsonReading.Parse(m))).Where(t => above.Contains(t.Lead))];
    }

    /// <summary>Null when there is no such team.</summary>
    public static async Task<Team?> ReadAsync(RecordAccess records, Caller caller, string id, CancellationToken cancel) =>
        Kernel.Records.ResourceKey.IsLegalId(id) && await records.ReadAsync(caller, new("CareTeam", id), cancel) is { IsDeleted: false } stored
            && JsonReading.Parse(stored) is var body && body.First("category")?.CodeIn(Category) is FamilyDoctor ? Of(body) : null;

    public static Team Of(JsonElement body) => new(
        body.Text("id") ?? "", body.Text("name") ?? "", body.Each("managingOrganization").Select(o => o.Text("reference")?.Split('/')[^1]).FirstOrDefault() ?? "",
        body.Text("status") is "active",
        body.Each("extension").Where(e => e.Text("url") is PanelLimitExtension).Select(e => e.Member("valueInteger")?.GetInt32()).FirstOrDefault() ?? ResidentsPerDoctor,
        [.. body.Each("participant").Select(p => new TeamMember(p.IdIn("member") ?? "", p.Member("member")?.Text("display") ?? "", p.First("role")?.Display() ?? "",
            p.IdIn("onBehalfOf")))]);
}

/// <summary>A member of a team; <paramref name="Organisation"/> is the clinic he works at.</summary>
public sealed record TeamMember(string Practitioner, string Name, string Role, string? Organisation);
