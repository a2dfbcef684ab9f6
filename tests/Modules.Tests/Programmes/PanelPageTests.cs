using System.Net;
using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Modules.Tests.SignIn;
using static Tongxin.Modules.Tests.SignIn.Places;

namespace Tongxin.Modules.Tests.Programmes;

/// <summary>The people in care of a programme, as a township looks at them and gives them to another doctor: the whole server, on both engines.</summary>
public sealed class PanelPageTests
{
    private static readonly DateOnly Today = LocalTime.Today(TimeProvider.System);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_township_narrows_its_panel_and_hands_it_to_another_doctor(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        using var township = await server.SignedInAsync("township");
        var page = await UntilAsync(township, "/panel?programme=hypertension&need=Overdue", p => Shows(p, "m1", "m2"));
        Assert.False(Shows(page, "m3"));
        Assert.False(Shows(page, "f1"));
        Assert.Contains("逾期 ", page, StringComparison.Ordinal);
        Assert.True(Shows(await PageAsync(township, "/panel?programme=hypertension"), "m1", "m2", "m3"));
        Assert.False(Shows(await PageAsync(township, "/panel?programme=hypertension&place=village-a1&class=controlled"), "m1"));
        Assert.Contains("没有符合条件的管理对象", await PageAsync(township, "/panel?programme=diabetes"), StringComparison.Ordinal);

        Assert.EndsWith("&refused=required", await GiveAsync(township, ("who", "m1"), ("to", "Practitioner/e"), ("reason", " ")), StringComparison.Ordinal);
        Assert.EndsWith("&refused=not-found", await GiveAsync(township, ("who", "m1"), ("to", "Practitioner/nobody"), ("reason", "退休")), StringComparison.Ordinal);
        Assert.EndsWith("&refused=not-found", await GiveAsync(township, ("to", "Practitioner/e"), ("reason", "退休")), StringComparison.Ordinal);
        Assert.EndsWith("&given=2", await GiveAsync(township, ("all", "1"), ("need", "Overdue"), ("to", "Practitioner/e"), ("reason", "村医退休")), StringComparison.Ordinal);

        var given = await UntilAsync(township, "/panel?programme=hypertension&doctor=e", p => Shows(p, "m1", "m2"));
        Assert.False(Shows(given, "m3"));
        Assert.True(Shows(await PageAsync(township, "/panel?programme=hypertension&doctor=-"), "m3"));
        using var doctor = await server.SignedInAsync("doctor");
        var mine = await PageAsync(doctor, "/today?span=Overdue&mine=1");
        Assert.True(Shows(mine, "m1", "m2"));
        Assert.Matches("本月进度(.|\n)*高血压</dt><dd>0 / [2-9]", mine);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_comes_due_after_a_hand_over_goes_to_the_new_doctor(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        using var township = await server.SignedInAsync("township");
        await UntilAsync(township, "/panel?programme=hypertension", p => Shows(p, "m3"));
        for (var tries = 0; tries < 240 && await TasksAsync(server, "m3") is []; tries++) await Task.Delay(250, Cancel);
        Assert.EndsWith("&given=1", await GiveAsync(township, ("who", "m3"), ("to", "Practitioner/e"), ("reason", "分片")), StringComparison.Ordinal);
        // Taken away, and the person changes: the follower writes the tasks again, and nobody claimed these.
        var before = await TasksAsync(server, "m3");
        Assert.NotEmpty(before);
        await server.PutAsync([.. before.Select(t => t.GetRawText().Replace("\"status\":\"accepted\"", "\"status\":\"entered-in-error\"", StringComparison.Ordinal))]);
        await server.PutAsync(Patient("m3", "village-a1", "陈二"));
        static bool IsUnclaimed(JsonElement task) => task.GetProperty("status").GetString() is "requested";
        for (var tries = 0; tries < 240 && !(await TasksAsync(server, "m3")).Exists(IsUnclaimed); tries++) await Task.Delay(250, Cancel);
        var again = (await TasksAsync(server, "m3")).FindAll(IsUnclaimed);
        Assert.NotEmpty(again);
        Assert.All(again, t => Assert.Equal("Practitioner/e", t.GetProperty("owner").GetProperty("reference").GetString()));
    }

    [Fact]
    public async Task Who_does_not_see_the_people_neither_lists_nor_gives_them()
    {
        await using var server = await OpenAsync(postgres: false);
        using var township = await server.SignedInAsync("township");
        await UntilAsync(township, "/panel?programme=hypertension", p => Shows(p, "m1"));
        using var other = await server.SignedInAsync("other");
        var page = await PageAsync(other, "/panel?programme=hypertension&place=village-a1");
        Assert.False(Shows(page, "m1"));
        Assert.EndsWith("&given=0", await GiveAsync(other, ("who", "m1"), ("to", "Practitioner/e"), ("reason", "试试")), StringComparison.Ordinal);
        Assert.DoesNotContain("careManager", (await BodyAsync(server, new("EpisodeOfCare", "e-m1"))).GetRawText(), StringComparison.Ordinal);
        await server.AddAsync("city", new(Role.CityCommission, "city"), "Practitioner/c");
        using var city = await server.SignedInAsync("city");
        Assert.Equal(HttpStatusCode.NotFound, (await city.Http.GetAsync("/panel", Cancel)).StatusCode);
    }

    private static async Task<TestServer> OpenAsync(bool postgres)
    {
        var server = await TestServer.StartAsync(postgres);
        await server.PutAsync(Tree);
        await server.PutAsync(Resource("Practitioner", "e", "\"name\":[{\"text\":\"新来的医生\"}]"), Resource("PractitionerRole", "er", $$"""
            "active":true,"practitioner":{"reference":"Practitioner/e","display":"新来的医生"},"organization":{{Reference("Organization", "village-a1")}}
            """));
        await server.AddAsync("doctor", new(Role.VillageDoctor, "village-a1"), "Practitioner/e");
        await server.AddAsync("other", new(Role.VillageDoctor, "village-b1"), "Practitioner/o");
        await server.AddAsync("township", new(Role.PublicHealthStaff, "town-a"), "Practitioner/t");
        // m1 and m2 were enrolled forty days ago and not seen since; m3 today; f1 elsewhere.
        foreach (var (id, place, days) in new[] { ("m1", "village-a1", 40), ("m2", "village-a1", 41), ("m3", "village-a1", 0), ("f1", "village-b1", 40) })
            await server.PutAsync(Patient(id, place, "陈"), Resource("EpisodeOfCare", $"e-{id}", $$"""
                "status":"active","type":[{{Concept(ProgrammeCodes.Programme, "hypertension")}}],"patient":{{Reference("Patient", id)}},
                "managingOrganization":{{Reference("Organization", place)}},"period":{"start":"{{Today.AddDays(-days):yyyy-MM-dd}}"}
                """));
        return server;
    }

    private static bool Shows(string page, params string[] people) => people.All(p => page.Contains($"/person/{p}\"", StringComparison.Ordinal));

    private static Task<string> PageAsync(Browser browser, string path) => browser.Http.GetStringAsync(path, Cancel);

    // The tasks and the flat views follow the record a moment later.
    private static async Task<string> UntilAsync(Browser browser, string path, Func<string, bool> holds)
    {
        var page = "";
        for (var tries = 0; tries < 240; tries++)
        {
            page = await PageAsync(browser, path);
            if (holds(page)) return page;
            await Task.Delay(250, Cancel);
        }

        throw new InvalidOperationException($"{path} never showed what it should, but: {page[page.IndexOf("<h1>", StringComparison.Ordinal)..]}");
    }

    private static async Task<string> GiveAsync(Browser browser, params (string, string)[] fields)
    {
        using var answer = await browser.PostFormAsync("/panel/hand-over", await browser.TokenAsync("/today"), [("programme", "hypertension"), .. fields]);
        return answer.Headers.Location?.ToString() ?? $"{(int)answer.StatusCode}";
    }

    private static async Task<List<JsonElement>> TasksAsync(TestServer server, string person) =>
        [.. (await server.Records.SearchAsync(TestServer.Operator, "Task",
            $"patient={person}&group-identifier={ProgrammeCodes.Programme}|hypertension", Cancel)).Matches.Select(m => JsonDocument.Parse(m.Body).RootElement.Clone())];

    private static async Task<JsonElement> BodyAsync(TestServer server, ResourceKey key) =>
        JsonDocument.Parse((await server.Records.ReadAsync(TestServer.Operator, key, Cancel))!.Body).RootElement.Clone();
}
