using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Postgres;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Tests.Records;

/// <summary>Search in PostgreSQL against the slow oracle: same matches, same totals, pages that neither lose nor repeat, whatever the caller may see.</summary>
public sealed class PostgresSearchTests
{
    private const int Requests = 300;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Every_search_finds_what_a_full_scan_finds(int seed)
    {
        var cancel = TestContext.Current.CancellationToken;
        var database = await (await PostgresCluster.OfThisProcess).CreateDatabaseAsync();
        await using var store = await PostgresStore.OpenAsync(new() { ConnectionString = database }, cancel);
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
            if (request.Sort is [{ Parameter.Type: SearchParameterType.Date } key]) CheckOrder(world, found, key);
            if (expected.Count > 0) nonEmpty++;
        }
        Assert.InRange(nonEmpty, Requests / 10, Requests);
    }

    [Fact]
    public async Task Includes_follow_references_both_ways_and_stop_at_what_is_not_visible()
    {
        var cancel = TestContext.Current.CancellationToken;
        var database = await (await PostgresCluster.OfThisProcess).CreateDatabaseAsync();
        await using var store = await PostgresStore.OpenAsync(new() { ConnectionString = database }, cancel);
        var world = new SearchWorld(11);
        await world.FillAsync(store, patients: 20, observations: 60, cancel);
        foreach (var visibility in Enumerable.Range(0, 20).Select(_ => world.Visibility()).Prepend(new Visibility.Everything()))
        {
            var oracle = new SearchOracle(world.Rows, visibility);
            var request = new SearchRequest
            {
                Type = "Patient",
                Count = 100,
                Includes = [new(true, false, "Observation", SearchWorld.Subject, null), new(false, false, "Patient", null, "Organization")],
            };
            var page = await store.SearchAsync(request, visibility, cancel);

            var matches = oracle.Matches(request).ToHashSet();
            var pointing = oracle.Matches(new() { Type = "Observation" })
                .Where(o => world.Rows[o].Index.References.Any(r => r.Type is "Patient" && matches.Contains(new(r.Type, r.Id!))));
            var clinics = matches.SelectMany(p => world.Rows[p].Index.References).Select(r => new ResourceKey(r.Type!, r.Id!))
                .Intersect(oracle.Matches(new() { Type = "Organization" }));
            Assert.Equal(pointing.Concat(clinics).Select(k => k.ToString()).Order(), page.Included.Select(i => i.Key.ToString()).Order());
        }
    }

    private static void CheckOrder(SearchWorld world, List<string> found, SortKey key)
    {
        var times = found.ConvertAll(f =>
        {
            var date = world.Rows[ResourceKey.Parse(f)].Index.Dates.Find(d => d.Parameter == key.Parameter);
            return date.Parameter is null ? (DateTimeOffset?)null : date.From;
        });
        var sorted = key.Descending ? times.OrderBy(t => t is null).ThenByDescending(t => t) : times.OrderBy(t => t is null).ThenBy(t => t);
        Assert.Equal(sorted, times);
    }

    private static async Task<(List<string> Found, long? Total)> AllPagesAsync(PostgresStore store, SearchRequest request, Visibility visibility, CancellationToken cancel)
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
