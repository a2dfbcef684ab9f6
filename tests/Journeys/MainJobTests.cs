using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Tongxin.Host;
using Tongxin.Host.Demo;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Journeys;

/// <summary>The main job in a browser, on a county of people who do not exist: today's list, a follow-up, its verdict, the number that moves, who looked.</summary>
public sealed class MainJobTests : IAsyncLifetime
{
    private const int Residents = 600;
    private static readonly string Chromium = new[] { "/usr/bin/chromium", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists) ?? "";

    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-journey-").FullName;
    private readonly string screenshots = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "journeys")).FullName;
    private WebApplication app = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var engine = new RecordEngine.Sqlite(folder);
        app = await Serving.BuildAsync(new(engine, "http://127.0.0.1:0") { SignIn = new() { IsDemo = true } }, Cancel);
        var county = new SyntheticCounty(20_170_228, Residents, LocalTime.Today(TimeProvider.System));
        await new Seeding(app.Services.GetRequiredService<RecordAccess>(), app.Services.GetRequiredService<ServiceCatalogue>()).RunAsync(county, new Progress<int>(), Cancel);
        await DemoAccounts.MakeAsync(app.Services, Cancel);
        await app.StartAsync(Cancel);
    }

    [Fact]
    public async Task A_village_doctor_records_a_follow_up_and_the_countys_number_opens_onto_that_person()
    {
        Assert.SkipWhen(Chromium.Length is 0, "No Chromium on this machine: apt-get install chromium.");
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Chromium,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        var doctor = await SignInAsync(browser, "d-t01v01");
        await UntilAsync(async () =>
        {
            await doctor.GotoAsync($"{Url}/today");
            return await doctor.Locator("a[href*='hypertension-follow-up']").CountAsync() > 0;
        });
        await ShootAsync(doctor, "today");
        await doctor.Locator("a[href*='hypertension-follow-up']").First.ClickAsync();
        await doctor.FillAsync("input[name=systolic]", "168");
        await doctor.FillAsync("input[name=diastolic]", "96");
        await doctor.CheckAsync("input[name=symptoms-hypertension][value='1']");
        await doctor.CheckAsync("input[name=adherence][value='1']");
        await doctor.Locator("#verdict b", new() { HasTextString = "控制不满意" }).First.WaitForAsync();
        await ShootAsync(doctor, "follow-up");
        var person = new Uri(doctor.Url).AbsolutePath.Split('/')[^1];
        await doctor.Locator("form[data-fill] .primary").ClickAsync();
        await doctor.WaitForURLAsync("**/person/*saved=1*");
        await ShootAsync(doctor, "saved");

        var board = app.Services.GetRequiredService<Board>();
        var today = LocalTime.Today(TimeProvider.System);
        await UntilAsync(() => Task.FromResult(board.OfPerson(person, today) is { Count: > 0 } found
            && found.Any(m => m is { Indicator: "hypertension-control", Member: { Numerator: false, Reason: "not-controlled" } })));

        var officer = await SignInAsync(browser, "g-commission");
        await officer.GotoAsync($"{Url}/cockpit?i=hypertension-control&o=t01v01&open=missed");
        await ShootAsync(officer, "cockpit");
        var cell = board.At("hypertension-control", "t01v01", today)!;
        Assert.Equal(cell.Denominator - cell.Numerator, board.People("hypertension-control", "t01v01", today, false, null, 0, 200).Count);
        Assert.Equal(cell.Denominator - cell.Numerator, await officer.Locator("#drawer .people-list li").CountAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(CancellationToken.None);
        await app.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private string Url => app.Urls.First();

    private async Task<IPage> SignInAsync(IBrowser browser, string account)
    {
        var page = await (await browser.NewContextAsync(new() { ViewportSize = new() { Width = 1366, Height = 900 } })).NewPageAsync();
        await page.GotoAsync($"{Url}/sign-in");
        var name = await NameAsync(account);
        await page.Locator("form[action='/sign-in/demo'] button", new() { HasTextString = name }).First.ClickAsync();
        await page.WaitForURLAsync(u => !u.Contains("/sign-in", StringComparison.Ordinal));
        return page;
    }

    private async Task<string> NameAsync(string practitioner)
    {
        var stored = await app.Services.GetRequiredService<RecordAccess>().ReadAsync(Caller.System("journey"), new("Practitioner", practitioner), Cancel);
        using var json = System.Text.Json.JsonDocument.Parse(stored!.Body);
        return json.RootElement.GetProperty("name")[0].GetProperty("text").GetString()!;
    }

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
