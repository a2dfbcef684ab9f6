using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Tongxin.Host;
using Tongxin.Host.Demo;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Journeys;

/// <summary>A county of people who do not exist, served on a port of its own, and browsers signed in to it.</summary>
public abstract class Journey : IAsyncLifetime
{
    private const int Residents = 600;
    private static readonly string Chromium = new[] { "/usr/bin/chromium", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists) ?? "";

    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-journey-").FullName;
    private readonly string screenshots = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "journeys")).FullName;

    protected WebApplication App { get; private set; } = null!;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected string Url => App.Urls.First();

    protected RecordAccess Records => App.Services.GetRequiredService<RecordAccess>();

    public async ValueTask InitializeAsync()
    {
        var engine = new RecordEngine.Sqlite(folder);
        App = await Serving.BuildAsync(new(engine, "http://127.0.0.1:0") { SignIn = new() { IsDemo = true } }, Cancel);
        var county = new SyntheticCounty(20_170_228, Residents, LocalTime.Today(TimeProvider.System));
        await new Seeding(Records, App.Services.GetRequiredService<ServiceCatalogue>()).RunAsync(county, new Progress<int>(), Cancel);
        await DemoAccounts.MakeAsync(App.Services, Cancel);
        await App.StartAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync(CancellationToken.None);
        await App.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected static Task<IBrowser> LaunchAsync(IPlaywright playwright)
    {
        Assert.SkipWhen(Chromium.Length is 0, "No Chromium on this machine: apt-get install chromium.");
        return playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Chromium,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    /// <param name="account">Id of a practitioner or a patient whose demo account is entered without a password.</param>
    protected async Task<IPage> SignInAsync(IBrowser browser, string account, string type = "Practitioner")
    {
        var page = await (await browser.NewContextAsync(new() { ViewportSize = new() { Width = 1366, Height = 900 } })).NewPageAsync();
        await page.GotoAsync($"{Url}/sign-in");
        var name = await NameAsync(type, account);
        await page.Locator("form[action='/sign-in/demo'] button", new() { HasTextString = name }).First.ClickAsync();
        await page.ArriveAsync(u => !u.Contains("/sign-in", StringComparison.Ordinal));
        return page;
    }

    protected async Task<string> NameAsync(string type, string id)
    {
        var stored = await Records.ReadAsync(Caller.System("journey"), new(type, id), Cancel);
        using var json = System.Text.Json.JsonDocument.Parse(stored!.Body);
        var name = json.RootElement.GetProperty("name");
        return name.ValueKind is System.Text.Json.JsonValueKind.String ? name.GetString()! : name[0].GetProperty("text").GetString()!;
    }

    protected Task ShootAsync(IPage page, string name) => page.ScreenshotAsync(new() { Path = Path.Combine(screenshots, $"{name}.png"), FullPage = true });

    protected static async Task UntilAsync(Func<Task<bool>> holds, int minutes = 1)
    {
        for (var tries = 0; tries < 120 * minutes; tries++)
        {
            if (await holds()) return;
            await Task.Delay(500, Cancel);
        }

        Assert.Fail($"It did not come within {minutes} min.");
    }
}
