using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Tongxin.Host;
using Tongxin.Host.Demo;
using Tongxin.Host.Shell;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Journeys;

/// <summary>A village doctor whose line goes: the list taken along, a follow-up without the network, its verdict, and what is on the record after.</summary>
public sealed class OfflineTests : IAsyncLifetime
{
    private const int Residents = 400;
    private const string Doctor = "d-t01v01";
    private static readonly string Chromium = new[] { "/usr/bin/chromium", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists) ?? "";

    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-offline-").FullName;
    private readonly string screenshots = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "journeys")).FullName;
    private WebApplication app = null!;
    private CutLine line = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        app = await Serving.BuildAsync(new(new RecordEngine.Sqlite(folder), "http://127.0.0.1:0") { SignIn = new() { IsDemo = true } }, Cancel);
        var county = new SyntheticCounty(20_170_228, Residents, LocalTime.Today(TimeProvider.System));
        await new Seeding(app.Services.GetRequiredService<RecordAccess>(), app.Services.GetRequiredService<ServiceCatalogue>()).RunAsync(county, new Progress<int>(), Cancel);
        await DemoAccounts.MakeAsync(app.Services, Cancel);
        await app.StartAsync(Cancel);
        line = new(new Uri(app.Urls.First()).Port);
    }

    [Fact]
    public async Task A_visit_filled_without_the_network_is_judged_at_once_and_is_on_the_record_once_when_the_line_is_back()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await LaunchAsync(playwright);
        var page = await SignInAsync(browser);
        var person = await TakeAlongAsync(page);
        var before = await VisitsAsync(person);

        await LoseAsync(page);
        await page.GotoAsync($"{line.Url}/today");
        await page.Locator($"a[href*='/follow-up/{person}']").WaitForAsync();
        await ShootAsync(page, "offline-list");
        await FillAsync(page, person, "168", "96");
        await page.Locator("#verdict b", new() { HasTextString = "控制不满意" }).First.WaitForAsync();
        await ShootAsync(page, "offline-form");
        await page.ReloadAsync();
        await page.Locator("#verdict b", new() { HasTextString = "控制不满意" }).First.WaitForAsync();
        Assert.Equal("168", await page.InputValueAsync("input[name=systolic]"));
        await page.Locator("form .primary").ClickAsync();
        await page.Locator("[data-queued=waiting]").WaitForAsync();
        await ShootAsync(page, "offline-queued");
        Assert.Equal(before.Count, (await VisitsAsync(person)).Count);
        // Long enough not to stand in encrypted bytes by chance.
        Assert.DoesNotContain("systolic", await StoredAsync(page), StringComparison.Ordinal);

        await FindAsync(page);
        await UntilAsync(async () => (await VisitsAsync(person)).Count == before.Count + 1);
        await page.GotoAsync($"{line.Url}/today");
        await page.Locator("[data-words] button").First.WaitForAsync();
        Assert.Equal(0, await page.Locator("[data-queued]").CountAsync());
        var visit = (await VisitsAsync(person)).Single(v => before.All(b => Id(b) != Id(v)));
        Assert.Contains("168", visit.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_visit_that_somebody_else_recorded_meanwhile_is_shown_with_both_values_and_the_doctor_decides()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await LaunchAsync(playwright);
        var page = await SignInAsync(browser);
        var person = await TakeAlongAsync(page);
        await LoseAsync(page);
        await FillAsync(page, person, "150", "92");
        await page.Locator("form .primary").ClickAsync();
        await page.Locator("[data-queued=waiting]").WaitForAsync();
        var theirs = await RecordByAnotherAsync(person, page);
        var before = await VisitsAsync(person);

        await FindAsync(page);
        await page.GotoAsync($"{line.Url}/today");
        await page.Locator("[data-queued=conflict]").WaitForAsync();
        var table = await page.Locator("[data-queued=conflict] table").InnerTextAsync();
        Assert.Contains("150", table, StringComparison.Ordinal);
        Assert.Contains("138", table, StringComparison.Ordinal);
        await ShootAsync(page, "offline-conflict");
        Assert.Equal(before.Count, (await VisitsAsync(person)).Count);

        await page.Locator("[data-queued=conflict] .primary").ClickAsync();
        await page.Locator("[data-queued]").WaitForAsync(new() { State = WaitForSelectorState.Detached });
        var after = await VisitsAsync(person);
        Assert.Equal(before.Count, after.Count);
        var corrected = after.Single(v => Id(v) == theirs);
        Assert.Equal("amended", corrected.GetProperty("status").GetString());
        Assert.Contains("150", corrected.GetRawText(), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await line.DisposeAsync();
        await app.StopAsync(CancellationToken.None);
        await app.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static Task<IBrowser> LaunchAsync(IPlaywright playwright)
    {
        Assert.SkipWhen(Chromium.Length is 0, "No Chromium on this machine: apt-get install chromium.");
        Assert.SkipUnless(OfflineFiles.HasFiller, "This build carries no form filler: build in Release, or with -p:WithForms=true.");
        return playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Chromium,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    private async Task<IPage> SignInAsync(IBrowser browser)
    {
        var page = await (await browser.NewContextAsync(new() { ViewportSize = new() { Width = 1366, Height = 900 } })).NewPageAsync();
        page.Console += (_, told) => TestContext.Current.TestOutputHelper?.WriteLine(told.Text);
        page.PageError += (_, error) => TestContext.Current.TestOutputHelper?.WriteLine(error);
        await page.GotoAsync($"{line.Url}/sign-in");
        var stored = await app.Services.GetRequiredService<RecordAccess>().ReadAsync(Caller.System("journey"), new("Practitioner", Doctor), Cancel);
        using var json = JsonDocument.Parse(stored!.Body);
        var name = json.RootElement.GetProperty("name")[0].GetProperty("text").GetString()!;
        await page.Locator("form[action='/sign-in/demo'] button", new() { HasTextString = name }).First.ClickAsync();
        await page.ArriveAsync(u => !u.Contains("/sign-in", StringComparison.Ordinal));
        return page;
    }

    /// <summary>Takes today's list along and gives the first person on it whose hypertension is due.</summary>
    private async Task<string> TakeAlongAsync(IPage page)
    {
        await UntilAsync(async () =>
        {
            await page.GotoAsync($"{line.Url}/today");
            return await page.Locator("a[href*='hypertension-follow-up']").CountAsync() > 0;
        });
        var link = await page.Locator("a[href*='hypertension-follow-up']").First.GetAttributeAsync("href");
        await page.Locator("[data-words] button").First.ClickAsync();
        await page.Locator("[data-words] [role=status]", new() { HasTextString = "没有网络也能填写" }).WaitForAsync(new() { Timeout = 120_000 });
        await ShootAsync(page, "offline-taken");
        return link!.Split('/', '?')[2];
    }

    private async Task LoseAsync(IPage page)
    {
        line.Cut();
        await page.Context.SetOfflineAsync(true);
    }

    private async Task FindAsync(IPage page)
    {
        line.Mend();
        await page.Context.SetOfflineAsync(false);
    }

    private async Task FillAsync(IPage page, string person, string systolic, string diastolic)
    {
        await page.GotoAsync($"{line.Url}/follow-up/{person}?form=hypertension-follow-up");
        await page.FillAsync("input[name=systolic]", systolic);
        await page.FillAsync("input[name=diastolic]", diastolic);
        await page.CheckAsync("input[name=symptoms-hypertension][value='1']");
        await page.CheckAsync("input[name=adherence][value='1']");
    }

    private async Task<string> RecordByAnotherAsync(string person, IPage page)
    {
        var visits = app.Services.GetRequiredService<FollowUps>();
        var caller = Caller.System("journey") with { Subject = "Practitioner/d-t01v02" };
        var filling = await visits.OpenAsync(caller, person, "hypertension-follow-up", Cancel);
        Tongxin.Fhir.Questionnaires.FormFields.Apply(filling, new Dictionary<string, IReadOnlyList<string>>
        {
            ["systolic"] = ["138"], ["diastolic"] = ["84"], ["symptoms-hypertension"] = ["1"], ["adherence"] = ["1"],
        });
        return (await visits.SaveAsync(caller, person, filling.ToResponse(), $"another-{page.GetHashCode()}", Cancel)).Response.Id;
    }

    private async Task<List<JsonElement>> VisitsAsync(string person)
    {
        var record = await app.Services.GetRequiredService<QueuedVisits>().TakeAlongAsync(Caller.System("journey"), person, Cancel);
        return [.. record!.Of("QuestionnaireResponse").Where(r => r.GetProperty("questionnaire").GetString()!.Contains("hypertension-follow-up", StringComparison.Ordinal))];
    }

    /// <summary>Every byte of the browser's database, as text.</summary>
    private static Task<string> StoredAsync(IPage page) => page.EvaluateAsync<string>("""
        async () => {
          const db = await new Promise(done => { const asked = indexedDB.open('tongxin'); asked.onsuccess = () => done(asked.result); });
          const rows = await new Promise(done => { const asked = db.transaction('rows').objectStore('rows').getAll(); asked.onsuccess = () => done(asked.result); });
          return rows.map(r => Array.from(new Uint8Array(r.data), b => String.fromCharCode(b)).join('')).join('');
        }
        """);

    private static string Id(JsonElement resource) => resource.GetProperty("id").GetString()!;

    private Task ShootAsync(IPage page, string name) => page.ScreenshotAsync(new() { Path = Path.Combine(screenshots, $"{name}.png"), FullPage = true });

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var tries = 0; tries < 120; tries++)
        {
            if (await holds()) return;
            await Task.Delay(500, Cancel);
        }

        Assert.Fail("It did not come within a minute.");
    }
}
