using System.Globalization;
using System.Text.Json.Nodes;
using Tongxin.Kernel.People;
using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Host.Demo;

/// <summary>Residents, their households, illnesses and follow-ups as FHIR resources.</summary>
internal static class PeopleBodies
{
    private const string RecordNumberSystem = "https://tongxin.health/id/record-number";
    private const string Programmes = "https://tongxin.health/cs/programme";
    private const string VisitKinds = "https://tongxin.health/cs/visit";
    private const string Loinc = "http://loinc.org";
    private const string Ucum = "http://unitsofmeasure.org";
    public const string Icd10 = "http://hl7.org/fhir/sid/icd-10";
    public const string ActCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

    public static JsonObject Patient(Resident r, Town town)
    {
        var identifiers = new JsonArray(new JsonObject { ["system"] = RecordNumberSystem, ["value"] = r.RecordNumber });
        if (r.Identity is { } identity) identifiers.Insert(0, new JsonObject { ["use"] = "official", ["system"] = CitizenId.System, ["value"] = identity.Value });
        var body = new JsonObject
        {
            ["resourceType"] = "Patient",
            ["id"] = r.Id,
            ["identifier"] = identifiers,
            ["active"] = true,
            ["name"] = new JsonArray(new JsonObject { ["use"] = "official", ["text"] = r.Family + r.Given, ["family"] = r.Family, ["given"] = new JsonArray(r.Given) }),
        };
        if (r.Phone is not null) body["telecom"] = new JsonArray(new JsonObject { ["system"] = "phone", ["value"] = r.Phone, ["use"] = "mobile" });
        body["gender"] = r.IsMale ? "male" : "female";
        body["birthDate"] = Day(r.Birth);
        if (r.DiedOn is { } died) body["deceasedDateTime"] = Day(died);
        var townName = r.HasOldAddress ? r.Village.Former!.TownName : town.Name;
        body["address"] = new JsonArray(new JsonObject
        {
            ["use"] = "home",
            ["text"] = $"青禾县{townName}{r.Village.Name}",
            ["line"] = new JsonArray(r.Village.Name),
            ["city"] = townName,
            ["district"] = "青禾县",
            ["postalCode"] = r.Village.Code[..6],
        });
        body["managingOrganization"] = SiteBodies.Reference("Organization", r.Village.Id);
        return body;
    }

    public static JsonObject Household(IReadOnlyList<Resident> members, ReliefMark? mark) => mark is null ? Household(members) : mark.On(Household(members));

    private static JsonObject Household(IReadOnlyList<Resident> members) => new()
    {
        ["resourceType"] = "Group",
        ["id"] = members[0].HouseholdId,
        ["active"] = true,
        ["type"] = "person",
        ["actual"] = true,
        ["code"] = SiteBodies.Concept("https://tongxin.health/cs/group", "household", "家庭"),
        ["managingEntity"] = SiteBodies.Reference("Organization", members[0].Village.Id),
        ["member"] = new JsonArray([.. members.Select(m => new JsonObject { ["entity"] = SiteBodies.Reference("Patient", m.Id) })]),
    };

    public static IEnumerable<JsonObject> Illness(Course course, bool withVisits, DateOnly today)
    {
        var r = course.Resident;
        var isPressure = course.Programme is Courses.Hypertension;
        yield return new()
        {
            ["resourceType"] = "Condition",
            ["id"] = $"{r.Id}-{course.Programme}",
            ["clinicalStatus"] = SiteBodies.Concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
            ["code"] = SiteBodies.Concept(Icd10, isPressure ? "I10" : "E11", isPressure ? "原发性高血压" : "2 型糖尿病"),
            ["subject"] = SiteBodies.Reference("Patient", r.Id),
            ["recordedDate"] = Day(course.Enrolled),
        };
        var period = new JsonObject { ["start"] = Day(course.Enrolled) };
        if (r.DiedOn is { } died) period["end"] = Day(died);
        yield return new()
        {
            ["resourceType"] = "EpisodeOfCare",
            ["id"] = $"e-{r.Id}-{course.Programme}",
            ["status"] = r.DiedOn is null ? "active" : "finished",
            ["type"] = new JsonArray(SiteBodies.Concept(Programmes, course.Programme)),
            ["patient"] = SiteBodies.Reference("Patient", r.Id),
            ["managingOrganization"] = SiteBodies.Reference("Organization", r.Village.Id),
            ["period"] = period,
        };
        foreach (var (number, reading) in course.Readings.Index())
        {
            yield return Form(course, number, reading);
            if (!withVisits) continue;
            foreach (var body in Visit(r, number, reading, course.Programme)) yield return body;
        }
    }

    /// <summary>The follow-up form as it was filled: the answers that decide.</summary>
    private static JsonObject Form(Course course, int number, Reading reading)
    {
        var (r, isPressure) = (course.Resident, course.Programme is Courses.Hypertension);
        var items = new JsonArray(
            Answer("visit-date", "valueDate", Day(reading.Date)),
            Choice("visit-method", reading.Way.ToString(CultureInfo.InvariantCulture)),
            Choice($"symptoms-{course.Programme}", "1"),
            Answer("weight", "valueDecimal", reading.WeightKg),
            Choice("adherence", reading.TakesMedicine ? "1" : "2"),
            Choice("adverse-reaction", "1"),
            Choice("complication", "1"));
        if (reading is { Systolic: { } systolic, Diastolic: { } diastolic })
        {
            items.Add(Answer("systolic", "valueInteger", systolic));
            items.Add(Answer("diastolic", "valueInteger", diastolic));
        }

        if (!isPressure && reading.Glucose is { } glucose) items.Add(Answer("fasting-glucose", "valueDecimal", glucose));
        return new()
        {
            ["resourceType"] = "QuestionnaireResponse",
            ["id"] = $"f-{r.Id}-{number:00}-{(isPressure ? "h" : "d")}",
            ["questionnaire"] = $"https://tongxin.health/fhir/Questionnaire/{course.Programme}-follow-up",
            ["status"] = "completed",
            ["subject"] = SiteBodies.Reference("Patient", r.Id),
            ["authored"] = Day(reading.Date),
            ["author"] = SiteBodies.Reference("Practitioner", $"d-{r.Village.Id}"),
            ["item"] = items,
        };
    }

    private static JsonObject Answer(string link, string member, JsonNode value) =>
        new() { ["linkId"] = link, ["answer"] = new JsonArray(new JsonObject { [member] = value }) };

    private static JsonObject Choice(string link, string code) => Answer(link, "valueCoding", new JsonObject { ["code"] = code });

    private static IEnumerable<JsonObject> Visit(Resident r, int number, Reading reading, string programme)
    {
        var id = $"v-{r.Id}-{number:00}";
        var at = $"{Day(reading.Date)}T{8 + number % 9:00}:{number * 7 % 60:00}:00+08:00";
        yield return new()
        {
            ["resourceType"] = "Encounter",
            ["id"] = id,
            ["status"] = "finished",
            ["class"] = new JsonObject { ["system"] = ActCode, ["code"] = reading.Way switch { 1 => "AMB", 2 => "HH", _ => "VR" } },
            ["type"] = new JsonArray(SiteBodies.Concept(VisitKinds, $"{programme}-follow-up", "随访")),
            ["subject"] = SiteBodies.Reference("Patient", r.Id),
            ["participant"] = new JsonArray(new JsonObject { ["individual"] = SiteBodies.Reference("Practitioner", $"d-{r.Village.Id}") }),
            ["period"] = new JsonObject { ["start"] = at },
            ["serviceProvider"] = SiteBodies.Reference("Organization", r.Village.Id),
        };
        if (reading is { Systolic: { } systolic, Diastolic: { } diastolic })
        {
            var pressure = Observation($"o-{r.Id}-{number:00}-bp", r, id, at, "vital-signs", "85354-9", "血压");
            pressure["component"] = new JsonArray(
                Component("8480-6", "收缩压", systolic, "mm[Hg]", "mmHg"),
                Component("8462-4", "舒张压", diastolic, "mm[Hg]", "mmHg"));
            yield return pressure;
        }

        if (reading.Glucose is { } glucose)
        {
            var sugar = Observation($"o-{r.Id}-{number:00}-fpg", r, id, at, "laboratory", "14771-0", "空腹血糖");
            sugar["valueQuantity"] = Quantity(glucose, "mmol/L", "mmol/L");
            yield return sugar;
        }

        var weight = Observation($"o-{r.Id}-{number:00}-kg", r, id, at, "vital-signs", "29463-7", "体重");
        weight["valueQuantity"] = Quantity(reading.WeightKg, "kg", "kg");
        yield return weight;
    }

    private static JsonObject Observation(string id, Resident r, string visit, string at, string category, string code, string text) => new()
    {
        ["resourceType"] = "Observation",
        ["id"] = id,
        ["status"] = "final",
        ["category"] = new JsonArray(SiteBodies.Concept("http://terminology.hl7.org/CodeSystem/observation-category", category)),
        ["code"] = SiteBodies.Concept(Loinc, code, text),
        ["subject"] = SiteBodies.Reference("Patient", r.Id),
        ["encounter"] = SiteBodies.Reference("Encounter", visit),
        ["effectiveDateTime"] = at,
    };

    private static JsonObject Component(string code, string text, decimal value, string unit, string shown) =>
        new() { ["code"] = SiteBodies.Concept(Loinc, code, text), ["valueQuantity"] = Quantity(value, unit, shown) };

    private static JsonObject Quantity(decimal value, string unit, string shown) =>
        new() { ["value"] = value, ["unit"] = shown, ["system"] = Ucum, ["code"] = unit };

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
