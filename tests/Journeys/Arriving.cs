using Microsoft.Playwright;

namespace Tongxin.Journeys;

/// <summary>Waits for an address, not for its load event: a page that is served fast may have loaded before anybody listens; a step waits for what it needs.</summary>
internal static class Arriving
{
    public static Task ArriveAsync(this IPage page, string address) => page.WaitForURLAsync(address, new() { WaitUntil = WaitUntilState.Commit });

    public static Task ArriveAsync(this IPage page, Func<string, bool> isIt) => page.WaitForURLAsync(isIt, new() { WaitUntil = WaitUntilState.Commit });
}
