using Microsoft.Playwright;

namespace Tongxin.Journeys;

/// <summary>Waits for an address, not for its load event: a page that is served fast may have loaded before anybody listens; a step waits for what it needs.</summary>
internal static class Arriving
{
    public static Task ArriveAsync(this IPage page, string address) =>
        ToldAsync(page, page.WaitForURLAsync(address, new() { WaitUntil = WaitUntilState.Commit }));

    public static Task ArriveAsync(this IPage page, Func<string, bool> isIt) =>
        ToldAsync(page, page.WaitForURLAsync(isIt, new() { WaitUntil = WaitUntilState.Commit }));

    // Where it stayed and what the page said there: without that, a walk that got stuck tells nothing.
    private static async Task ToldAsync(IPage page, Task arriving)
    {
        try
        {
            await arriving;
        }
        catch (TimeoutException late)
        {
            var said = await page.Locator("[aria-invalid], .refused, .notice, [aria-busy]").EvaluateAllAsync<string[]>("all => all.map(e => e.outerHTML.slice(0, 300))");
            throw new TimeoutException($"{late.Message}\nThe page stayed at {page.Url} and said:\n{string.Join('\n', said)}", late);
        }
    }
}
