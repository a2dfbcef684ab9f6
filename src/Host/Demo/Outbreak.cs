using System.Globalization;
using System.Text.Json.Nodes;

namespace Tongxin.Host.Demo;

/// <summary>Gastroenteritis in the county: a little everywhere all the time, and many cases of one town within a week (a planted cluster).</summary>
internal static class Outbreak
{
    public const string TownId = "t06";
    public const string Illness = "A09";
    private const int DaysOfCluster = 6;
    private const int DaysOfBackground = 90;
    private const double ShareInTown = 0.06;
    private const double ShareElsewhere = 0.004;

    /// <summary>The day somebody fell ill, and whether it is part of the cluster; null for most people.</summary>
    public static (DateOnly Onset, bool IsCluster)? Of(ulong seed, Resident resident, DateOnly today)
    {
        if (resident.DiedOn is not null) return null;
        var chance = Chance.For(seed, $"outbreak {resident.Id}");
        if (resident.Village.TownId is TownId && chance.Happens(ShareInTown)) return (today.AddDays(-chance.Between(1, DaysOfCluster)), true);
        return chance.Happens(ShareElsewhere) ? (today.AddDays(-chance.Between(DaysOfCluster + 1, DaysOfBackground)), false) : null;
    }

    /// <summary>Seen at the township's centre on the day of onset.</summary>
    public static IEnumerable<JsonObject> Bodies(Resident r, DateOnly onset)
    {
        var day = onset.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var visit = $"v-{r.Id}-a09";
        yield return new()
        {
            ["resourceType"] = "Encounter",
            ["id"] = visit,
            ["status"] = "finished",
            ["class"] = new JsonObject { ["system"] = PeopleBodies.ActCode, ["code"] = "AMB" },
            ["subject"] = SiteBodies.Reference("Patient", r.Id),
            ["participant"] = new JsonArray(new JsonObject { ["individual"] = SiteBodies.Reference("Practitioner", $"c-{r.Village.TownId}") }),
            ["period"] = new JsonObject { ["start"] = $"{day}T10:20:00+08:00" },
            ["serviceProvider"] = SiteBodies.Reference("Organization", r.Village.TownId),
        };
        yield return new()
        {
            ["resourceType"] = "Condition",
            ["id"] = $"{r.Id}-a09",
            ["clinicalStatus"] = SiteBodies.Concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
            ["code"] = SiteBodies.Concept(PeopleBodies.Icd10, Illness, "感染性腹泻"),
            ["subject"] = SiteBodies.Reference("Patient", r.Id),
            ["encounter"] = SiteBodies.Reference("Encounter", visit),
            ["onsetDateTime"] = day,
            ["recordedDate"] = day,
        };
    }
}
