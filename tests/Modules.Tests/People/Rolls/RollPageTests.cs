using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People;
using Tongxin.Modules.People.Rolls;
using Tongxin.Modules.Tests.SignIn;
using static Tongxin.Modules.Tests.SignIn.Places;

namespace Tongxin.Modules.Tests.People.Rolls;

/// <summary>导入花名册 by the page: the columns are shown and corrected, a look changes nothing, the import adds nobody twice, the refused rows come back.</summary>
public sealed class RollPageTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Number(int day, int sequence) => CitizenId.Make("990101", new DateOnly(1965, 7, 1).AddDays(day), sequence).Value;

    private static string Roll => $"""
        同心县村民花名册,,,
        大名,身份证号码,联系电话,村
        王小明,{Number(1, 11)},13800000001,village-a1
        王晓明,{Number(1, 13)},13800000001,village-a1
        李秀兰,{Number(2, 12)},13800000002,village-a1
        钱坏号,990101196507010999,,village-a1
        """;

    [Fact]
    public async Task A_township_clinician_sends_a_roll_corrects_a_column_looks_imports_and_gets_the_refused_rows_back()
    {
        await using var server = await StartAsync();
        using var browser = await server.SignedInAsync("town");
        var place = await SendAsync(browser, Roll);
        var page = await browser.Http.GetStringAsync(place, Cancel);
        // The head of the name is not known: what is missing is said, and the column can be told.
        Assert.Contains("没有找到“姓名”列", page, StringComparison.Ordinal);
        Assert.Contains("大名", page, StringComparison.Ordinal);

        using (var twice = await StepAsync(browser, place, "look", ("column-0", "Name"), ("column-1", "Name"), ("clinic", "town-a")))
            Assert.Contains("选成了同一项", await twice.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        (string, string)[] told = [("column-0", "Name"), ("column-1", "Number"), ("column-2", "Phone"), ("column-3", "Place"), ("clinic", "town-a")];
        Assert.Equal(HttpStatusCode.Redirect, (await StepAsync(browser, place, "look", told)).StatusCode);
        Assert.Equal((4, 3, 0, 1, 0, 1), Counts(await EndedAsync(server, place)));
        Assert.Empty((await server.Records.SearchAsync(TestServer.Operator, "Patient", "", Cancel)).Matches);

        await StepAsync(browser, place, "import");
        Assert.Equal((4, 3, 0, 1, 0, 1), Counts(await EndedAsync(server, place)));
        Assert.Equal(3, (await server.Records.SearchAsync(TestServer.Operator, "Patient", "", Cancel)).Matches.Count);
        await StepAsync(browser, place, "import");
        Assert.Equal((4, 0, 3, 0, 0, 1), Counts(await EndedAsync(server, place)));

        page = await browser.Http.GetStringAsync(place, Cancel);
        Assert.Contains("钱坏号", page, StringComparison.Ordinal);
        var workbook = RollSheet.Read(await browser.Http.GetByteArrayAsync($"{place}/refused", Cancel));
        Assert.Contains("校验位", string.Join(' ', workbook[1].Cells), StringComparison.Ordinal);
        await StepAsync(browser, place, "drop");
        Assert.Equal(HttpStatusCode.NotFound, (await browser.Http.GetAsync(place, Cancel)).StatusCode);
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(server.Folder, "rolls")));
    }

    [Fact]
    public async Task A_roll_without_heads_is_read_from_its_first_line()
    {
        await using var server = await StartAsync();
        using var browser = await server.SignedInAsync("town");
        var place = await SendAsync(browser, $"王小明,{Number(1, 11)}\n李秀兰,{Number(2, 12)}\n");

        await StepAsync(browser, place, "head", ("head", "-1"));
        await StepAsync(browser, place, "look", ("column-0", "Name"), ("column-1", "Number"), ("clinic", "village-a1"));

        Assert.Equal((2, 2, 0, 0, 0, 0), Counts(await EndedAsync(server, place)));
    }

    [Fact]
    public async Task A_roll_is_shown_to_nobody_else_and_none_is_imported_beyond_ones_own_place()
    {
        await using var server = await StartAsync();
        using var browser = await server.SignedInAsync("town");
        using var other = await server.SignedInAsync("village");
        var place = await SendAsync(browser, Roll);

        Assert.Equal(HttpStatusCode.NotFound, (await other.Http.GetAsync(place, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await other.Http.GetAsync($"{place}/refused", Cancel)).StatusCode);
        Assert.DoesNotContain(place, await other.Http.GetStringAsync("/registration/roll", Cancel), StringComparison.Ordinal);
        await StepAsync(browser, place, "look", ("column-0", "Name"), ("column-1", "Number"), ("clinic", "town-b"));
        var ended = await EndedAsync(server, place);
        Assert.Equal(RollState.Failed, ended.State);
        Assert.Contains("下属", ended.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_roll_and_one_too_many_are_refused_in_a_sentence()
    {
        await using var server = await StartAsync();
        using var browser = await server.SignedInAsync("town");
        using (var refused = await PostAsync(browser, [0xD0, 0xCF, 0x11, 0xE0, 1, 2]))
            Assert.Contains(".xls", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        // Larger than what a web server takes by itself, and within what a roll may be.
        using (var large = await PostAsync(browser, Encoding.ASCII.GetBytes("name,number\n" + new string('x', 32 << 20))))
            Assert.Contains("引号", await large.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        for (var i = 0; i < RollDesk.MostEach; i++) await SendAsync(browser, Roll);
        using var tooMany = await PostAsync(browser, Encoding.UTF8.GetBytes(Roll));
        Assert.Contains("请先删去", await tooMany.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private static async Task<TestServer> StartAsync()
    {
        var server = await TestServer.StartAsync();
        await server.PutAsync(Tree);
        await server.AddAsync("town", new(Role.TownshipClinician, "town-a"), "Practitioner/t");
        await server.AddAsync("village", new(Role.VillageDoctor, "village-a1"), "Practitioner/v");
        return server;
    }

    private static async Task<string> SendAsync(Browser browser, string roll)
    {
        using var answer = await PostAsync(browser, Encoding.UTF8.GetBytes(roll));
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return new Uri(browser.Http.BaseAddress!, answer.Headers.Location!).AbsolutePath;
    }

    private static async Task<HttpResponseMessage> PostAsync(Browser browser, byte[] file)
    {
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(file), "file", "花名册.csv" }, { new StringContent("town-a"), "clinic" }, { new StringContent("roll"), "_handler" },
            { new StringContent(await browser.TokenAsync("/registration/roll")), "__RequestVerificationToken" },
        };
        return await browser.Http.PostAsync("/registration/roll", form, Cancel);
    }

    private static Task<HttpResponseMessage> StepAsync(Browser browser, string place, string step, params (string, string)[] fields) =>
        browser.PostFormAsync(place, [("step", step), ("_handler", "step"), .. fields]);

    private static async Task<RollJob> EndedAsync(TestServer server, string place)
    {
        var desk = server.Services.GetRequiredService<RollDesk>();
        var caller = new Caller { Subject = "Practitioner/t", Name = "town", Role = Role.TownshipClinician, Organisation = "town-a" };
        for (var until = DateTime.UtcNow + Longest; DateTime.UtcNow < until; await Task.Delay(50, Cancel))
            if (desk.Find(caller, place.Split('/')[^1]) is { IsUnderWay: false } job) return job;
        throw new TimeoutException("The roll was not done.");
    }

    private static (int, int, int, int, int, int) Counts(RollJob job) =>
        job.Counts is { } c ? (c.Rows, c.New, c.Same, c.Doubtful, c.Repeated, c.Refused) : throw new InvalidOperationException(job.Why);
}
