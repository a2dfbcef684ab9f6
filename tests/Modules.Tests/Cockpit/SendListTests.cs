using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using MiniExcelLibs;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.Tests.SignIn;

namespace Tongxin.Modules.Tests.Cockpit;

/// <summary>The county's officer sends people behind a number to the team: she sees pseudonyms, the village doctor sees names and the task.</summary>
public sealed partial class SendListTests
{
    private const string Indicator = "hypertension-control";
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private static DateOnly Today => LocalTime.Today(TimeProvider.System);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_people_behind_a_number_come_onto_the_village_doctors_list_once_with_who_asked_and_why(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        using var officer = await server.SignedInAsync("officer");
        using var doctor = await server.SignedInAsync("doctor");
        var page = await ListAsync(officer);
        Assert.DoesNotContain("陈", page, StringComparison.Ordinal);
        Assert.Equal(2, Alias().Count(page));

        Assert.EndsWith("sent=2&standing=0", await SendAsync(officer, "请上门<b>测血压</b>", Aliases(page)), StringComparison.Ordinal);
        Assert.EndsWith("sent=0&standing=2", await SendAsync(officer, "请上门<b>测血压</b>", Aliases(page)), StringComparison.Ordinal);

        var today = await doctor.Http.GetStringAsync("/today?programme=asked", Cancel);
        Assert.Contains("陈", today, StringComparison.Ordinal);
        Assert.Contains("本年没有随访血压", today, StringComparison.Ordinal);
        Assert.Equal(2, TaskLink().Matches(today).Select(m => m.Value).Distinct().Count());
        var task = await doctor.Http.GetStringAsync(TaskLink().Match(today).Value, Cancel);
        Assert.Contains("请上门&lt;b&gt;测血压&lt;/b&gt;", task, StringComparison.Ordinal);
        Assert.Contains("已派发", await ListAsync(officer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_visit_that_was_asked_for_closes_the_task_and_the_person_can_be_asked_about_again_another_day()
    {
        await using var server = await OpenAsync();
        using var officer = await server.SignedInAsync("officer");
        var aliases = Aliases(await ListAsync(officer));
        await SendAsync(officer, "请随访", aliases);

        await server.PutAsync(Places.Resource("QuestionnaireResponse", "q1", $$"""
            "status":"completed","questionnaire":"{{ProgrammeCodes.Canonical("Questionnaire", "hypertension-follow-up")}}|2017","subject":{{Places.Reference("Patient", "m1")}},
            "authored":"{{Today:yyyy-MM-dd}}","item":[{"linkId":"visit-date","answer":[{"valueDate":"{{Today:yyyy-MM-dd}}"}]}]
            """));

        await UntilAsync(async () => await StatusesAsync(server) is ["completed", "requested"]);
        Assert.EndsWith("sent=0&standing=2", await SendAsync(officer, "请随访", aliases), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Work_that_no_form_records_is_answered_by_hand_and_what_a_programme_owes_is_not()
    {
        await using var server = await OpenAsync();
        using var officer = await server.SignedInAsync("officer");
        using var doctor = await server.SignedInAsync("doctor");
        await SendAsync(officer, "请核实", Aliases(await ListAsync(officer)));
        var asked = TaskLink().Match(await doctor.Http.GetStringAsync("/today?programme=asked", Cancel)).Value;
        await UntilAsync(async () => TaskLink().IsMatch(await doctor.Http.GetStringAsync("/today?programme=hypertension&span=Overdue", Cancel)));
        var owed = TaskLink().Match(await doctor.Http.GetStringAsync("/today?programme=hypertension&span=Overdue", Cancel)).Value;

        Assert.EndsWith("done=1", await AnswerAsync(doctor, asked, "已电话联系，本周来测"), StringComparison.Ordinal);
        Assert.EndsWith("refused=closed", await AnswerAsync(doctor, asked, "再答一次"), StringComparison.Ordinal);
        Assert.EndsWith("refused=closed", await AnswerAsync(doctor, owed, "已完成"), StringComparison.Ordinal);
        Assert.Contains("已办结", await ListAsync(officer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_sent_without_a_sentence_without_people_from_elsewhere_or_by_who_may_not()
    {
        await using var server = await OpenAsync();
        using var officer = await server.SignedInAsync("officer");
        using var doctor = await server.SignedInAsync("doctor");
        using var city = await server.SignedInAsync("city");
        using var west = await server.SignedInAsync("west");
        var aliases = Aliases(await ListAsync(officer));

        Assert.EndsWith("refused=required", await SendAsync(officer, "  ", aliases), StringComparison.Ordinal);
        Assert.EndsWith("refused=too-long", await SendAsync(officer, new('长', SendList.LongestText + 1), aliases), StringComparison.Ordinal);
        Assert.EndsWith("refused=not-found", await SendAsync(officer, "请随访", []), StringComparison.Ordinal);
        Assert.EndsWith("refused=not-found", await SendAsync(officer, "请随访", ["0000000000", "m1"]), StringComparison.Ordinal);
        Assert.EndsWith("refused=not-found", await SendAsync(west, "请随访", aliases), StringComparison.Ordinal);
        Assert.Equal("404", await SendAsync(doctor, "请随访", aliases));
        Assert.Equal("404", await SendAsync(city, "请随访", aliases));
        using (var forged = await officer.PostFormAsync("/cockpit/send", null, ("i", Indicator), ("o", "village-a1"), ("text", "x"), ("all", "1")))
            Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        Assert.Empty(await StatusesAsync(server));
    }

    [Fact]
    public async Task The_workbook_holds_what_the_screen_shows_and_no_more()
    {
        await using var server = await OpenAsync();
        using var officer = await server.SignedInAsync("officer");
        using var city = await server.SignedInAsync("city");
        using var book = new MemoryStream(await officer.Http.GetByteArrayAsync($"/cockpit.xlsx?i={Indicator}&o=village-a1&open=missed", Cancel));
        using var hidden = new MemoryStream(await city.Http.GetByteArrayAsync($"/cockpit.xlsx?i={Indicator}&o=village-a1&open=missed", Cancel));

        Assert.Equal(["下级排序", "全部指标", "居民", "这个数怎么来"], book.GetSheetNames());
        var people = Rows(book, "居民");
        Assert.Equal(Aliases(await ListAsync(officer)).Order(StringComparer.Ordinal), people.Select(r => (string)r["代号"]!).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(people.SelectMany(r => r.Values), v => v is "陈" or "林" or "m1" or "m2");
        var rate = Assert.Single(Rows(book, "全部指标"), r => r["指标"] is "管理人群血压控制率");
        Assert.Equal((0d, 2d), (rate["分子"], rate["分母"]));
        Assert.Empty(Rows(hidden, "居民"));
        Assert.Null(Assert.Single(Rows(hidden, "全部指标"), r => r["指标"] is "管理人群血压控制率")["分母"]);
    }

    private static List<IDictionary<string, object?>> Rows(Stream book, string sheet) => [.. book.Query(true, sheet).Cast<IDictionary<string, object?>>()];

    private static async Task<TestServer> OpenAsync(bool postgres = false)
    {
        var server = await TestServer.StartAsync(postgres);
        await server.PutAsync(Places.Tree);
        await server.AddAsync("doctor", new(Role.VillageDoctor, "village-a1"), "Practitioner/d");
        await server.AddAsync("officer", new(Role.CountyCommission, "east"), "Practitioner/o");
        await server.AddAsync("city", new(Role.CityCommission, "city"), "Practitioner/c");
        await server.AddAsync("west", new(Role.CountyCommission, "west"), "Practitioner/w");
        await server.PutAsync(Managed("m1", "陈"), Managed("m2", "林"));
        await server.PutAsync(Episode("m1"), Episode("m2"));
        var board = server.Services.GetRequiredService<Board>();
        await UntilAsync(() => Task.FromResult(board.At(Indicator, "east", Today) is { Denominator: 2 }));
        return server;
    }

    private static string Managed(string id, string family) => Places.Patient(id, "village-a1", family);

    private static string Episode(string person) => Places.Resource("EpisodeOfCare", $"e-{person}", $$"""
        "status":"active","type":[{{Places.Concept(ProgrammeCodes.Programme, "hypertension")}}],"patient":{{Places.Reference("Patient", person)}},
        "managingOrganization":{{Places.Reference("Organization", "village-a1")}},"period":{"start":"{{Today.AddDays(-40):yyyy-MM-dd}}"}
        """);

    private static Task<string> ListAsync(Browser browser) => browser.Http.GetStringAsync($"/cockpit?i={Indicator}&o=village-a1&open=missed", Cancel);

    private static string[] Aliases(string page) => [.. Alias().Matches(page).Select(m => m.Groups[1].Value)];

    private static async Task<string> SendAsync(Browser browser, string text, string[] aliases)
    {
        using var answer = await browser.PostFormAsync("/cockpit/send", await browser.TokenAsync("/cockpit"),
            [("i", Indicator), ("o", "village-a1"), ("open", "missed"), ("text", text), .. aliases.Select(a => ("who", a))]);
        return answer.Headers.Location?.ToString() ?? $"{(int)answer.StatusCode}";
    }

    private static async Task<string> AnswerAsync(Browser doctor, string task, string note)
    {
        using var answer = await doctor.PostFormAsync($"{task}/step", await doctor.TokenAsync(task), ("step", "answer"), ("note", note));
        return answer.Headers.Location?.ToString() ?? $"{(int)answer.StatusCode}";
    }

    private static async Task<string[]> StatusesAsync(TestServer server) =>
        [.. (await server.Records.SearchAsync(TestServer.Operator, "Task", $"group-identifier={AskedWork.Programme}", Cancel)).Matches
            .Select(m => System.Text.Json.Nodes.JsonNode.Parse(m.Body.Span)!["status"]!.GetValue<string>()).Order(StringComparer.Ordinal)];

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var tries = 0; tries < 240; tries++)
        {
            if (await holds()) return;
            await Task.Delay(250, Cancel);
        }

        Assert.Fail("It did not come within a minute.");
    }

    [GeneratedRegex("name=\"who\" value=\"([0-9A-F]{10})\"")]
    private static partial Regex Alias();

    [GeneratedRegex("/today/task/[A-Za-z0-9.-]+")]
    private static partial Regex TaskLink();
}
