
namespace Tongxin.Kernel.Tests.Programmes;

/// <summary>What follows from a visit, a death or a new day without anybody's hand, on both engines, over restarts and twice.</summary>
public sealed class FollowerTests
{
    private const int Crowd = 40;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_visit_that_was_imported_enrols_judges_and_makes_one_task(string engine)
    {
        await using var county = await ToyCounty.OpenAsync(engine, "2026-03-02T09:00");
        await county.PutAsync(ToyCounty.Person("a"), ToyCounty.Visit("a", "v1", "2026-03-02", 12));

        await county.FollowAsync();

        var task = Assert.Single(await county.OpenTasksAsync());
        Assert.Equal((new DateOnly(2026, 3, 16), "follow-up"), (task.Window.Due, task.Service));
        var feed = await county.FeedAsync();
        Assert.Contains(feed, f => f.StartsWith("EpisodeOfCare/", StringComparison.Ordinal));
        Assert.Contains(feed, f => f.StartsWith("Observation/assess-", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task Following_the_whole_feed_twice_writes_nothing_more(string engine)
    {
        await using var county = await ToyCounty.OpenAsync(engine, "2026-03-02T09:00");
        await county.PutAsync(ToyCounty.Person("a"), ToyCounty.Visit("a", "v1", "2026-03-02", 12), ToyCounty.Person("b"), ToyCounty.Visit("b", "v2", "2026-02-20", 3));
        await county.FollowAsync();
        var before = await county.FeedAsync();

        await county.FollowAsync();
        await county.RestartAsync();
        await county.FollowAsync();

        Assert.Equal(before, await county.FeedAsync());
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task Death_closes_what_is_open_and_a_death_registered_in_error_opens_it_again(string engine)
    {
        await using var county = await ToyCounty.OpenAsync(engine, "2026-03-02T09:00");
        await county.PutAsync(ToyCounty.Person("a"), ToyCounty.Visit("a", "v1", "2026-03-02", 12));
        var reached = await county.FollowAsync();

        await county.PutAsync(ToyCounty.Person("a", died: "2026-03-02"));
        await county.FollowAsync(reached);
        Assert.Empty(await county.OpenTasksAsync());
        var closed = await county.FeedAsync();
        Assert.Contains(closed, f => f.StartsWith("EpisodeOfCare/", StringComparison.Ordinal) && f.EndsWith("/2", StringComparison.Ordinal));

        await county.PutAsync(ToyCounty.Person("a"));
        await county.FollowAsync(reached);
        Assert.Equal(new DateOnly(2026, 3, 16), Assert.Single(await county.OpenTasksAsync()).Window.Due);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task Moving_away_closes_what_is_open_and_the_next_visit_begins_again(string engine)
    {
        await using var county = await ToyCounty.OpenAsync(engine, "2026-03-02T09:00");
        await county.PutAsync(ToyCounty.Person("a"), ToyCounty.Visit("a", "v1", "2026-03-02", 3));
        await county.FollowAsync();

        await county.FollowUps.ExitAsync(ToyCounty.Doctor, "a", "toy", new(2026, 3, 2), "moved", "迁往外地", Cancel);
        Assert.Empty(await county.OpenTasksAsync());

        county.Clock.Advance(TimeSpan.FromDays(40));
        await county.PutAsync(ToyCounty.Visit("a", "v2", "2026-04-11", 3));
        await county.FollowAsync();
        Assert.Equal(new DateOnly(2026, 7, 11), Assert.Single(await county.OpenTasksAsync()).Window.Due);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_follower_that_was_stopped_in_the_middle_goes_on_and_nobody_is_left_out_or_doubled(string engine)
    {
        await using var county = await ToyCounty.OpenAsync(engine, "2026-03-02T09:00");
        for (var i = 0; i < Crowd; i++) await county.PutAsync(ToyCounty.Person($"p{i}"), ToyCounty.Visit($"p{i}", $"v{i}", "2026-03-02", i % 20));

        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel))
        {
            var running = county.Follower.FollowAsync(0, stop.Token);
            while ((await county.OpenTasksAsync()).Count < 3) await Task.Delay(1, Cancel);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        }

        Assert.InRange((await county.OpenTasksAsync()).Count, 3, Crowd - 1);
        await county.RestartAsync();
        await county.FollowAsync(await county.Follower.ReadPositionAsync(Cancel));

        var people = (await county.OpenTasksAsync()).Select(t => t.Person).ToList();
        Assert.Equal(Crowd, people.Count);
        Assert.Equal(Crowd, people.Distinct().Count());
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task The_position_that_was_reached_outlives_the_process(string engine)
    {
        await using var county = await ToyCounty.OpenAsync(engine, "2026-03-02T09:00");
        await county.PutAsync(ToyCounty.Person("a"), ToyCounty.Visit("a", "v1", "2026-03-02", 12));
        var reached = await county.FollowAsync();
        await county.Follower.SavePositionAsync(reached, Cancel);

        await county.RestartAsync();

        Assert.Equal(reached, await county.Follower.ReadPositionAsync(Cancel));
    }
}
