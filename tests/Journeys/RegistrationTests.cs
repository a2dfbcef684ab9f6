using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Tongxin.Host;
using Tongxin.Host.Demo;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Journeys;

/// <summary>At the counter of a village clinic: find a person by what is known, register one who is not there, be stopped before registering one twice.</summary>
public sealed class RegistrationTests : IAsyncLifetime
{
    private const int Residents = 300;
    private static readonly string Chromium = new[] { "/usr/bin/chromium", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists) ?? "";
    private static readonly string[] Switches =
        ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-journey-").FullName;
    private readonly string screenshots = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "journeys")).FullName;
    private WebApplication app = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        app = await Serving.BuildAsync(new(new RecordEngine.Sqlite(folder), "http://127.0.0.1:0") { SignIn = new() { IsDemo = true } }, Cancel);
        var county = new SyntheticCounty(20_170_228, Residents, LocalTime.Today(TimeProvider.System));
        await new Seeding(app.Services.GetRequiredService<RecordAccess>(), app.Services.GetRequiredService<ServiceCatalogue>()).RunAsync(county, new Progress<int>(), Cancel);
        await DemoAccounts.MakeAsync(app.Services, Cancel);
        await app.StartAsync(Cancel);
    }

    [Fact]
    public async Task A_resident_is_registered_once_and_found_by_any_piece_of_her_number()
    {
        Assert.SkipWhen(Chromium.Length is 0, "No Chromium on this machine: apt-get install chromium.");
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = Switches });
        var page = await SignInAsync(browser);
        var number = CitizenId.Make("990121", new(1965, 7, 15), 382).Value;
        await page.GotoAsync($"{Url}/registration");
        await page.Locator("#find").PressSequentiallyAsync("欧阳𠮷兰");
        await page.Locator("#hits .empty").WaitForAsync();
        await page.Locator("a[data-new]").ClickAsync();
        Assert.Equal("欧阳𠮷兰", await page.InputValueAsync("#name"));

        await page.FillAsync("#number", number[..17] + (number[17] is '1' ? '2' : '1'));
        await page.Locator("form[data-number] .primary").ClickAsync();
        Assert.Contains("校验位", await page.TextContentAsync("#number-said"), StringComparison.Ordinal);
        await ShootAsync(page, "registration-refused");
        await page.FillAsync("#number", "");
        await page.Locator("#number").PressSequentiallyAsync(number);
        Assert.Equal("1965-07-15", await page.InputValueAsync("#birth"));
        await page.FillAsync("#phone", "13900001234");
        await page.FillAsync("#address", "青禾县一组3号");
        await page.Locator("form[data-number] .primary").ClickAsync();
        await page.ArriveAsync("**/person/*");
        await ShootAsync(page, "registration-saved");

        foreach (var piece in new[] { "欧阳", "oyjl", number[^4..], "19650715", "1234" })
        {
            await page.GotoAsync($"{Url}/registration");
            await page.Locator("#find").PressSequentiallyAsync(piece);
            await page.Locator("#hits .who", new() { HasTextString = "欧阳𠮷兰" }).WaitForAsync(new() { Timeout = 8_000 });
        }

        await ShootAsync(page, "registration-found");
        await page.Locator("#hits a[href$='/card']").ClickAsync();
        await page.Locator("form button.primary", new() { HasTextString = "发卡" }).ClickAsync();
        await page.Locator(".qr").First.WaitForAsync();
        await ShootAsync(page, "card");
        var card = await page.Locator("td[title]").First.GetAttributeAsync("title") ?? "";
        await page.GotoAsync($"{Url}/registration");
        await page.Locator("#find").PressSequentiallyAsync(card);
        await page.Locator("#hits .who", new() { HasTextString = "欧阳𠮷兰" }).WaitForAsync(new() { Timeout = 8_000 });
        await page.FillAsync("#find", $"{card}:00000000000000000000000000000000");
        await page.Locator("#hits .notice.urgent").WaitForAsync();
    }

    [Fact]
    public async Task Two_records_of_one_person_come_onto_the_list_and_are_merged_and_parted_again()
    {
        Assert.SkipWhen(Chromium.Length is 0, "No Chromium on this machine: apt-get install chromium.");
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = Switches });
        var page = await SignInAsync(browser);
        await FillAsync(page, "赵桂珍", "1961-11-20");
        await page.Locator("form[data-number] .primary").ClickAsync();
        await page.ArriveAsync("**/person/*");
        await FillAsync(page, "赵桂真", "1961-11-20");
        await page.Locator("form[data-number] .primary").ClickAsync();
        await page.Locator("button[name=looked][value='1']").ClickAsync();
        await page.ArriveAsync("**/person/*");

        for (var tries = 0; tries < 60; tries++)
        {
            await page.GotoAsync($"{Url}/duplicates");
            if (await page.Locator(".list li", new() { HasTextString = "赵桂珍" }).CountAsync() > 0) break;
            await Task.Delay(1_000, Cancel);
        }

        await ShootAsync(page, "duplicates-queue");
        await page.Locator(".list li", new() { HasTextString = "赵桂珍" }).First.Locator("a.who").ClickAsync();
        await ShootAsync(page, "duplicates-pair");
        await page.FillAsync("#reason", "同一人，重名登记");
        await page.Locator("button[value='merge-a']").ClickAsync();
        await page.Locator(".notice.good").WaitForAsync();
        await ShootAsync(page, "duplicates-merged");
        await page.FillAsync("#reason", "核对后是姐妹");
        await page.Locator("button[value=part]").ClickAsync();
        await page.Locator(".notice.good", new() { HasTextString = "已撤销" }).WaitForAsync();
        await page.GotoAsync($"{Url}/duplicates");
        Assert.Equal(0, await page.Locator(".list li", new() { HasTextString = "赵桂珍" }).CountAsync());
    }

    [Fact]
    public async Task A_roll_is_sent_its_columns_corrected_tried_and_imported_while_the_page_tells_how_far_it_is()
    {
        Assert.SkipWhen(Chromium.Length is 0, "No Chromium on this machine: apt-get install chromium.");
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = Switches });
        var page = await SignInAsync(browser);
        var rows = Enumerable.Range(0, 300).Select(i => $"卷{(char)('一' + i)},{CitizenId.Make("990121", new DateOnly(1961, 1, 1).AddDays(i), 382).Value},不知道的村");
        await page.GotoAsync($"{Url}/registration/roll");
        var file = System.Text.Encoding.UTF8.GetBytes($"姓名,身份证号,村\n{string.Join('\n', rows)}");
        await page.SetInputFilesAsync("#file", new FilePayload { Name = "花名册.csv", MimeType = "text/csv", Buffer = file });
        await page.Locator(".roll-send .primary").ClickAsync();
        await page.Locator("select[name='column-2']").SelectOptionAsync("");
        await ShootAsync(page, "roll-columns");
        await page.Locator("button[value=look]").ClickAsync();
        await page.Locator(".tally").WaitForAsync();
        await ShootAsync(page, "roll-looked");
        await page.Locator("button[value=import]").ClickAsync();
        await page.Locator(".notice.good").WaitForAsync();
        Assert.Equal("300", await page.Locator(".tally dd").First.InnerTextAsync());
        await ShootAsync(page, "roll-imported");
    }

    [Fact]
    public async Task Who_is_on_record_under_another_spelling_is_shown_before_saving()
    {
        Assert.SkipWhen(Chromium.Length is 0, "No Chromium on this machine: apt-get install chromium.");
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = Switches });
        var page = await SignInAsync(browser);
        await FillAsync(page, "王淑芳", "1958-03-02");
        await page.Locator("form[data-number] .primary").ClickAsync();
        await page.ArriveAsync("**/person/*");

        await FillAsync(page, "王淑方", "1958-03-02");
        await page.Locator("form[data-number] .primary").ClickAsync();
        await page.Locator(".why", new() { HasTextString = "王淑芳" }).First.WaitForAsync();
        await ShootAsync(page, "registration-likely");
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(CancellationToken.None);
        await app.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private string Url => app.Urls.First();

    private async Task FillAsync(IPage page, string name, string birth)
    {
        await page.GotoAsync($"{Url}/registration/new");
        await page.FillAsync("#name", name);
        await page.SelectOptionAsync("#noNumber", new SelectOptionValue { Index = 2 });
        await page.Locator("label:has(input[name=sex][value=female])").ClickAsync();
        await page.FillAsync("#birth", birth);
        await page.FillAsync("#phone", "13900005678");
    }

    private async Task<IPage> SignInAsync(IBrowser browser)
    {
        var page = await (await browser.NewContextAsync(new() { ViewportSize = new() { Width = 1366, Height = 900 } })).NewPageAsync();
        await page.GotoAsync($"{Url}/sign-in");
        var stored = await app.Services.GetRequiredService<RecordAccess>().ReadAsync(Caller.System("journey"), new("Practitioner", "d-t01v01"), Cancel);
        using var json = System.Text.Json.JsonDocument.Parse(stored!.Body);
        var name = json.RootElement.GetProperty("name")[0].GetProperty("text").GetString()!;
        await page.Locator("form[action='/sign-in/demo'] button", new() { HasTextString = name }).First.ClickAsync();
        await page.ArriveAsync(u => !u.Contains("/sign-in", StringComparison.Ordinal));
        return page;
    }

    private Task ShootAsync(IPage page, string name) => page.ScreenshotAsync(new() { Path = Path.Combine(screenshots, $"{name}.png"), FullPage = true });
}
