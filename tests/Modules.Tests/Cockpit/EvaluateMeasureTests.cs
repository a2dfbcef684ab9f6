using System.Net;
using System.Text.Json.Nodes;
using Tongxin.Modules.Tests.SignIn;

namespace Tongxin.Modules.Tests.Cockpit;

/// <summary>Indicators as FHIR: Measure is read and searched, and $evaluate-measure gives what the cockpit shows, to whom it shows it.</summary>
public sealed class EvaluateMeasureTests
{
    private const string Operation = $"/fhir/Measure/{FigureCounty.Indicator}/$evaluate-measure";
    private static string Period => $"periodStart={FigureCounty.Today.Year}-01-01&periodEnd={FigureCounty.Today:yyyy-MM-dd}";
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_report_counts_and_lists_what_the_cockpit_does_and_each_list_is_as_long_as_its_number()
    {
        await using var county = await FigureCounty.OpenAsync();
        using var officer = await county.Server.SignedInAsync("officer");

        var summary = await AskAsync(officer, $"{Operation}?{Period}&reporter=Organization/town-a");
        Assert.Equal(("summary", 2L, 0L), ((string)summary["type"]!, Count(summary, "denominator"), Count(summary, "numerator")));
        Assert.Equal(0m, (decimal)summary["group"]![0]!["measureScore"]!["value"]!);
        var byName = await AskAsync(officer, $"/fhir/Measure/$evaluate-measure?measure={(string)summary["measure"]!}&{Period}");
        Assert.Equal(("Organization/east", 2L), ((string)byName["reporter"]!["reference"]!, Count(byName, "denominator")));

        var list = await AskAsync(officer, $"{Operation}?{Period}&reportType=subject-list");
        Assert.Equal(4, list["contained"]!.AsArray().Count);
        foreach (var contained in list["contained"]!.AsArray())
            Assert.Equal(Count(list, (string)contained!["id"]!), contained["entry"]?.AsArray().Count ?? 0);
        Assert.DoesNotContain("Patient/m1", list.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("本年没有随访血压", (string)list["contained"]!.AsArray().First(c => (string)c!["id"]! == "denominator")!["entry"]![0]!["flag"]!["text"]!);
    }

    [Fact]
    public async Task One_persons_report_tells_why_and_only_to_who_may_see_him()
    {
        await using var county = await FigureCounty.OpenAsync();
        using var officer = await county.Server.SignedInAsync("officer");
        using var cdc = await county.Server.SignedInAsync("cdc");

        var report = await AskAsync(cdc, $"{Operation}?{Period}&subject=Patient/m1");
        Assert.Equal(("individual", 1L, 0L), ((string)report["type"]!, Count(report, "denominator"), Count(report, "numerator")));
        Assert.Contains("本年没有随访血压", (string)report["extension"]![0]!["valueString"]!, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(officer, $"{Operation}?{Period}&subject=Patient/m1"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(cdc, $"{Operation}?{Period}&subject=Patient/nobody"));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(cdc, $"{Operation}?{Period}&reportType=individual"));
    }

    [Fact]
    public async Task Small_numbers_are_masked_lists_refused_and_other_places_not_there_as_on_the_screen()
    {
        await using var county = await FigureCounty.OpenAsync();
        using var city = await county.Server.SignedInAsync("city");
        using var doctor = await county.Server.SignedInAsync("doctor");
        using var west = await county.Server.SignedInAsync("west");

        var masked = await AskAsync(city, $"{Operation}?{Period}&reporter=Organization/village-a1");
        Assert.All(masked["group"]![0]!["population"]!.AsArray(), p => Assert.True(p!["count"] is null && p["_count"] is not null));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(city, $"{Operation}?{Period}&reportType=subject-list"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(doctor, $"{Operation}?{Period}"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(west, $"{Operation}?{Period}&reporter=Organization/town-a"));
    }

    [Fact]
    public async Task A_question_that_would_get_another_number_than_it_says_is_refused()
    {
        await using var county = await FigureCounty.OpenAsync();
        using var officer = await county.Server.SignedInAsync("officer");
        var (year, today) = (FigureCounty.Today.Year, FigureCounty.Today);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, await StatusAsync(officer, $"{Operation}?periodStart={year - 1}-06-01&periodEnd={today:yyyy-MM-dd}"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity,
            await StatusAsync(officer, $"{Operation}?periodStart={today.AddDays(1).Year}-01-01&periodEnd={today.AddDays(1):yyyy-MM-dd}"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await StatusAsync(officer, $"{Operation}?periodStart={year - 3}-01-01&periodEnd={year - 3}-05-31"));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(officer, $"{Operation}?periodStart={year}-01-01&periodEnd=soon"));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(officer, $"{Operation}?{Period}&reportType=everything"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(officer, $"/fhir/Measure/no-such/$evaluate-measure?{Period}"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(officer, $"/fhir/Measure/$evaluate-measure?measure={FigureCounty.Indicator}|1999&{Period}"));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(officer, $"{Operation}?{Period}&practitioner=Practitioner/d"));
    }

    [Fact]
    public async Task Measures_are_read_searched_and_promised()
    {
        await using var county = await FigureCounty.OpenAsync();
        using var officer = await county.Server.SignedInAsync("officer");

        var measure = await AskAsync(officer, $"/fhir/Measure/{FigureCounty.Indicator}");
        Assert.Equal("管理人群血压控制率", (string)measure["title"]!);
        Assert.Equal("proportion", (string)measure["scoring"]!["coding"]![0]!["code"]!);
        var found = await AskAsync(officer, "/fhir/Measure?title:contains=血压控制");
        Assert.Equal(FigureCounty.Indicator, (string)Assert.Single(found["entry"]!.AsArray())!["resource"]!["id"]!);
        Assert.Null((await AskAsync(officer, "/fhir/Measure?url=urn:other"))["entry"]);
        Assert.Null((await AskAsync(officer, "/fhir/Measure?_lastUpdated=gt2990-01-01"))["entry"]);
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(officer, "/fhir/Measure?_sort=-title"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(officer, "/fhir/Measure?url=urn:other&_sort=-_lastUpdated"));
        var promised = (await AskAsync(officer, "/fhir/metadata"))["rest"]![0]!["resource"]!.AsArray().First(r => (string)r!["type"]! == "Measure")!;
        Assert.Contains(promised["operation"]!.AsArray(), o => (string)o!["name"]! == "evaluate-measure");
    }

    [Fact]
    public async Task A_search_gives_every_measure_once_page_by_page_and_never_more_than_was_asked_for()
    {
        await using var county = await FigureCounty.OpenAsync();
        using var officer = await county.Server.SignedInAsync("officer");
        await county.Server.PutAsync(Places.Resource("Measure", "own-1", "\"status\":\"active\""), Places.Resource("Measure", "own-2", "\"status\":\"active\""));

        var all = (await AskAsync(officer, "/fhir/Measure?_count=200&_total=accurate"))!;
        var ids = Ids(all);
        Assert.True(ids.Count > 20 && ids.Contains("own-1") && ids.Contains("own-2"));
        Assert.Equal(ids.Count, (int)all["total"]!);
        foreach (var size in new[] { 7, ids.Count - 2, ids.Count - 1 })
        {
            var (walked, next) = (new List<string>(), $"/fhir/Measure?_count={size}");
            for (var pages = 0; next is not null && pages < 20; pages++)
            {
                var page = await AskAsync(officer, next);
                Assert.InRange(Ids(page).Count, 1, size);
                walked.AddRange(Ids(page));
                next = page["link"]!.AsArray().Where(l => (string)l!["relation"]! == "next").Select(l => new Uri((string)l!["url"]!).PathAndQuery).FirstOrDefault();
            }

            Assert.Equal(ids, walked);
        }
    }

    private static List<string> Ids(JsonNode bundle) => [.. bundle["entry"]!.AsArray().Select(e => (string)e!["resource"]!["id"]!)];

    private static long Count(JsonNode report, string population) => (long)report["group"]![0]!["population"]!.AsArray()
        .First(p => (string)p!["code"]!["coding"]![0]!["code"]! == population)!["count"]!;

    private static async Task<JsonNode> AskAsync(Browser browser, string path) => JsonNode.Parse(await browser.Http.GetStringAsync(path, Cancel))!;

    private static async Task<HttpStatusCode> StatusAsync(Browser browser, string path)
    {
        using var answer = await browser.Http.GetAsync(path, Cancel);
        return answer.StatusCode;
    }
}
