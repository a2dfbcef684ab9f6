using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.Tests.SignIn;

namespace Tongxin.Modules.Tests.Cockpit;

/// <summary>SQL of analysts, well-meant and hostile, on the whole server.</summary>
public sealed class AnalystTests : IAsyncLifetime
{
    private static readonly string[] Hostile =
    [
        // Files and the outside.
        "SELECT * FROM '/etc/passwd'", "SELECT * FROM 'x.csv'", "SELECT * FROM \"/etc/passwd.csv\"", "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('*')", "SELECT * FROM glob('/*')", "SELECT * FROM read_parquet('http://127.0.0.1/x')", "SELECT * FROM read_json('x')", "SELECT getenv('HOME')",
        "WITH \"x.csv\" AS (SELECT 1) SELECT * FROM \"x.csv\"", "SELECT * FROM (WITH passwd AS (SELECT 1) SELECT * FROM passwd), 'passwd.csv'",
        // What is no SELECT.
        "COPY (SELECT 1) TO '/tmp/x'", "COPY patient FROM 'x'", "ATTACH 'x.db'", "DETACH views", "PRAGMA database_list", "INSTALL httpfs", "LOAD httpfs",
        "SET enable_external_access = true",
        "EXPORT DATABASE '/tmp/x'", "CREATE TABLE x AS SELECT 1", "DROP TABLE cell", "DELETE FROM cell", "UPDATE cell SET numerator = 0", "INSERT INTO cell VALUES (1)",
        "CHECKPOINT", "CALL pragma_version()",
        "BEGIN", "EXPLAIN ANALYZE SELECT 1", "VACUUM", "SELECT 1; DROP TABLE cell", "SELECT 1; SELECT 2", "PREPARE x AS SELECT 1", "SELECT $1", "USE main",
        // Out of the question and back in.
        "SELECT 1) UNION SELECT * FROM secret --", "SELECT * FROM (SELECT 1)) ; DROP TABLE cell; --", "SELECT 1 /* ", "SELECT 1 FROM cell) -- ",
        // Other tables and what the engine tells about itself.
        "SELECT * FROM secret", "SELECT * FROM main.secret", "SELECT * FROM views.main.secret", "SELECT * FROM main.patient", "SELECT * FROM condition",
        "SELECT * FROM scope", "SELECT * FROM touched.patient",
        "SELECT * FROM duckdb_settings()", "SELECT * FROM duckdb_secrets()", "SELECT * FROM duckdb_tables", "SELECT * FROM sqlite_master",
        "SELECT * FROM information_schema.tables", "SELECT * FROM pg_catalog.pg_tables",
        "SELECT * FROM query('SELECT * FROM secret')", "SELECT * FROM query_table('secret')", "SELECT * FROM (SHOW TABLES)", "DESCRIBE secret",
        "SELECT * FROM pragma_table_info('secret')", "SUMMARIZE cell",
        "SELECT current_setting('memory_limit')", "SELECT current_database()", "SELECT json_execute_serialized_sql('x')", "SELECT nextval('x')",
        "SELECT set_config('a','b',false)",
        "WITH a AS (SELECT * FROM secret) SELECT * FROM a", "SELECT (SELECT pseudonyms FROM secret)", "SELECT 1 WHERE EXISTS (SELECT 1 FROM secret)",
        "SELECT * FROM cell, LATERAL (SELECT * FROM secret)",
        // A named subquery that hides a table in one place and gives it back in another.
        "SELECT * FROM (WITH secret AS (SELECT 1) SELECT * FROM secret) a, secret", "WITH RECURSIVE patient AS (SELECT 1) SELECT * FROM patient",
        "WITH duckdb_tables AS (SELECT 1) SELECT * FROM duckdb_tables",
        "SELECT * FROM cell AT (VERSION => 1)", "FROM secret", "TABLE secret", "SELECT COLUMNS(*) FROM secret", "PIVOT cell ON indicator", "SELECT x -> x FROM cell", "",
    ];

    private static readonly string[] Endless =
    [
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
        "SELECT sum(a.range * b.range) FROM range(1000000000) a, range(1000000000) b",
        "SELECT count(*) FROM cell a, cell b, cell c, cell d, cell e, cell f, cell g, range(100000000) h",
    ];

    private TestServer server = null!;
    private Analyst analyst = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private static DateOnly Today => LocalTime.Today(TimeProvider.System);

    public async ValueTask InitializeAsync()
    {
        server = await TestServer.StartAsync();
        await server.PutAsync(Places.Tree);
        await server.PutAsync(Places.Patient("m1", "village-a1", "陈"), Places.Patient("m2", "village-b1", "林"), Places.Patient("w1", "village-c1", "黄"));
        await server.PutAsync(Pressure("o1", "m1", 151), Pressure("o2", "m2", 132), Pressure("o3", "w1", 140),
            Places.Observation("hiv", "m1", 1).Replace("8480-6", "75622-1", StringComparison.Ordinal));
        analyst = server.Services.GetRequiredService<Analyst>();
        var ready = "SELECT person FROM observation JOIN membership USING (person) WHERE indicator = 'record-coverage' AND as_of = as_of()";
        for (var tries = 0; tries < 240; tries++)
        {
            if (analyst.Tables(Control).Count > 0 && (await AskAsync(Control, ready)).Rows.Count >= 2) return;
            await Task.Delay(250, Cancel);
        }
    }

    [Fact]
    public async Task Nothing_but_a_select_over_the_allowed_tables_is_run()
    {
        foreach (var sql in Hostile)
        {
            var refused = await Record.ExceptionAsync(() => AskAsync(Control, sql));
            Assert.True(refused is RefusedException { Status: 422 }, $"{sql} → {refused?.ToString() ?? "was answered"}");
        }

        Assert.NotEmpty((await AskAsync(Control, "SELECT * FROM cell")).Rows);
    }

    [Fact]
    public async Task A_question_without_end_is_stopped_and_the_next_one_is_answered()
    {
        foreach (var sql in Endless)
        {
            var began = TimeProvider.System.GetTimestamp();
            var refused = await Assert.ThrowsAsync<RefusedException>(() => AskAsync(Control, sql));
            Assert.Equal(422, refused.Status);
            Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, 3 * Analyst.LongestRun);
        }

        Assert.Equal("1", (await AskAsync(Control, "SELECT 1")).Rows[0][0]);
    }

    [Fact]
    public async Task Rows_are_cut_at_the_limit_and_said_to_be()
    {
        var answer = await AskAsync(Control, "SELECT * FROM range(5000) t");
        Assert.Equal((Analyst.MostRows, true), (answer.Rows.Count, answer.IsCut));
        Assert.False((await AskAsync(Control, "SELECT * FROM range(1000) t")).IsCut);
    }

    [Fact]
    public async Task Each_role_asks_about_the_people_of_its_place_or_about_numbers_or_not_at_all()
    {
        Assert.Equal(["m1", "m2"], await PeopleAsync(Control, "patient"));
        Assert.Equal(["m1", "m2"], await PeopleAsync(Control, "observation"));
        Assert.Equal(["m1"], await PeopleAsync(Township, "patient"));
        Assert.Equal(["m1"], await PeopleAsync(Township, "observation"));
        Assert.Equal(["m1"], (await AskAsync(Township, "SELECT DISTINCT person FROM membership WHERE indicator = 'record-coverage' AND as_of = as_of()")).Rows.Select(r => r[0]!));
        Assert.Equal(["organisation", "cell"], analyst.Tables(Officer).Keys);
        await Assert.ThrowsAsync<RefusedException>(() => AskAsync(Officer, "SELECT person FROM patient"));
        Assert.Equal("2", (await AskAsync(Officer, "SELECT denominator FROM cell WHERE organisation = 'east' AND indicator = 'record-coverage' AND as_of = as_of()")).Rows[0][0]);
        Assert.Empty((await AskAsync(Officer, "SELECT * FROM cell WHERE organisation IN ('west', 'city', 'village-c1') OR indicator LIKE 'smd-%'")).Rows);
        Assert.Empty(analyst.Tables(City));
        Assert.Equal(404, (await Assert.ThrowsAsync<RefusedException>(() => AskAsync(City, "SELECT 1"))).Status);
    }

    [Fact]
    public async Task Readings_of_a_sensitive_programme_are_in_no_answer()
    {
        Assert.Empty((await AskAsync(Control, "SELECT * FROM observation WHERE code = '75622-1'")).Rows);
        Assert.Empty((await AskAsync(Township, "SELECT * FROM membership WHERE indicator LIKE 'smd-%'")).Rows);
    }

    [Fact]
    public async Task What_is_well_meant_works_and_can_be_kept_as_a_draft()
    {
        var sql = """
            WITH latest AS (SELECT person, max_by AS systolic FROM (SELECT person, arg_max(systolic, date) AS max_by FROM observation GROUP BY person))
            SELECT p.organisation, count(*) AS people, round(avg(l.systolic), 1) AS mean, count(*) FILTER (WHERE l.systolic >= 140) AS high,
                CASE WHEN p.sex = 'female' THEN '女' ELSE '男' END AS sex, date_diff('year', p.birth_date, as_of()) // 10 * 10 AS age
            FROM patient p JOIN latest l USING (person) WHERE p.birth_date BETWEEN DATE '1900-01-01' AND as_of() GROUP BY ALL ORDER BY 1, people DESC
            """;
        var answer = await AskAsync(Control, sql);
        Assert.Equal(["village-a1", "1", "151", "1", "女"], answer.Rows[0].Take(5));

        var draft = IndicatorFile.Parse("Test", "draft.sql", DraftIndicator.Of("收缩压 \"140\": 以上", sql));
        Assert.Equal("收缩压 \"140\": 以上", draft.Title);
        Assert.StartsWith("WITH latest", draft.Sql, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_asks_says_what_is_wrong_and_is_not_for_the_city()
    {
        await server.AddAsync("officer", new(Role.CountyCommission, "east"), "Practitioner/o");
        await server.AddAsync("city", new(Role.CityCommission, "city"), "Practitioner/c");
        using var officer = await server.SignedInAsync("officer");
        using var city = await server.SignedInAsync("city");

        Assert.Contains("village-a1", await officer.Http.GetStringAsync("/analysis?sql=" + Uri.EscapeDataString("SELECT id FROM organisation"), Cancel), StringComparison.Ordinal);
        using var wrong = await officer.Http.GetAsync(new Uri("/analysis?sql=" + Uri.EscapeDataString("SELECT '<script>' FROM secret"), UriKind.Relative), Cancel);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        var page = await wrong.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("没有表 secret", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>' FROM", page, StringComparison.Ordinal);
        Assert.StartsWith("-- id: draft-", await officer.Http.GetStringAsync("/analysis/draft?title=x&sql=SELECT+1", Cancel), StringComparison.Ordinal);
        using var hidden = await city.Http.GetAsync(new Uri("/analysis", UriKind.Relative), Cancel);
        Assert.Equal(HttpStatusCode.NotFound, hidden.StatusCode);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private static Caller Control => By(Role.DiseaseControl, "east-cdc");
    private static Caller Officer => By(Role.CountyCommission, "east");
    private static Caller Township => By(Role.TownshipClinician, "town-a");
    private static Caller City => By(Role.CityCommission, "city");

    private static Caller By(Role role, string place) => new() { Subject = $"Practitioner/{role}", Name = $"{role}", Role = role, Organisation = place };

    private static string Pressure(string id, string person, int systolic) => Places.Resource("Observation", id, $$"""
        "status":"final","code":{{Places.Concept("http://loinc.org", "85354-9")}},"subject":{{Places.Reference("Patient", person)}},"effectiveDateTime":"{{Today:yyyy-MM-dd}}",
        "component":[{"code":{{Places.Concept("http://loinc.org", "8480-6")}},"valueQuantity":{"value":{{systolic}},"unit":"mmHg"} }]
        """);

    private Task<AnalystAnswer> AskAsync(Caller caller, string sql) => analyst.AskAsync(caller, sql, Today, Cancel);

    private async Task<IEnumerable<string>> PeopleAsync(Caller caller, string table) =>
        (await AskAsync(caller, $"SELECT DISTINCT person FROM {table} ORDER BY person")).Rows.Select(r => r[0]!);
}
