using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Tongxin.Host;
using Tongxin.Host.Demo;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Journeys;

/// <summary>Names, addresses, form text, referral text and correction text that are programs: shown in a real browser, none of them runs.</summary>
/// <remarks>The content security policy is switched off in the browser, so that it is the pages' own encoding that is tested; the policy is a second wall.</remarks>
public sealed class InjectionTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Residents = 120;
    private static readonly string Chromium = new[] { "/usr/bin/chromium", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists) ?? "";
    private static readonly string[] Switches =
        ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

    // Each leads out of another place in which text may stand: an element, an attribute, a script, an address, a comment, a template.
    private static readonly string[] Payloads =
    [
        "<script>ran('element')</script>", "<img src=x onerror=\"ran('image')\">", "\"><svg onload=\"ran('attribute')\">", "' autofocus onfocus='ran(`quote`)' x='",
        "</script><script>ran('script')</script>", "javascript:ran('address')", "--><script>ran('comment')</script>", "</title><script>ran('title')</script>",
        "</textarea><script>ran('area')</script>",
        "<iframe srcdoc=\"<script>parent.ran('frame')</script>\">", "&lt;script&gt;ran('twice')&lt;/script&gt;", "{{constructor.constructor('ran(1)')()}}",
    ];

    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-injection-").FullName;
    private readonly List<string> ran = [];
    private WebApplication app = null!;
    private string person = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private RecordAccess Records => app.Services.GetRequiredService<RecordAccess>();
    private string Url => app.Urls.First();

    public async ValueTask InitializeAsync()
    {
        app = await Serving.BuildAsync(new(new RecordEngine.Sqlite(folder), "http://127.0.0.1:0") { SignIn = new() { IsDemo = true } }, Cancel);
        var county = new SyntheticCounty(20_170_228, Residents, LocalTime.Today(TimeProvider.System));
        await new Seeding(Records, app.Services.GetRequiredService<ServiceCatalogue>()).RunAsync(county, new Progress<int>(), Cancel);
        await DemoAccounts.MakeAsync(app.Services, Cancel);
        await app.StartAsync(Cancel);
    }

    [Fact]
    public async Task No_script_in_any_text_runs_on_any_page_that_shows_it()
    {
        Assert.SkipWhen(Chromium.Length is 0, "No Chromium on this machine: apt-get install chromium.");
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = Switches });
        var resident = await SignInAsync(browser, "居民");
        person = await resident.EvaluateAsync<string>("fetch('/fhir/Patient').then(r => r.json()).then(b => b.entry[0].resource.id)");
        foreach (var payload in Payloads)
        {
            await resident.GotoAsync($"{Url}/my-rights");
            await resident.SelectOptionAsync("#field", "record");
            await resident.FillAsync("#wanted", payload);
            await resident.FillAsync("#why", payload);
            await resident.Locator("form[action$='/correct'] button").ClickAsync();
            await resident.Locator(".notice.good").WaitForAsync();
        }

        var doctor = await SignInAsync(browser, await PoisonAsync());
        var looked = 0;
        string[] doctors = ["/today", "/people", "/people?q=ran", $"/person/{person}", $"/person/{person}/card", $"/follow-up/{person}", $"/contracts/sign/{person}", "/contracts",
            "/contracts/groups", "/referrals", "/corrections", "/registration?q=%3Cscript%3Eran(%27query%27)%3C/script%3E", "/registration/new", "/duplicates", "/cockpit"];
        string[] residents = ["/mine", "/my-rights", "/my-doctor", "/my-rights?done=%3Cscript%3Eran(%27done%27)%3C/script%3E",
            "/my-rights?refused=%22%3E%3Csvg%20onload=ran(%27refused%27)%3E"];
        foreach (var (page, paths) in new[] { (doctor, doctors), (resident, residents) })
            foreach (var path in paths)
                looked += await LookAsync(page, path);
        await doctor.GotoAsync($"{Url}/referrals");
        foreach (var href in await doctor.Locator("a.who[href^='/referrals/']").EvaluateAllAsync<string[]>("all => all.map(a => a.getAttribute('href'))"))
            looked += await LookAsync(doctor, href) + await LookAsync(doctor, $"{href}/print");

        output.WriteLine($"{Payloads.Length} payloads, {looked} times seen on pages as text, {ran.Count} ran.");
        Assert.Empty(ran);
        Assert.True(looked > Payloads.Length, $"Only {looked} payloads were seen: the pages do not show what was written.");
    }

    [Fact]
    public async Task A_page_that_does_not_encode_would_be_noticed()
    {
        Assert.SkipWhen(Chromium.Length is 0, "No Chromium on this machine: apt-get install chromium.");
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = Switches });
        var page = await WatchedAsync(browser);
        foreach (var payload in Payloads) await page.SetContentAsync($"<body><p>{payload}</p><input value=\"{payload}\"></body>");
        Assert.True(ran.Count >= 6, $"Only {ran.Count} payloads run where nothing is encoded.");
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(CancellationToken.None);
        await app.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    // Times a payload stands in the page as the text that it is, after everything on the page had time to run.
    private async Task<int> LookAsync(IPage page, string path)
    {
        await page.GotoAsync($"{Url}{path}");
        await page.WaitForTimeoutAsync(150);
        await page.EvaluateAsync("document.querySelectorAll('a[href],input,textarea,button').forEach(e => e.focus())");
        Assert.Equal(0, await page.Locator("a[href^='javascript:']").CountAsync());
        var text = await page.EvaluateAsync<string>("document.body.innerText + [...document.querySelectorAll('input,textarea')].map(e => e.value).join(' ')");
        return Payloads.Count(p => text.Contains(p, StringComparison.Ordinal));
    }

    // Her name, address, allergy, visits and referral become programs too; answers with the name of her village doctor.
    private async Task<string> PoisonAsync()
    {
        var hands = Caller.System("test");
        var stored = (await Records.ReadAsync(hands, new("Patient", person), Cancel))!;
        var body = Web.Components.JsonWriting.Edit(stored);
        var clinic = ((string)body["managingOrganization"]!["reference"]!).Split('/')[1];
        body["name"] = new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["text"] = string.Join(' ', Payloads) });
        body["address"] = new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["text"] = string.Join(' ', Payloads) });
        body["telecom"] = new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["system"] = "phone", ["value"] = Payloads[1] });
        var changes = new List<Change> { Web.Components.JsonWriting.Put(body, stored.Version) };
        foreach (var type in new[] { "Task", "ServiceRequest", "Observation", "Encounter" })
            foreach (var found in (await Records.SearchAsync(hands, type, $"patient=Patient/{person}&_count=20", Cancel)).Matches)
            {
                var one = Web.Components.JsonWriting.Edit(found);
                if (type is "Task") one["description"] = Payloads[1];
                if (type is not "Encounter") one["note"] = new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["text"] = Payloads[0] });
                else one["type"] = new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["text"] = Payloads[2] });
                changes.Add(Web.Components.JsonWriting.Put(one, found.Version));
            }

        await Records.CommitAsync(hands, changes, new(), Cancel);
        var roles = await Records.SearchAsync(hands, "PractitionerRole", $"organization=Organization/{clinic}&_count=20", Cancel);
        return Web.Components.JsonReading.Parse(roles.Matches[0]).GetProperty("practitioner").GetProperty("display").GetString()!;
    }

    private async Task<IPage> SignInAsync(IBrowser browser, string who)
    {
        var page = await WatchedAsync(browser);
        await page.GotoAsync($"{Url}/sign-in");
        await page.Locator("form[action='/sign-in/demo']", new() { HasTextString = who }).First.Locator("button").ClickAsync();
        await page.ArriveAsync(u => !u.Contains("/sign-in", StringComparison.Ordinal));
        return page;
    }

    private async Task<IPage> WatchedAsync(IBrowser browser)
    {
        var context = await browser.NewContextAsync(new() { BypassCSP = true });
        await context.ExposeFunctionAsync("ran", (string what) => ran.Add(what));
        var page = await context.NewPageAsync();
        page.Dialog += (_, dialog) => ran.Add(dialog.Message);
        return page;
    }
}
