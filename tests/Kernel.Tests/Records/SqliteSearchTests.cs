using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Sqlite;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Tests.Records;

/// <summary>Search in SQLite against the slow oracle: same matches, same totals, pages that neither lose nor repeat, whatever the caller may see.</summary>
public sealed class SqliteSearchTests
{
    private const int Requests = 300;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Every_search_finds_what_a_full_scan_finds(int seed)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        await using var store = SqliteStore.Open(folder.Path);
        var world = new SearchWorld(seed);
        await world.FillAsync(store, patients: 20, observations: 60, cancel);

        var nonEmpty = 0;
        for (var n = 0; n < Requests; n++)
        {
            var (request, visibility) = (world.Request(), world.Visibility());
            var expected = new SearchOracle(world.Rows, visibility).Matches(request).Select(k => k.ToString()).ToHashSet();
            var (found, total) = await AllPagesAsync(store, request, visibility, cancel);
            var asked = $"seed {seed}, request {n}: {request.Type} {string.Join(" & ", request.Criteria)} seen by {visibility}";
            Assert.True(found.Count == found.Distinct().Count(), $"repeated: {asked}");
            var differ = $"{asked}\nexpected {string.Join(' ', expected.Order())}\nfound {string.Join(' ', found.Order())}";
            Assert.True(expected.SetEquals(found), differ);
            Assert.True(total == expected.Count, $"total {total}, not {expected.Count}: {asked}");
            if (expected.Count > 0) nonEmpty++;
        }
        Assert.InRange(nonEmpty, Requests / 10, Requests);
    }

    private static async Task<(List<string> Found, long? Total)> AllPagesAsync(SqliteStore store, SearchRequest request, Visibility visibility, CancellationToken cancel)
    {
        var found = new List<string>();
        long? total = null;
        for (var (page, pages) = (request, 0); ; pages++)
        {
            var result = await store.SearchAsync(page, visibility, cancel);
            total ??= result.Total;
            found.AddRange(result.Matches.Select(m => m.Key.ToString()));
            if (result.Next is null || pages > 100) return (found, total);
            page = request with { Cursor = result.Next };
        }
    }
}
