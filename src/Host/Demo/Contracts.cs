using System.Text.Json.Nodes;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.FamilyDoctor;
using Tongxin.Web.Components;

namespace Tongxin.Host.Demo;

/// <summary>Family-doctor teams of the towns, and who signed with them: most of the key groups, some of the rest, a few refusals with their reason.</summary>
internal sealed class Contracts(ulong seed, Places places, DateOnly today, ServiceCatalogue catalogue)
{
    private const int LongestAgo = 700;
    private static readonly string[] Reasons = ["长期在外", "已有固定医生", "认为不需要"];
    private readonly Dictionary<string, string> names = SiteBodies.Staff(seed, places).Where(b => (string?)b["resourceType"] is "Practitioner")
        .ToDictionary(b => (string)b["id"]!, b => (string)b["name"]![0]!["text"]!, StringComparer.Ordinal);

    public IEnumerable<JsonObject> Teams() => places.Towns.Select(town => new JsonObject
    {
        ["resourceType"] = "CareTeam",
        ["id"] = $"team-{town.Id}",
        ["extension"] = new JsonArray(new JsonObject { ["url"] = Team.PanelLimitExtension, ["valueInteger"] = Team.ResidentsPerDoctor * (town.Villages.Count + 1) }),
        ["status"] = "active",
        ["category"] = new JsonArray(JsonWriting.Concept(Team.Category, Team.FamilyDoctor, "家庭医生团队")),
        ["name"] = $"{town.Name}家庭医生团队",
        ["participant"] = new JsonArray([
            Member($"l-{town.Id}", "团队长", town.Id), Member($"c-{town.Id}", "全科医生", town.Id), Member($"h-{town.Id}", "公卫医师", town.Id),
            .. town.Villages.Select(v => Member($"d-{v.Id}", "乡村医生", v.Id)),
        ]),
        ["managingOrganization"] = new JsonArray(SiteBodies.Reference("Organization", town.Id)),
    });

    /// <summary>What stands between one resident and her team: the contract of today, the one before it, a refusal, or nothing.</summary>
    public IEnumerable<JsonObject> Of(Resident resident)
    {
        if (resident.DiedOn is not null) yield break;
        var chance = Chance.For(seed, $"contract {resident.Id}");
        var groups = GroupsOf(resident);
        var isKey = groups.Count > 0;
        if (!chance.Happens(isKey ? 0.8 : 0.27))
        {
            if (chance.Happens(isKey ? 0.25 : 0.02)) yield return Refusal(resident, chance);
            yield break;
        }

        var began = today.AddDays(-chance.Between(0, LongestAgo));
        var years = chance.Pick<int>([(1, 80), (2, 12), (3, 8)]);
        var renews = chance.Happens(0.85);
        for (var term = 0; began <= today; term++)
        {
            var end = began.AddYears(years).AddDays(-1);
            var goesOn = end < today && renews;
            yield return Contract(resident, $"k-{resident.Id}-{term}", began, end, goesOn ? ContractState.Renewed : ContractState.Active, groups, chance);
            if (!goesOn) yield break;
            began = end.AddDays(1);
        }
    }

    /// <summary>The plan of a marked household, made by its village doctor; of three in ten nobody has made one yet.</summary>
    public IEnumerable<JsonObject> Plan(IReadOnlyList<Resident> members)
    {
        var chance = Chance.For(seed, $"plan {members[0].HouseholdId}");
        if (Relief.Of(seed, members[0].HouseholdId, today) is not { } mark || !chance.Happens(0.7)) yield break;
        var made = today.AddDays(-chance.Between(10, 200));
        foreach (var resident in members.Where(m => m.DiedOn is null))
        {
            var (groups, doctor, edition) = (GroupsOf(resident), $"d-{resident.Village.Id}", catalogue.On(made));
            var sick = Courses.Of(seed, resident, places, today).Select(c => $"{resident.Id}-{c.Programme}").ToList();
            var plan = new ReliefPlan(
                resident.HouseholdId, resident.Id, made, MakeReliefPlan.EndOf(made, mark), doctor, names[doctor], edition.Id,
                [.. edition.Packages.Where(p => p.IsFor(groups)).Select(p => p.Id)], sick.Count > 0 ? "每季度上门随访一次，药费自付部分由县里兜底" : "", names[doctor], made);
            yield return ReliefPlanBody.Write(plan, edition, $"Practitioner/{doctor}", sick, [], new(made.ToDateTime(new(10, 0)), LocalTime.Offset));
        }
    }

    private HashSet<string> GroupsOf(Resident resident) => KeyGroups.ByAge(resident.Birth, today)
        .Concat(Courses.Of(seed, resident, places, today).Select(c => c.Programme))
        .Concat(Relief.Of(seed, resident.HouseholdId, today) is null ? [] : [KeyGroups.Relief]).ToHashSet(StringComparer.Ordinal);

    private JsonObject Contract(Resident resident, string id, DateOnly start, DateOnly end, ContractState state, HashSet<string> groups, Chance chance)
    {
        var edition = catalogue.On(start);
        var packages = edition.Packages.Where(p => p.IsFor(groups)).Select(p => p.Id).ToList();
        var menu = chance.Happens(0.12) ? edition.Items.Where(i => i.OnMenu).Select(i => i.Id).Take(chance.Between(1, 2)).ToList() : [];
        var town = places.Towns.First(t => t.Id == resident.Village.TownId);
        var contract = new FamilyContract
        {
            Id = id, Patient = resident.Id, Kept = state, Start = start, End = end, Team = $"team-{town.Id}", Edition = edition.Id,
            Organisations = [town.Id, resident.Village.Id], Lines = ContractRules.Lines(edition, packages, menu),
        };
        var doctor = $"d-{resident.Village.Id}";
        var at = new DateTimeOffset(start.ToDateTime(new(9 + chance.Between(0, 7), chance.Between(0, 59))), LocalTime.Offset);
        var body = ContractBody.Write(
            contract, edition, new(contract.Team, $"{town.Name}家庭医生团队", town.Id, true, 0, []), $"Practitioner/{doctor}", names[doctor], Stroke(chance), at);
        body["id"] = id;
        return body;
    }

    private JsonObject Refusal(Resident resident, Chance chance)
    {
        var asked = today.AddDays(-chance.Between(5, 300));
        var body = ContractBody.Refusal(resident.Id, chance.Pick(Reasons), new(asked.ToDateTime(new(10, 0)), LocalTime.Offset));
        body["id"] = $"k-{resident.Id}-no";
        return body;
    }

    // A hand that goes to the right and up and down: enough to look signed.
    private static string Stroke(Chance chance)
    {
        var points = Enumerable.Range(0, 14).Select(i => $"{40 + i * 38 + chance.Between(-12, 12)} {chance.Between(50, 150)}");
        return "M" + string.Join('L', points);
    }

    private JsonObject Member(string id, string role, string place) => new()
    {
        ["role"] = new JsonArray(new JsonObject { ["text"] = role }),
        ["member"] = SiteBodies.Reference("Practitioner", id, names[id]),
        ["onBehalfOf"] = SiteBodies.Reference("Organization", place),
    };
}
