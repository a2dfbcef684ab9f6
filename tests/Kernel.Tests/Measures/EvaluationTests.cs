using CsCheck;
using Tongxin.Kernel.Measures;

namespace Tongxin.Kernel.Tests.Measures;

public sealed class EvaluationTests : IDisposable
{
    private static readonly DateOnly Today = new(2026, 11, 23);
    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-measures-").FullName;
    private readonly ColumnStore store;

    private static readonly Indicator Control = IndicatorFile.Parse("Test", "control.sql", """
        -- id: control
        -- title: 血压控制率
        -- english: Blood pressure control
        -- norm: 国家基本公共卫生服务规范（第三版）
        -- edition: "2017"
        -- denominator: 管理中的人
        -- numerator: 本年最近一次血压达标的人
        -- reasons: { controlled: 达标, high: 未达标, lost: 本年无读数 }
        WITH latest AS (
            SELECT person, last(value ORDER BY date, id) AS value, last(id ORDER BY date, id) AS id FROM reading WHERE date BETWEEN year_start() AND as_of() GROUP BY person)
        SELECT p.person, p.clinic AS organisation, true AS denominator, p.dead AS excluded, coalesce(l.value < 140, false) AS numerator,
            CASE WHEN l.value IS NULL THEN 'lost' WHEN l.value < 140 THEN 'controlled' ELSE 'high' END AS reason, l.id AS evidence
        FROM patient p LEFT JOIN latest l ON l.person = p.person
        """);

    public EvaluationTests()
    {
        store = new(Path.Combine(folder, "views.duckdb"));
        Write("""
            CREATE TABLE patient(person VARCHAR, clinic VARCHAR, dead BOOLEAN);
            CREATE TABLE reading(id VARCHAR, person VARCHAR, date DATE, value DOUBLE);
            CREATE VIEW touched.patient AS SELECT * FROM main.patient WHERE person IN (SELECT person FROM main.scope);
            CREATE VIEW touched.reading AS SELECT * FROM main.reading WHERE person IN (SELECT person FROM main.scope);
            INSERT INTO organisation VALUES ('county', NULL, '县', 'county', 'c'), ('t1', 'county', '甲镇', 'township', 'c'), ('t2', 'county', '乙镇', 'township', 'c');
            INSERT INTO above VALUES ('county','county'),('t1','t1'),('t2','t2'),('county','t1'),('county','t2');
            """);
    }

    [Fact]
    public void A_number_is_as_long_as_its_list_and_the_lost_are_not_controlled()
    {
        Write("""
            INSERT INTO patient VALUES ('a','t1',false),('b','t1',false),('c','t2',false),('d','t2',true);
            INSERT INTO reading VALUES ('1','a','2026-03-01',150),('2','a','2026-10-01',130),('3','b','2025-12-31',120);
            """);

        Everybody();
        var board = new Board(store);
        var county = board.At("control", "county", Today)!;

        Assert.Equal((3, 1, 1), (county.Denominator, county.Numerator, county.Excluded));
        Assert.Equal(3, board.People("control", "county", Today, null, null, 0, 100).Count);
        Assert.Equal("lost", board.People("control", "t1", Today, false, null, 0, 100).Single().Reason);
        Assert.Equal("2", board.People("control", "t1", Today, true, null, 0, 100).Single().Evidence);
        Assert.Equal([("lost", false, 2L), ("controlled", true, 1L)], board.Reasons("control", "county", Today));
    }

    [Fact]
    public void Nobody_eligible_is_no_rate_and_not_zero()
    {
        Write("INSERT INTO patient VALUES ('d','t1',true)");
        Everybody();

        Assert.Null(new Board(store).At("control", "t1", Today)!.Rate);
        Assert.Null(new Board(store).At("control", "t2", Today));
    }

    [Fact]
    public void Whom_no_place_cares_for_is_in_no_places_number_and_stops_nothing()
    {
        Write("INSERT INTO patient VALUES ('a','t1',false),('b',NULL,false)");
        Everybody();
        Only("a", "b");

        Assert.Equal(1, new Board(store).At("control", "county", Today)!.Denominator);
        Assert.Equal("a", new Board(store).People("control", "county", Today, null, null, 0, 100).Single().Person);
    }

    /// <summary>Random histories: after each step, asking only the touched people gives what asking everybody gives.</summary>
    [Fact]
    public void Incremental_equals_full()
    {
        var step = Gen.Select(Gen.Int[0, 9], Gen.Int[0, 4], Gen.Int[1, 12], Gen.Int[100, 180]);
        step.Array[1, 25].Sample(steps =>
        {
            Write("DELETE FROM patient; DELETE FROM reading; DELETE FROM membership; DELETE FROM cell");
            foreach (var (number, kind, month, value) in steps)
            {
                var person = $"p{number}";
                Write(kind switch
                {
                    0 => $"DELETE FROM patient WHERE person = '{person}'; INSERT INTO patient VALUES ('{person}', 't{number % 2 + 1}', false)",
                    1 => $"INSERT INTO reading VALUES ('r{value}', '{person}', '2026-{month:00}-01', {value})",
                    2 => $"UPDATE patient SET clinic = CASE clinic WHEN 't1' THEN 't2' ELSE 't1' END WHERE person = '{person}'",
                    3 => $"UPDATE patient SET clinic = NULL WHERE person = '{person}'",
                    _ => $"UPDATE patient SET dead = NOT dead WHERE person = '{person}'",
                });
                Only(person);
            }

            var incremental = (Members(), Cells());
            Write("DELETE FROM membership; DELETE FROM cell");
            Everybody();
            Assert.Equal(Members(), incremental.Item1);
            Assert.Equal(Cells(), incremental.Item2);
        }, iter: 60, threads: 1);
    }

    /// <summary>
    /// A long history: people come, die, live again, move and vanish; readings come late, are corrected, go to another person and are withdrawn. The people touched by
    /// some hundred steps are asked together, as the follower does, and again and again everybody is.
    /// </summary>
    [Fact]
    public async Task Incremental_equals_full_over_a_hundred_thousand_random_steps()
    {
        const int people = 1_600, stepsAtOnce = 500, roundsBetweenProofs = 10;
        var all = Environment.GetEnvironmentVariable("TONGXIN_TESTS_FAST") is null ? 100_000 : 5_000;
        var random = new Random(20_170_228);
        Write("CREATE TABLE step(kind INTEGER, person VARCHAR, other VARCHAR, reading VARCHAR, date DATE, value DOUBLE)");
        for (var (done, round) = (0, 0); done < all; done += stepsAtOnce, round++)
        {
            // One step for each person at most, so that the order within the hundreds says nothing.
            var chosen = Enumerable.Range(0, people).ToArray();
            random.Shuffle(chosen);
            var rows = chosen.Take(stepsAtOnce).Select(n =>
                $"({random.Next(9)}, 'p{n}', 'p{random.Next(people)}', 'r{n}-{random.Next(6)}', DATE '2025-11-01' + {random.Next(400)}, {random.Next(100, 180)})").ToList();
            await store.WriteAsync(connection =>
            {
                ColumnStore.Run(connection, $"DELETE FROM step; INSERT INTO step VALUES {string.Join(',', rows)}; {Steps}");
                Evaluation.OfPeople(connection, [Control], Today, ColumnStore.Read(connection, Touched, r => r.GetString(0)));
            }, TestContext.Current.CancellationToken);
            if (round % roundsBetweenProofs is not 0 && done + stepsAtOnce < all) continue;
            var incremental = (Members(), Cells());
            Write("DELETE FROM membership; DELETE FROM cell");
            Everybody();
            Assert.True(incremental.Item1.SequenceEqual(Members()), $"The lists differ after {done + stepsAtOnce} steps.");
            Assert.True(incremental.Item2.SequenceEqual(Cells()), $"The numbers differ after {done + stepsAtOnce} steps.");
        }

        Assert.InRange(Members().Count, people / 4, people);
    }

    // For a reading its owner before the step is touched too: the rows of kind -1 remember her.
    private const string Steps = """
        INSERT INTO step SELECT -1, r.person, NULL, NULL, NULL, NULL FROM step s JOIN reading r ON r.id = s.reading WHERE s.kind IN (3, 4, 5);
        INSERT INTO patient SELECT person, 't' || (hash(person) % 2 + 1), false FROM step WHERE kind = 0 AND person NOT IN (SELECT person FROM patient);
        INSERT INTO reading SELECT reading, person, date, value FROM step WHERE kind IN (1, 2) AND reading NOT IN (SELECT id FROM reading);
        UPDATE reading SET value = step.value, date = step.date FROM step WHERE step.kind = 3 AND step.reading = reading.id;
        UPDATE reading SET person = step.other FROM step WHERE step.kind = 4 AND step.reading = reading.id;
        DELETE FROM reading WHERE id IN (SELECT reading FROM step WHERE kind = 5);
        UPDATE patient SET clinic = CASE clinic WHEN 't1' THEN 't2' WHEN 't2' THEN NULL ELSE 't1' END WHERE person IN (SELECT person FROM step WHERE kind = 6);
        UPDATE patient SET dead = NOT dead WHERE person IN (SELECT person FROM step WHERE kind = 7);
        DELETE FROM patient WHERE person IN (SELECT person FROM step WHERE kind = 8);
        """;

    private const string Touched = "SELECT DISTINCT person FROM step UNION SELECT other FROM step WHERE kind = 4";

    [Theory]
    [InlineData("-- id: x\nSELECT 1", "title")]
    [InlineData("-- id: [\nSELECT 1", "line")]
    public void A_broken_file_is_refused_with_its_place(string text, string said) =>
        Assert.Contains(said, Assert.Throws<Fhir.RefusedException>(() => IndicatorFile.Parse("M", "m.sql", text)).Message, StringComparison.Ordinal);

    public void Dispose()
    {
        store.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private void Everybody() => store.WriteAsync(c => Evaluation.OfEverybody(c, [Control], Today), default).Wait();

    private void Only(params string[] people) => store.WriteAsync(c => Evaluation.OfPeople(c, [Control], Today, people), default).Wait();

    private void Write(string sql) => store.WriteAsync(c => ColumnStore.Run(c, sql), default).Wait();

    private List<string> Members() => store.Read("SELECT person, organisation, excluded, numerator, reason, evidence FROM membership ORDER BY ALL", Line);

    // A cell that fell back to nobody may stay as zeros; it says the same.
    private List<string> Cells() => store.Read("SELECT * FROM cell WHERE denominator <> 0 OR excluded <> 0 ORDER BY ALL", Line);

    private static string Line(System.Data.Common.DbDataReader r) => string.Join('|', Enumerable.Range(0, r.FieldCount).Select(i => r.IsDBNull(i) ? "" : r.GetValue(i).ToString()));
}
