using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;

namespace Tongxin.Modules.Tests.Cockpit;

/// <summary>The demo county, person by person: the queries say what a plain reading of the norm says, lists are as long as their numbers.</summary>
public sealed class CountedCountyTests(CountedCounty county, ITestOutputHelper output) : IClassFixture<CountedCounty>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_readings_of_five_national_indicators_agree_on_every_person()
    {
        var norm = new NormReading(
            await county.AllAsync("Patient"), await county.AllAsync("EpisodeOfCare"), await county.AllAsync("QuestionnaireResponse"), await county.AllAsync("Encounter"),
            CountedCounty.Day);

        Agree("hypertension-managed", norm.Managed("hypertension", "hypertension-follow-up"));
        Agree("diabetes-managed", norm.Managed("diabetes", "diabetes-follow-up"));
        Agree("hypertension-control", norm.PressureControlled());
        Agree("diabetes-control", norm.GlucoseControlled());
        Agree("elderly-examination", norm.ElderlyExamined());
        Agree("record-use", norm.RecordsUsed());
    }

    /// <summary>Of every cell the list is counted in the memberships; of every cell of today it is also leafed through page by page, as a screen does.</summary>
    [Fact]
    public async Task Every_list_is_as_long_as_its_number_for_every_indicator_place_and_period()
    {
        const string ofNumbers = "SELECT c.indicator, c.as_of, a.ancestor, sum(c.denominator)::BIGINT, sum(c.numerator)::BIGINT, sum(c.excluded)::BIGINT FROM cell c";
        const string ofLists =
            "SELECT m.indicator, m.as_of, a.ancestor, count(*) FILTER (NOT m.excluded), count(*) FILTER (m.numerator), count(*) FILTER (m.excluded) FROM membership m";
        var (numbers, lists) = (Counts(ofNumbers, "c"), Counts(ofLists, "m"));
        // The ends of months are still counted now and then: both are read again until nothing moved in between.
        for (var tries = 0; tries < 120 && !Counts(ofNumbers, "c").ToHashSet().SetEquals(numbers); tries++)
        {
            await Task.Delay(500, Cancel);
            (numbers, lists) = (Counts(ofNumbers, "c"), Counts(ofLists, "m"));
        }

        Assert.Empty(numbers.Keys.Union(lists.Keys).Where(c => numbers.GetValueOrDefault(c) != lists.GetValueOrDefault(c))
            .Select(c => $"{c}: the number is {numbers.GetValueOrDefault(c)}, the list {lists.GetValueOrDefault(c)}"));
        Assert.Equal(13, numbers.Keys.Select(c => c.Day).Distinct().Count());

        foreach (var ((indicator, day, place), (denominator, numerator, _)) in numbers.Where(n => n.Key.Day == CountedCounty.Day))
            Assert.Equal((indicator, place, (denominator, numerator)), (indicator, place, Listed(indicator, place, day)));
        output.WriteLine($"{numbers.Count} cells, {lists.Values.Sum(l => l.Denominator)} people in their lists");
    }

    /// <summary>The freeze counts everybody anew; the cockpit's number came about by differences. They are the same for every indicator and place.</summary>
    [Fact]
    public async Task A_frozen_period_is_the_live_one_in_every_number()
    {
        var officer = new Caller { Subject = "Practitioner/o", Name = "周局长", Role = Role.CountyCommission, Organisation = Host.Demo.Places.CountyId };
        var end = new DateOnly(CountedCounty.Day.Year, CountedCounty.Day.Month, 1).AddDays(-1);

        var reports = await county.Frozen.FreezeAsync(officer, end, null, null, Cancel);

        Assert.Equal(county.Indicators.All.Count(i => !i.IsDetector), reports.Count);
        Assert.Contains(reports, r => r.Total!.Numerator > 0 && r.Total.Numerator < r.Total.Denominator && r.Total.Excluded > 0);
        // The ends of months follow some seconds after today.
        List<string> differences = [];
        for (var tries = 0; tries < 480 && (tries is 0 || differences.Count > 0); tries++)
        {
            if (tries > 0) await Task.Delay(250, Cancel);
            differences = [.. from report in reports
                              let live = county.Board.At(report.Indicator, report.County, end) ?? new(report.Indicator, report.County, end, 0, 0, 0)
                              where live != report.Total
                              select $"frozen {report.Total}, live {live}"];
        }

        Assert.Empty(differences);
    }

    private void Agree(string indicator, IEnumerable<NormReading.Verdict> norm)
    {
        var counted = county.Columns.Read("SELECT person, excluded, numerator FROM membership WHERE indicator = $i AND as_of = $d ORDER BY person",
            r => new NormReading.Verdict(r.GetString(0), r.GetBoolean(1), r.GetBoolean(2)), ("i", indicator), ("d", CountedCounty.Day));
        var read = norm.OrderBy(v => v.Person, StringComparer.Ordinal).ToList();
        output.WriteLine($"{indicator}: {read.Count(v => v.Numerator)} of {read.Count(v => !v.Excluded)}, {read.Count(v => v.Excluded)} excluded");
        Assert.True(read.Any(v => v.Numerator) && read.Any(v => v is { Numerator: false, Excluded: false }) && read.Any(v => v.Excluded), $"{indicator}: the county has no edges.");
        Assert.Empty(read.Except(counted).Select(v => $"{indicator}: the norm says {v}"));
        Assert.Empty(counted.Except(read).Select(v => $"{indicator}: the query says {v}"));
    }

    private Dictionary<(string Indicator, DateOnly Day, string Place), (long Denominator, long Numerator, long Excluded)> Counts(string sql, string of) =>
        county.Columns.Read($"{sql} JOIN above a ON a.organisation = {of}.organisation GROUP BY ALL",
            r => (Cell: (r.GetString(0), DateOnly.FromDateTime(r.GetDateTime(1)), r.GetString(2)), People: (r.GetInt64(3), r.GetInt64(4), r.GetInt64(5))))
        .Where(c => c.People != default).ToDictionary(c => c.Cell, c => c.People);

    private (long Denominator, long Numerator) Listed(string indicator, string place, DateOnly day)
    {
        var (denominator, numerator) = (0L, 0L);
        for (var offset = 0; ; offset += Board.MostPeoplePerPage)
        {
            var page = county.Board.People(indicator, place, day, null, null, offset, Board.MostPeoplePerPage);
            (denominator, numerator) = (denominator + page.Count, numerator + page.Count(m => m.Numerator));
            if (page.Count < Board.MostPeoplePerPage) return (denominator, numerator);
        }
    }
}
