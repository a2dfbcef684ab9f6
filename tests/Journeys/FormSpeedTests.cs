using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;
using Tongxin.Host;
using Tongxin.Host.Shell;
using Tongxin.Kernel.Access;

namespace Tongxin.Journeys;

/// <summary>A form of 500 items with 100 calculations in the browser: every keystroke is followed, and how long it takes from key to screen is told.</summary>
public sealed class FormSpeedTests : IAsyncLifetime
{
    private const int Keys = 200;
    private static readonly string Chromium = new[] { "/usr/bin/chromium", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists) ?? "";
    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-form-").FullName;
    private WebApplication app = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        app = await Serving.BuildAsync(new(new RecordEngine.Sqlite(folder), "http://127.0.0.1:0") { SignIn = new() { IsDemo = true } }, Cancel);
        await app.StartAsync(Cancel);
    }

    [Fact]
    public async Task A_keystroke_in_500_items_with_100_calculations_is_followed_on_the_screen()
    {
        Assert.SkipWhen(Chromium.Length is 0, "No Chromium on this machine: apt-get install chromium.");
        Assert.SkipUnless(OfflineFiles.HasFiller, "This build carries no form filler: build in Release, or with -p:WithForms=true.");
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = ["--no-sandbox", "--disable-gpu"] });
        var page = await browser.NewPageAsync();
        await page.GotoAsync($"{app.Urls.First()}/offline");
        var times = await page.EvaluateAsync<double[]>(Typing, new { package = Package(), keys = Keys });

        Array.Sort(times);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"key to screen: median {times[Keys / 2]:0.0} ms, p95 {times[Keys * 95 / 100]:0.0} ms, longest {times[^1]:0.0} ms of {times.Length}"));
        Assert.Equal(Keys, times.Length);
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(CancellationToken.None);
        await app.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    // From the key event to the first task after the frame that shows it; every calculated field must then show the new sum.
    private const string Typing = """
        async ({ package: sent, keys }) => {
          const { dotnet } = await import('/forms/runtime/dotnet.js');
          const { Sheet } = await import('/forms/sheet.js');
          const filler = (await (await dotnet.create()).getAssemblyExports('Tongxin.Forms')).Tongxin.Forms.Filler;
          filler.Prepare('{}');
          const told = JSON.parse(filler.Install(sent));
          if (told.refused) throw new Error(told.refused);
          const whole = JSON.parse(filler.Open('{"patient":{"resourceType":"Patient","id":"a"},"resources":[]}', 'big', '2026-01-01', 'Practitioner/a', ''));
          if (whole.refused) throw new Error(whole.refused);
          const root = document.createElement('div');
          document.body.append(root);
          new Sheet(filler, root, {}).draw(whole);
          for (let i = 0; i < 400; i++) filler.Change(`p${i}`, JSON.stringify([String(i)]));
          const shown = () => new Promise(done => requestAnimationFrame(() => { const port = new MessageChannel(); port.port1.onmessage = done; port.port2.postMessage(0); }));
          const times = [];
          for (let i = 0; i < keys + 20; i++) {
            const field = root.querySelector(`[name=p${i % 100}]`), value = String(1000 + i);
            field.focus();
            await shown();
            const began = performance.now();
            field.value = value;
            field.dispatchEvent(new InputEvent('input', { bubbles: true }));
            await shown();
            const took = performance.now() - began;
            if (root.querySelector(`[name=s${i % 100}]`).value !== String(1001 + i)) throw new Error(`sum ${i} does not follow`);
            if (i >= 20) times.push(took);
          }
          return times;
        }
        """;

    private static string Package()
    {
        var form = new StringBuilder("id: big\ntitle: 大表\nitems:\n");
        for (var i = 0; i < 400; i++) form.Append(CultureInfo.InvariantCulture, $"  - {{ link: p{i}, text: 第{i}题, type: decimal }}\n");
        for (var i = 0; i < 100; i++) form.Append(CultureInfo.InvariantCulture, $"  - {{ link: s{i}, text: 和{i}, type: decimal, readonly: true, calculated: \"@(p{i}) + 1\" }}\n");
        return JsonSerializer.Serialize(new
        {
            name = "big",
            files = new Dictionary<string, string>
            {
                ["plan.yaml"] = "id: big\nversion: \"1\"\ntitle: 大表\ncitation: 测试\neffectivePeriod: { start: \"2020-01-01\" }\n",
                ["questionnaires/big.yaml"] = form.ToString(),
            },
        });
    }
}
