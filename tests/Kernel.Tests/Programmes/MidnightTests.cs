using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Kernel.Tests.Programmes;

/// <summary>A day begins at midnight in China, not in Greenwich, and a day that was slept through is made up.</summary>
public sealed class MidnightTests
{
    // Enrolled by rule at 65, one visit a year, and a first talk within ten days that is lost after twenty.
    private const string Plan = """
        id: aged
        title: 老人
        version: "1"
        effectivePeriod: {start: 2000-01-01}
        citation: 试验
        enrolment: {automatic: "%patient.birthDate + 65 years <= %today", ends: "%patient.birthDate + 66 years <= %today", end-reason: 满 66 岁}
        services:
          - {id: talk, title: 首谈, kind: points, form: aged-form, anchor: "%episode.period.start", points: [
              {id: one, title: 首谈, at: 10 days, early: 10 days, late: 0 days, expires: 20 days}, {id: two, title: 再谈, at: 100 days, early: 5 days, late: 5 days}]}
        """;

    private const string Form = "id: aged-form\nitems:\n  - {link: visit-date, text: 日期, type: date}\n";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task The_window_turns_at_local_midnight_to_the_second(string engine)
    {
        await using var county = await ToyCounty.OpenAsync(engine, "2026-03-02T09:00");
        await county.PutAsync(ToyCounty.Person("a"), ToyCounty.Visit("a", "v1", "2026-03-02", 12));
        await county.FollowAsync();

        // Due 16 March, three days of grace: the 19th is the last day on time, which ends at 16:00 UTC.
        Assert.Equal(WindowState.Due, await StateAsync(county, "2026-03-19T23:59:59+08:00"));
        Assert.Single(await county.OpenTasksAsync(WorkSpan.Today));
        Assert.Empty(await county.OpenTasksAsync(WorkSpan.Overdue));
        Assert.Equal(WindowState.Overdue, await StateAsync(county, "2026-03-20T00:00:00+08:00"));
        Assert.Single(await county.OpenTasksAsync(WorkSpan.Overdue));
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task Who_comes_of_age_is_enrolled_on_the_day_and_not_before(string engine)
    {
        await using var county = await OpenAsync(engine, "2026-03-01T22:00");
        Assert.Empty(await county.OpenTasksAsync());

        await TickAsync(county, "2026-03-01T23:59:59+08:00");
        Assert.Empty(await county.OpenTasksAsync());
        await TickAsync(county, "2026-03-02T00:00:01+08:00");
        Assert.Equal(["再谈", "首谈"], (await county.OpenTasksAsync()).Select(t => t.Title).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task Going_through_the_same_day_twice_changes_nothing(string engine)
    {
        await using var county = await OpenAsync(engine, "2026-03-02T00:00:01");
        Assert.True(await county.Midnight.CatchUpAsync(Cancel) > 0);
        var before = await county.FeedAsync();

        Assert.Equal(0, await county.Midnight.CatchUpAsync(Cancel));
        Assert.Equal(0, await county.Midnight.SweepAsync(new(2026, 3, 2), new(2026, 3, 2), Cancel));
        await county.RestartAsync();
        county.Programmes.Install(Source());
        Assert.Equal(0, await county.Midnight.CatchUpAsync(Cancel));

        Assert.Equal(before, await county.FeedAsync());
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task What_expires_is_closed_the_day_after(string engine)
    {
        await using var county = await OpenAsync(engine, "2026-03-02T08:00");
        await county.Midnight.CatchUpAsync(Cancel);

        // First talk: due 12 March, lost after 1 April.
        await TickAsync(county, "2026-04-01T08:00:00+08:00");
        Assert.Contains(await county.OpenTasksAsync(), t => t.Title is "首谈");
        await TickAsync(county, "2026-04-02T08:00:00+08:00");
        Assert.Equal("再谈", Assert.Single(await county.OpenTasksAsync()).Title);
    }

    [Theory]
    [InlineData("sqlite", 20)]
    [InlineData("postgres", 20)]
    [InlineData("sqlite", 400)]
    [InlineData("postgres", 400)]
    public async Task Days_that_the_server_slept_through_are_made_up(string engine, int days)
    {
        await using var county = await OpenAsync(engine, "2026-02-20T08:00");
        await county.Midnight.CatchUpAsync(Cancel);
        await county.RestartAsync();
        county.Programmes.Install(Source());

        county.Clock.Advance(TimeSpan.FromDays(days));
        await county.Midnight.CatchUpAsync(Cancel);

        // Twenty days on the birthday has passed; after four hundred, the sixty-sixth too, and nobody is enrolled who is past it.
        Assert.Equal(days is 20, (await county.OpenTasksAsync()).Count > 0);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_midnight_that_broke_off_is_done_again_to_the_end(string engine)
    {
        await using var county = await OpenAsync(engine, "2026-03-01T22:00");
        for (var i = 0; i < 40; i++) await county.PutAsync(ToyCounty.Person($"p{i}", "1961-03-02"));
        county.Clock.SetUtcNow(DateTimeOffset.Parse("2026-03-02T00:00:01+08:00"));
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel))
        {
            var running = county.Midnight.CatchUpAsync(stop.Token);
            while ((await county.OpenTasksAsync()).Count < 3) await Task.Delay(1, Cancel);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        }

        await county.RestartAsync();
        county.Programmes.Install(Source());
        await county.Midnight.CatchUpAsync(Cancel);

        Assert.Equal(41, (await county.OpenTasksAsync()).Count(t => t.Title is "首谈"));
    }

    [Fact]
    public void The_next_midnight_is_in_China()
    {
        Assert.Equal(new TimeSpan(0, 0, 2), Midnight.UntilMidnight(DateTimeOffset.Parse("2026-03-02T15:59:59Z")));
        Assert.Equal(new TimeSpan(24, 0, 1), Midnight.UntilMidnight(DateTimeOffset.Parse("2026-03-02T16:00:00Z")));
    }

    private static PackageSource Source() => new("aged", new Dictionary<string, string> { ["plan.yaml"] = Plan, ["questionnaires/form.yaml"] = Form });

    private static async Task<ToyCounty> OpenAsync(string engine, string at)
    {
        var county = await ToyCounty.OpenAsync(engine, at);
        county.Programmes.Install(Source());
        await county.PutAsync(ToyCounty.Person("a", "1961-03-02"));
        return county;
    }

    private static async Task TickAsync(ToyCounty county, string at)
    {
        county.Clock.SetUtcNow(DateTimeOffset.Parse(at));
        await county.Midnight.CatchUpAsync(Cancel);
    }

    private static async Task<WindowState> StateAsync(ToyCounty county, string at)
    {
        county.Clock.SetUtcNow(DateTimeOffset.Parse(at));
        var item = Assert.Single((await county.WorkLists.ForAsync(ToyCounty.Doctor, new() { Span = WorkSpan.All }, Cancel)).Items);
        return item.State;
    }
}
