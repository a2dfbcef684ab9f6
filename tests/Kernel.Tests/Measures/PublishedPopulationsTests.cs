using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Kernel.Tests.Measures;

/// <summary>
/// Four published measures with patients whose populations another engine computed (fhir-patient-generator: 426 reports, of which 378 have their patient), written as
/// indicators over flat views: the same people in the initial population, the denominator and the numerator.
/// </summary>
public sealed class PublishedPopulationsTests : IDisposable
{
    private static readonly DateOnly YearEnd = new(2019, 12, 31);
    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-published-").FullName;
    private readonly ColumnStore store;

    public PublishedPopulationsTests() => store = new(Path.Combine(folder, "views.duckdb"));

    // Discharged after a stroke (EXM104 antithrombotics, EXM105 statins): inpatients of 18 and over, at most 120 days, of whom the ischaemic ones count.
    private const string Stroke = """
        WITH stay AS (
            SELECT e.person, e.id, e.start_at, e.end_at, bool_or(c.code = '230690007') AS ischaemic
            FROM encounter e JOIN diagnosis d ON d.id = e.id JOIN condition c ON c.id = d.condition JOIN patient p ON p.person = e.person
            WHERE e.class = 'IMP' AND e.kind = '183452005' AND c.code IN ('230690007', '274100004') AND e.end_at::DATE BETWEEN year_start() AND as_of()
                AND e.end_at - e.start_at <= INTERVAL 120 DAY AND date_sub('year', p.birth_date, e.start_at::DATE) >= 18
            GROUP BY ALL
        ),
        given AS (
            SELECT s.person, s.id, s.ischaemic, count(m.id) > 0 AS treated
            FROM stay s LEFT JOIN prescription m ON m.person = s.person AND m.code IN ({codes}) AND m.authored_at BETWEEN s.start_at AND s.end_at
            GROUP BY ALL
        )
        SELECT person, 'x' AS organisation, bool_or(ischaemic) AS denominator, false AS excluded, bool_or(ischaemic AND treated) AS numerator, 'r' AS reason, NULL AS evidence,
            true AS initial FROM given GROUP BY person
        """;

    // EXM125: women of 51 to 73 at the beginning of the year who were seen in it; a mammogram in the 27 months before its end.
    private const string Breast = """
        SELECT p.person, 'x' AS organisation, true AS denominator, false AS excluded,
            EXISTS (SELECT 1 FROM report r WHERE r.person = p.person AND r.code = '24605-8' AND r.effective_at::DATE BETWEEN as_of() - INTERVAL 27 MONTH AND as_of()) AS numerator,
            'r' AS reason, NULL AS evidence, true AS initial
        FROM patient p
        WHERE p.sex = 'female' AND date_sub('year', p.birth_date, year_start()) BETWEEN 51 AND 73
            AND EXISTS (SELECT 1 FROM encounter e WHERE e.person = p.person AND e.kind = '185465003' AND e.start_at::DATE BETWEEN year_start() AND as_of())
        """;

    // EXM506: discharged with an opioid or a benzodiazepine; the numerator holds who got two opioids or one of each.
    private const string Opioid = """
        WITH stay AS (
            SELECT e.person, e.id, count(m.id) FILTER (m.code = '1010600') AS opioids, count(m.id) FILTER (m.code = '1298088') AS benzodiazepines
            FROM encounter e JOIN patient p ON p.person = e.person
            JOIN prescription m ON m.person = e.person AND m.code IN ('1010600', '1298088') AND m.authored_at BETWEEN e.start_at AND e.end_at
            WHERE e.kind = '32485007' AND e.end_at::DATE BETWEEN year_start() AND as_of() AND e.end_at - e.start_at <= INTERVAL 120 DAY
                AND date_sub('year', p.birth_date, e.start_at::DATE) >= 18
            GROUP BY ALL
        )
        SELECT person, 'x' AS organisation, true AS denominator, false AS excluded, bool_or(opioids > 1 OR (opioids > 0 AND benzodiazepines > 0)) AS numerator, 'r' AS reason,
            NULL AS evidence, true AS initial
        FROM stay GROUP BY person
        """;

    [Theory]
    [InlineData("EXM_104-8.2.000", 100)]
    [InlineData("EXM_105-8.2.000", 101)]
    [InlineData("EXM_125-7.3.000", 168)]
    [InlineData("EXM_506-2.2.000", 57)]
    public async Task The_populations_are_the_published_ones_person_by_person(string measure, int patients)
    {
        var archive = SharedData.Path(Path.Combine("measures", "fpg_r4_EXM125_104_105_506.tar.xz"));
        Assert.SkipUnless(File.Exists(archive), $"The archive {archive} is absent.");
        using (var tar = Process.Start("tar", ["-xf", archive, "-C", folder, measure])) await tar.WaitForExitAsync(TestContext.Current.CancellationToken);
        var people = Directory.EnumerateFiles(Path.Combine(folder, measure, "patients-r4"), "*.json", SearchOption.AllDirectories)
            .Where(f => Path.GetFileName(Path.GetDirectoryName(f)) is "numerator" or "denominator" or "ipop" or "none").ToList();
        Assert.Equal(patients, people.Count);
        var files = await TakeInAsync(people);
        var sql = measure switch
        {
            "EXM_104-8.2.000" => Stroke.Replace("{codes}", "'1364445'", StringComparison.Ordinal),
            "EXM_105-8.2.000" => Stroke.Replace("{codes}", "'197903', '312961'", StringComparison.Ordinal),
            "EXM_125-7.3.000" => Breast,
            _ => Opioid,
        };

        // The initial population is wider than the denominator: it is asked as an indicator of its own.
        var initial = $"SELECT * REPLACE (initial AS denominator, false AS numerator) FROM ({sql})";
        await store.WriteAsync(c => Evaluation.OfEverybody(c, [Of("measure", sql), Of("initial", initial)], YearEnd), TestContext.Current.CancellationToken);
        var counted = store.Read("SELECT indicator, person, numerator FROM membership", r => (Indicator: r.GetString(0), Person: r.GetString(1), Numerator: r.GetBoolean(2)));
        Assert.Equal(Published(measure, files, "initial-population"), counted.Where(c => c.Indicator is "initial").Select(c => c.Person).Order());
        Assert.Equal(Published(measure, files, "denominator"), counted.Where(c => c.Indicator is "measure").Select(c => c.Person).Order());
        Assert.Equal(Published(measure, files, "numerator"), counted.Where(c => c.Numerator).Select(c => c.Person).Order());
        Assert.NotEmpty(counted);
    }

    public void Dispose()
    {
        store.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static Indicator Of(string id, string sql) => OutlookTests.Indicator with { Id = id, Sql = sql };

    private static List<string> Published(string measure, Dictionary<string, string> files, string population) =>
    [
        .. from file in files
           let reports = Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(file.Value))!, "measure-reports")
           let report = JsonNode.Parse(File.ReadAllText(Path.Combine(reports, $"{Path.GetFileNameWithoutExtension(file.Value)}-MeasureReport.json")))!
           where report["group"]!.AsArray().SelectMany(g => g!["population"]!.AsArray())
               .Any(p => (string)p!["code"]!["coding"]![0]!["code"]! == population && (int)p["count"]! > 0)
           orderby file.Key
           select file.Key,
    ];

    /// <summary>Every bundle into the views; answers the file of each person.</summary>
    private async Task<Dictionary<string, string>> TakeInAsync(List<string> people)
    {
        var views = Views.Select(v => new FlatView(JsonDocument.Parse(v).RootElement.Clone())).ToList();
        var rows = views.ToDictionary(v => v, _ => new List<object?[]>());
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in people)
        {
            var bundle = JsonNode.Parse(await File.ReadAllTextAsync(file))!["entry"]!.AsArray().Select(e => e!["resource"]!).ToList();
            var names = bundle.ToDictionary(r => $"urn:uuid:{(string)r["id"]!}", r => $"{(string)r["resourceType"]!}/{(string)r["id"]!}");
            files[(string)bundle.First(r => (string)r["resourceType"]! == "Patient")["id"]!] = file;
            foreach (var resource in bundle)
            {
                if (views.Where(v => v.Resource == (string)resource["resourceType"]!).ToList() is not { Count: > 0 } its) continue;
                if (resource["subject"] is { } subject && names.TryGetValue((string)subject["reference"]!, out var about)) subject["reference"] = about;
                foreach (var diagnosis in resource["diagnosis"]?.AsArray() ?? [])
                    if (names.TryGetValue((string)diagnosis!["condition"]!["reference"]!, out var full)) diagnosis["condition"]!["reference"] = full;
                using var json = JsonDocument.Parse(resource.ToJsonString());
                foreach (var view in its) rows[view].AddRange(view.Rows(json.RootElement, FirelyModel.R4).Select(r => r.Row));
            }
        }

        await store.WriteAsync(connection =>
        {
            foreach (var view in views)
            {
                view.Create(connection);
                view.Replace(connection, [], rows[view], isFirstLoad: true);
            }
        }, default);
        return files;
    }

    private static readonly string[] Views =
    [
        View("patient", "Patient", "person=getResourceKey():string", "sex=gender:string", "birth_date=birthDate:date"),
        View("encounter", "Encounter", "person=subject.getReferenceKey(Patient):string", "class=class.code:string", "kind=type.first().coding.first().code:string",
            "start_at=period.start:dateTime", "end_at=period.end:dateTime"),
        View("diagnosis", "Encounter", "person=subject.getReferenceKey(Patient):string", "condition=diagnosis.first().condition.getReferenceKey(Condition):string"),
        View("condition", "Condition", "person=subject.getReferenceKey(Patient):string", "code=code.coding.first().code:string"),
        View("prescription", "MedicationRequest", "person=subject.getReferenceKey(Patient):string", "code=medication.ofType(CodeableConcept).coding.first().code:string",
            "authored_at=authoredOn:dateTime"),
        View("report", "DiagnosticReport", "person=subject.getReferenceKey(Patient):string", "code=code.coding.first().code:string",
            "effective_at=effective.ofType(dateTime):dateTime"),
    ];

    private static string View(string name, string resource, params string[] columns) => new JsonObject
    {
        ["resourceType"] = "ViewDefinition", ["name"] = name, ["status"] = "active", ["resource"] = resource,
        ["select"] = new JsonArray(new JsonObject
        {
            ["column"] = new JsonArray([.. columns.Prepend("id=getResourceKey():string").Select(c => new JsonObject
            {
                ["name"] = c[..c.IndexOf('=', StringComparison.Ordinal)], ["path"] = c[(c.IndexOf('=', StringComparison.Ordinal) + 1)..c.LastIndexOf(':')],
                ["type"] = c[(c.LastIndexOf(':') + 1)..],
            })]),
        }),
    }.ToJsonString();
}
