using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Tests.Measures;

/// <summary>A period is not signed over numbers that do not hold everything yet: the follower of this record never runs.</summary>
public sealed class FrozenReportsTests : IDisposable
{
    private static readonly Caller Officer = new() { Subject = "Practitioner/o", Name = "周局长", Role = Role.CountyCommission, Organisation = "east" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-frozen-").FullName;

    [Fact]
    public async Task While_the_numbers_are_behind_it_waits_then_says_so_and_freezes_nothing()
    {
        var clock = new FakeTimeProvider(new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero));
        await using var services = await OpenAsync(clock);
        var (reports, records) = (services.GetRequiredService<FrozenReports>(), services.GetRequiredService<RecordAccess>());
        await records.CommitAsync(Caller.System("test"), [new Change.Put(new("Patient", "p"), """{"resourceType":"Patient","id":"p"}"""u8.ToArray())], new(), Cancel);

        var freezing = reports.FreezeAsync(Officer, new(2026, 9, 30), null, null, Cancel);
        for (var waited = TimeSpan.Zero; waited < FrozenReports.LongestWait && !freezing.IsCompleted; waited += TimeSpan.FromSeconds(1))
        {
            Assert.False(freezing.IsFaulted);
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5, Cancel);
        }

        for (var tries = 0; tries < 200 && !freezing.IsCompleted; tries++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5, Cancel);
        }

        var refused = await Assert.ThrowsAsync<RefusedException>(() => freezing);
        Assert.Equal((503, "transient"), (refused.Status, refused.Issues[0].Code));
        Assert.Empty(await reports.OfCountyAsync("east", Cancel));
    }

    [Fact]
    public async Task When_the_follower_comes_while_it_waits_the_freeze_holds_what_it_brought()
    {
        var clock = new FakeTimeProvider(new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero));
        await using var services = await OpenAsync(clock);
        var records = services.GetRequiredService<RecordAccess>();
        await records.CommitAsync(Caller.System("test"),
            [
                new Change.Put(new("Organization", "east"), """
                    {"resourceType":"Organization","id":"east","active":true,"name":"东县",
                    "type":[{"coding":[{"system":"https://tongxin.health/cs/organisation-kind","code":"county"}]}]}
                    """u8.ToArray()),
                new Change.Put(new("Patient", "p"), """{"resourceType":"Patient","id":"p","active":true,"managingOrganization":{"reference":"Organization/east"}}"""u8.ToArray()),
            ], new(), Cancel);

        var freezing = services.GetRequiredService<FrozenReports>().FreezeAsync(Officer, new(2026, 9, 30), null, "第三季度", Cancel);
        Assert.False(freezing.IsCompleted);
        var follower = services.GetRequiredService<Follower>();
        await follower.PrepareAsync(Cancel);
        await follower.CatchUpAsync(Cancel);
        while (!freezing.IsCompleted)
        {
            clock.Advance(TimeSpan.FromMilliseconds(200));
            await Task.Delay(5, Cancel);
        }

        var report = Assert.Single(await freezing);
        Assert.Equal((1, 1, "第三季度"), (report.Total!.Denominator, report.Total.Numerator, report.Note));
        Assert.Equal(["p"], (await services.GetRequiredService<FrozenReports>().PeopleAsync(report, Cancel)).Keys);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private async Task<ServiceProvider> OpenAsync(TimeProvider clock)
    {
        var measures = Directory.CreateDirectory(Path.Combine(folder, "modules", "Test", "definitions", "measures")).FullName;
        await File.WriteAllTextAsync(Path.Combine(measures, "people.sql"), """
            -- id: people
            -- title: 在册居民
            -- english: Residents
            -- norm: 试验
            -- edition: "1"
            -- denominator: 居民
            -- numerator: 居民
            -- reasons: { here: 在册 }
            SELECT person, organisation, true AS denominator, false AS excluded, true AS numerator, 'here' AS reason, NULL AS evidence FROM patient
            """);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(clock);
        await services.AddRecordAsync(new RecordEngine.Sqlite(folder), Cancel);
        services.AddMeasures(folder, Path.Combine(folder, "modules"));
        var provider = services.BuildServiceProvider();
        // The county is known from before; what is committed now is not counted yet.
        await provider.GetRequiredService<ColumnStore>().WriteAsync(c => ColumnStore.Run(c, """
            INSERT INTO organisation VALUES ('east', NULL, '东县', 'county', NULL);
            INSERT INTO above VALUES ('east', 'east');
            """), Cancel);
        return provider;
    }
}
