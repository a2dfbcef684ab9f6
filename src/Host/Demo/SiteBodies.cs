using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Tongxin.Host.Demo;

/// <summary>Organisations, their places on the map and their staff as FHIR resources.</summary>
internal static class SiteBodies
{
    private const string Kinds = "https://tongxin.health/cs/organisation-kind";
    private const string Roles = "https://tongxin.health/cs/role";
    private const string DivisionSystem = "https://tongxin.health/id/division";
    private const string PeriodExtension = "http://hl7.org/fhir/StructureDefinition/organization-period";
    private const string BoundaryExtension = "http://hl7.org/fhir/StructureDefinition/location-boundary-geojson";

    public static IEnumerable<JsonObject> Organisations(Places places)
    {
        yield return Organisation(Places.CityId, "禾源市卫生健康委员会", "city", null, "990100");
        yield return Organisation(Places.CountyId, "青禾县", "county", Places.CityId, Places.Division);
        yield return Organisation(Places.CommissionId, "青禾县卫生健康局", "commission", Places.CountyId, Places.Division);
        yield return Organisation(Places.HospitalId, "青禾县总医院", "hospital", Places.CountyId, Places.Division);
        yield return Organisation(Places.DiseaseControlId, "青禾县疾病预防控制中心", "disease-control", Places.CountyId, Places.Division);
        foreach (var town in places.Towns)
        {
            yield return Organisation(town.Id, town.CentreName, "township", Places.CountyId, town.Code);
            foreach (var village in town.Villages) yield return Clinic(village, town, places);
        }

        yield return Merged(places);

        foreach (var town in places.Towns)
        {
            yield return Boundary(town.Id, town.Name, town.Code, town.Boundary);
            foreach (var village in town.Villages) yield return Boundary(village.Id, village.Name, village.Code, village.Boundary);
        }
    }

    /// <summary>One village doctor per clinic, clinicians and public-health staff per centre, the people of the county's houses.</summary>
    public static IEnumerable<JsonObject> Staff(ulong seed, Places places)
    {
        var chance = Chance.For(seed, "staff");
        var posts = places.Villages.Select(v => (Id: $"d-{v.Id}", Organisation: v.Id, Role: "village-doctor", Title: "乡村医生"))
            .Concat(places.Towns.SelectMany(t => new[]
            {
                (Id: $"c-{t.Id}", Organisation: t.Id, Role: "township-clinician", Title: "主治医师"),
                (Id: $"h-{t.Id}", Organisation: t.Id, Role: "public-health-staff", Title: "公卫医师"),
                (Id: $"l-{t.Id}", Organisation: t.Id, Role: "team-leader", Title: "家庭医生团队长"),
            }))
            .Concat(
            [
                ("s-cardiology", Places.HospitalId, "specialist", "心内科副主任医师"),
                ("m-hospital", Places.HospitalId, "hospital-manager", "院长"),
                ("g-commission", Places.CommissionId, "county-commission", "基层卫生股股长"),
                ("g-city", Places.CityId, "city-commission", "市级统计"),
                ("k-cdc", Places.DiseaseControlId, "disease-control", "慢病科科长"),
                ("a-auditor", Places.CommissionId, "auditor", "审计员"),
                ("a-security", Places.CommissionId, "security-officer", "安全员"),
            ]);
        foreach (var (id, organisation, role, title) in posts)
        {
            var isMale = chance.Happens(0.55);
            var (family, given) = (Names.Surname(chance), Names.Given(chance, isMale, chance.Between(1966, 1996)));
            yield return new()
            {
                ["resourceType"] = "Practitioner",
                ["id"] = id,
                ["active"] = true,
                ["name"] = new JsonArray(new JsonObject { ["text"] = family + given, ["family"] = family, ["given"] = new JsonArray(given) }),
                ["gender"] = isMale ? "male" : "female",
                ["qualification"] = new JsonArray(new JsonObject { ["code"] = new JsonObject { ["text"] = title } }),
            };
            yield return new()
            {
                ["resourceType"] = "PractitionerRole",
                ["id"] = $"r-{id}",
                ["active"] = true,
                ["practitioner"] = Reference("Practitioner", id, family + given),
                ["organization"] = Reference("Organization", organisation),
                ["code"] = new JsonArray(Concept(Roles, role, title)),
            };
        }
    }

    internal static JsonObject Reference(string type, string id, string? display = null)
    {
        var reference = new JsonObject { ["reference"] = $"{type}/{id}" };
        if (display is not null) reference["display"] = display;
        return reference;
    }

    internal static JsonObject Concept(string system, string code, string? text = null)
    {
        var coding = new JsonObject { ["system"] = system, ["code"] = code };
        if (text is not null) coding["display"] = text;
        return new() { ["coding"] = new JsonArray(coding) };
    }

    private static JsonObject Organisation(string id, string name, string kind, string? parent, string division)
    {
        var body = new JsonObject
        {
            ["resourceType"] = "Organization",
            ["id"] = id,
            ["identifier"] = new JsonArray(new JsonObject { ["system"] = DivisionSystem, ["value"] = division }),
            ["active"] = true,
            ["type"] = new JsonArray(Concept(Kinds, kind)),
            ["name"] = name,
        };
        if (parent is not null) body["partOf"] = Reference("Organization", parent);
        return body;
    }

    private static JsonObject Clinic(Village village, Town town, Places places)
    {
        var body = Organisation(village.Id, village.ClinicName, "village", town.Id, village.Code);
        if (village.Former is { } former)
            body["identifier"]!.AsArray().Add(new JsonObject
            {
                ["use"] = "old", ["system"] = DivisionSystem, ["value"] = former.VillageCode,
                ["period"] = new JsonObject { ["end"] = Day((former.TownId is Places.MergedId ? places.MergedOn : places.MovedOn).AddDays(-1)) },
            });
        return body;
    }

    // Closed, not deleted: the past of its people stays where it was.
    private static JsonObject Merged(Places places)
    {
        var body = Organisation(Places.MergedId, $"{Places.MergedName}卫生院", "township", Places.CountyId, $"{Places.Division}{Places.TownCount + 1:000}");
        body["active"] = false;
        body["extension"] = new JsonArray(new JsonObject
        {
            ["url"] = PeriodExtension, ["valuePeriod"] = new JsonObject { ["end"] = Day(places.MergedOn.AddDays(-1)) },
        });
        return body;
    }

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static JsonObject Boundary(string organisation, string name, string code, IReadOnlyList<(double X, double Y)> boundary)
    {
        var ring = string.Join(',', boundary.Select(p => string.Create(CultureInfo.InvariantCulture, $"[{p.X},{p.Y}]")));
        var geojson = $"{{\"type\":\"Feature\",\"properties\":{{\"name\":\"{name}\"}},\"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[[{ring}]]}}}}";
        return new()
        {
            ["resourceType"] = "Location",
            ["id"] = $"area-{organisation}",
            ["extension"] = new JsonArray(new JsonObject
            {
                ["url"] = BoundaryExtension,
                ["valueAttachment"] = new JsonObject { ["contentType"] = "application/geo+json", ["data"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(geojson)) },
            }),
            ["identifier"] = new JsonArray(new JsonObject { ["system"] = DivisionSystem, ["value"] = code }),
            ["status"] = "active",
            ["name"] = name,
            ["managingOrganization"] = Reference("Organization", organisation),
        };
    }
}
