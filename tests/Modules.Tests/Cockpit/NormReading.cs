using System.Globalization;
using System.Text.Json;

namespace Tongxin.Modules.Tests.Cockpit;

/// <summary>
/// A slow, plain reading of the norm over FHIR bodies (国家基本公共卫生服务规范第三版, 工作指标), written from its formulas and not from the queries: a second opinion.
/// </summary>
internal sealed class NormReading(
    IReadOnlyList<JsonElement> patients, IReadOnlyList<JsonElement> episodes, IReadOnlyList<JsonElement> forms, IReadOnlyList<JsonElement> encounters, DateOnly day)
{
    /// <summary>One person of a denominator; who is excluded counts in neither.</summary>
    public sealed record Verdict(string Person, bool Excluded, bool Numerator);

    private const int LongestGapDays = 120, Elderly = 65;
    private readonly ILookup<string, Filled> filled = forms.Where(f => Text(f, "status") is "completed" or "amended").Select(Filled.Of).ToLookup(f => f.Person);

    private sealed record Filled(string Person, string Form, DateOnly On, JsonElement Body)
    {
        public static Filled Of(JsonElement body) => new(
            Reference(body, "subject"), Text(body, "questionnaire").Split('/')[^1].Split('|')[0],
            Answer(body, "visit-date") is { } said ? Day(said.GetString()!) : Day(Text(body, "authored")), body);
    }

    private DateOnly NewYear => new(day.Year, 1, 1);

    /// <summary>高血压患者规范管理率: enough face-to-face follow-ups for the quarters since the year began or the person was enrolled, no gap over 120 days.</summary>
    public IEnumerable<Verdict> Managed(string programme, string form) => Managed(programme, (person, enrolled) =>
    {
        var visits = Visits(person, form).OrderBy(v => v.On).ToList();
        var required = Math.Max(1, Quarter(day) - (enrolled >= NewYear ? Quarter(enrolled) - 1 : 0));
        var faces = visits.Where(v => Answer(v.Body, "visit-method") is { } way && way.GetProperty("code").GetString() is "1" or "2").Select(v => v.On).Distinct().Count();
        if (faces < required) return false;
        var dates = visits.Select(v => v.On).Append(day).ToList();
        for (var i = 1; i < dates.Count; i++)
            if (dates[i].DayNumber - dates[i - 1].DayNumber > LongestGapDays) return false;
        return true;
    });

    /// <summary>管理人群血压控制率: the latest pressure of a follow-up this year below 140/90, or 150/90 for who was 65 on that day; no reading is not controlled.</summary>
    public IEnumerable<Verdict> PressureControlled() => Managed("hypertension", (person, _) =>
    {
        var latest = Visits(person, "hypertension-follow-up").Where(v => Number(v, "systolic") is not null && Number(v, "diastolic") is not null).MaxBy(v => v.On);
        if (latest is null) return false;
        var limit = Birth(person) is { } born && born.AddYears(Elderly) <= latest.On ? 150 : 140;
        return Number(latest, "systolic") < limit && Number(latest, "diastolic") < 90;
    });

    /// <summary>管理人群血糖控制率: the latest fasting glucose of a follow-up this year below 7.0 mmol/L.</summary>
    public IEnumerable<Verdict> GlucoseControlled() => Managed("diabetes", (person, _) =>
        Visits(person, "diabetes-follow-up").Where(v => Number(v, "fasting-glucose") is not null).MaxBy(v => v.On) is { } latest && Number(latest, "fasting-glucose") < 7.0m);

    /// <summary>老年人健康管理率: of those who are 65 on any day of the year, who were examined in it.</summary>
    public IEnumerable<Verdict> ElderlyExamined() =>
        from patient in patients
        where IsCared(patient) && Born(patient) is { } born && born.AddYears(Elderly) <= new DateOnly(day.Year, 12, 31)
        select Say(patient, filled[Id(patient)].Any(f => f.Form is "elderly-examination" && InYear(f.On)));

    /// <summary>健康档案使用率: of the records established, those with a medical visit or a service of a programme in the year.</summary>
    public IEnumerable<Verdict> RecordsUsed() =>
        from patient in patients
        where IsCared(patient) && HasRecordNumber(patient)
        select Say(patient, filled[Id(patient)].Any(f => InYear(f.On)) || encounters.Any(e =>
            Reference(e, "subject") == Id(patient) && Text(e, "status") is not ("cancelled" or "entered-in-error") && InYear(Day(Text(e.GetProperty("period"), "start")))));

    // Persons under management in the year: enrolled by the day, and not discharged before the year began.
    private IEnumerable<Verdict> Managed(string programme, Func<string, DateOnly, bool> isFulfilled) =>
        from patient in patients
        let enrolments = episodes.Where(e => Reference(e, "patient") == Id(patient) && Text(e.GetProperty("type")[0].GetProperty("coding")[0], "code") == programme)
            .Select(e => e.GetProperty("period")).Where(p => Day(Text(p, "start")) <= day && (Text(p, "end") is "" || Day(Text(p, "end")) >= NewYear)).ToList()
        where enrolments.Count > 0
        select Say(patient, isFulfilled(Id(patient), enrolments.Min(p => Day(Text(p, "start")))));

    private Verdict Say(JsonElement patient, bool isFulfilled)
    {
        var isDead = Text(patient, "deceasedDateTime") is { Length: > 0 } died && Day(died) <= day;
        return new(Id(patient), isDead, isFulfilled && !isDead);
    }

    private IEnumerable<Filled> Visits(string person, string form) => filled[person].Where(f => f.Form == form && InYear(f.On));

    private bool InYear(DateOnly on) => on >= NewYear && on <= day;

    private DateOnly? Birth(string person) => Born(patients.First(p => Id(p) == person));

    private static DateOnly? Born(JsonElement patient) => Text(patient, "birthDate") is { Length: 10 } text ? Day(text) : null;

    private static bool IsCared(JsonElement patient) => !patient.TryGetProperty("active", out var active) || active.GetBoolean();

    private static bool HasRecordNumber(JsonElement patient) => patient.GetProperty("identifier").EnumerateArray()
        .Any(i => Text(i, "system").EndsWith("/record-number", StringComparison.Ordinal) && Text(i, "value").Length is 17);

    private static decimal? Number(Filled form, string link) => Answer(form.Body, link)?.GetDecimal();

    private static JsonElement? Answer(JsonElement at, string link)
    {
        if (!at.TryGetProperty("item", out var items)) return null;
        foreach (var item in items.EnumerateArray())
        {
            if (Text(item, "linkId") == link) return item.TryGetProperty("answer", out var answer) ? answer[0].EnumerateObject().First().Value : null;
            if (Answer(item, link) is { } within) return within;
        }

        return null;
    }

    private static int Quarter(DateOnly on) => (on.Month + 2) / 3;

    private static string Id(JsonElement resource) => Text(resource, "id");

    private static string Reference(JsonElement resource, string member) => resource.GetProperty(member).GetProperty("reference").GetString()!.Split('/')[1];

    private static string Text(JsonElement at, string member) => at.TryGetProperty(member, out var found) ? found.GetString() ?? "" : "";

    private static DateOnly Day(string text) => DateOnly.ParseExact(text[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
