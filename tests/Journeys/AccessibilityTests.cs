using System.Text.RegularExpressions;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Tongxin.Journeys;

/// <summary>Every page that a role reaches by links, judged by axe-core (WCAG 2 A and AA): nothing serious, in the light and the dark theme and in large type.</summary>
public sealed partial class AccessibilityTests(ITestOutputHelper output) : Journey
{
    // Kinds of pages a role is followed to: a page for each person is one kind.
    private const int MostKinds = 24;

    private static readonly (string Account, string Type)[] Walkers =
        [("d-t01v01", "Practitioner"), ("g-commission", "Practitioner"), ("a-auditor", "Practitioner"), ("s-cardiology", "Practitioner"), ("", "Patient")];

    [Fact]
    public async Task Axe_finds_nothing_serious_on_any_page_that_a_role_reaches()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await LaunchAsync(playwright);
        var wrong = new SortedSet<string>(StringComparer.Ordinal);
        var looked = 0;
        foreach (var (account, type) in Walkers)
        {
            if (await EnterAsync(browser, account, type) is not { } page) continue;
            looked += await WalkAsync(page, wrong);
        }

        output.WriteLine($"{looked} pages looked at.");
        Assert.True(looked > 40, $"Only {looked} pages were reached.");
        Assert.True(wrong.Count is 0, string.Join('\n', wrong));
    }

    // A practitioner of the demo by id, or whichever resident may sign in.
    private async Task<IPage?> EnterAsync(IBrowser browser, string account, string type)
    {
        if (type is not "Patient") return await IsThereAsync(account) ? await SignInAsync(browser, account, type) : null;
        var page = await (await browser.NewContextAsync(new() { ViewportSize = new() { Width = 1366, Height = 900 } })).NewPageAsync();
        await page.GotoAsync($"{Url}/sign-in");
        await page.Locator("form[action='/sign-in/demo']", new() { HasTextString = "居民 Resident" }).First.Locator("button").ClickAsync();
        await page.ArriveAsync(u => !u.Contains("/sign-in", StringComparison.Ordinal));
        return page;
    }

    private async Task<bool> IsThereAsync(string practitioner) =>
        await Records.ReadAsync(Kernel.Access.Caller.System("journey"), new("Practitioner", practitioner), Cancel) is { IsDeleted: false };

    private async Task<int> WalkAsync(IPage page, SortedSet<string> wrong)
    {
        var (seen, waiting) = (new HashSet<string>(StringComparer.Ordinal), new Queue<string>([new Uri(page.Url).PathAndQuery]));
        var kinds = new HashSet<string>(StringComparer.Ordinal);
        while (waiting.TryDequeue(out var path) && kinds.Count < MostKinds)
        {
            if (kinds.Contains(Kind(path)) || !await IsPageAsync(page, path)) continue;
            kinds.Add(Kind(path));
            await page.GotoAsync(Url + path);
            await JudgeAsync(page, path, wrong);
            var links = await page.EvaluateAsync<string[]>(
                "[...document.querySelectorAll('main a[href^=\"/\"], nav a[href^=\"/\"], .more a[href^=\"/\"]')].map(a => a.getAttribute('href'))");
            foreach (var link in links.Where(l => !Leaves().IsMatch(l) && seen.Add(l))) waiting.Enqueue(link);
        }

        // The list of the day and the first page once more as an old resident and a night doctor see them.
        foreach (var setting in new[] { "size", "theme" })
        {
            await page.GotoAsync($"{Url}/setting/{setting}?back=/");
            await JudgeAsync(page, $"/ with another {setting}", wrong);
        }

        return kinds.Count + 2;
    }

    // What is taken away as a file is no page.
    private async Task<bool> IsPageAsync(IPage page, string path) =>
        (await page.APIRequest.GetAsync(Url + path)).Headers.GetValueOrDefault("content-type", "").StartsWith("text/html", StringComparison.Ordinal);

    private static async Task JudgeAsync(IPage page, string path, SortedSet<string> wrong)
    {
        var found = await page.RunAxe(new AxeRunOptions { RunOnly = new RunOnlyOptions { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] } });
        foreach (var violation in found.Violations.Where(v => v.Impact is "serious" or "critical"))
            wrong.Add($"{Kind(path)}: {violation.Id} ({violation.Impact}) {string.Join(" | ", violation.Nodes.Take(3).Select(n => n.Html))}");
    }

    // What stands for one of many is left out: the page of one person is the page of all.
    private static string Kind(string path) => Ids().Replace(Choices().Replace(path.Split('#')[0], "$1"), "/…");

    [GeneratedRegex(@"/(?=[^/?]*\d)[^/?]+", RegexOptions.None, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Ids();

    [GeneratedRegex(@"([?&]\w+=)[^&]*", RegexOptions.None, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Choices();

    // Files, settings and the way out are no pages.
    [GeneratedRegex(@"^/(setting|sign-out|fhir|surveys/codes)|\.(csv|xlsx|json|pdf|sql)|/(draft|next|download)\b", RegexOptions.None, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Leaves();
}
