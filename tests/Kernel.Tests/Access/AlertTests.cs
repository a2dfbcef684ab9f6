using Microsoft.Extensions.DependencyInjection;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using static Tongxin.Kernel.Tests.Access.AccessWorld;

namespace Tongxin.Kernel.Tests.Access;

/// <summary>What the rules of the trail notice, and what they leave alone.</summary>
public sealed class AlertTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 2, 12, 0, 0, TimeSpan.FromHours(8));
    private static readonly DateTimeOffset Night = new(2026, 3, 2, 23, 30, 0, TimeSpan.FromHours(8));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void More_than_fifty_strangers_in_ten_minutes_raise_one_alert()
    {
        var rules = new AlertRules();
        var raised = Enumerable.Range(0, 120).SelectMany(i => rules.Heed(Entry(Role.DiseaseControl, Noon.AddSeconds(i), $"p{i}"), _ => false)).ToList();

        var alert = Assert.Single(raised);
        Assert.Equal(("many-strangers", AlertRules.MostStrangers + 1), (alert.Rule, alert.People));
    }

    [Fact]
    public void Fifty_strangers_or_the_same_ones_again_or_slowly_raise_none()
    {
        var rules = new AlertRules();
        Assert.Empty(Enumerable.Range(0, 400).SelectMany(i => rules.Heed(Entry(Role.DiseaseControl, Noon.AddSeconds(i), $"p{i % 50}"), _ => false)));
        Assert.Empty(Enumerable.Range(0, 400).SelectMany(i => rules.Heed(Entry(Role.DiseaseControl, Noon.AddMinutes(60 + i), $"q{i}"), _ => false)));
        // A clinician's own people are not strangers, however many she sees.
        Assert.Empty(Enumerable.Range(0, 400).SelectMany(i => rules.Heed(Entry(Role.TownshipClinician, Noon.AddSeconds(i), $"r{i}"), _ => false)));
        Assert.Empty(Enumerable.Range(0, 400).SelectMany(i => rules.Heed(Entry(Role.System, Noon.AddSeconds(i), $"s{i}") with { Subject = "Device/programmes" }, _ => false)));
    }

    [Fact]
    public void Taking_many_people_out_at_night_is_noticed_whoever_does_it()
    {
        var rules = new AlertRules();
        var many = Enumerable.Range(0, 150).Select(i => $"p{i}").ToArray();

        Assert.Empty(rules.Heed(Entry(Role.TownshipClinician, Noon, many), _ => false));
        Assert.Empty(rules.Heed(Entry(Role.TownshipClinician, Night, many), _ => false));
        Assert.Equal("night-export", Assert.Single(rules.Heed(Entry(Role.TownshipClinician, Night.AddMinutes(2), [.. many.Select(p => p + "x")]), _ => false)).Rule);
        Assert.Equal("night-export", Assert.Single(rules.Heed(Entry(Role.System, Night, "p1") with { Subject = "Device/export" }, _ => false)).Rule);
    }

    [Fact]
    public void A_colleague_looked_up_is_noticed_once_a_day_and_not_when_she_looks_herself()
    {
        var rules = new AlertRules();

        Assert.Equal("p1", Assert.Single(rules.Heed(Entry(Role.VillageDoctor, Noon, "p1", "p2"), p => p is "p1")).Person);
        Assert.Empty(rules.Heed(Entry(Role.VillageDoctor, Noon.AddHours(1), "p1"), p => p is "p1"));
        Assert.Single(rules.Heed(Entry(Role.VillageDoctor, Noon.AddDays(1), "p1"), p => p is "p1"));
        Assert.Empty(rules.Heed(Entry(Role.Resident, Noon, "p1"), p => p is "p1"));
        Assert.Empty(rules.Heed(Entry(Role.VillageDoctor, Noon, "p9") with { Permitted = false }, _ => true));
    }

    [Fact]
    public async Task An_alert_becomes_a_task_for_the_auditor_also_for_what_a_command_did_while_no_server_ran()
    {
        await using var world = await OpenAsync();
        await world.PutAsync(Resource("Patient", "famous", """
            "meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"CEL"}]},"managingOrganization":{"reference":"Organization/village-a1"}
            """));
        await world.Door.ReadAsync(As(Role.VillageDoctor, "village-a1"), new("Patient", "famous"), Cancel);
        await world.Trail.FlushAsync(Cancel);
        var watch = world.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<AlertWatch>().Single();

        await watch.StartAsync(Cancel);
        SearchPage found;
        var auditor = As(Role.Auditor, "east");
        do
        {
            await Task.Delay(50, Cancel);
            found = await world.Door.SearchAsync(auditor, "Task", "code=review-alert", Cancel);
        }
        while (found.Matches.Count is 0);
        await watch.StopAsync(Cancel);

        var text = System.Text.Encoding.UTF8.GetString(Assert.Single(found.Matches).Body.Span);
        Assert.Contains("watched-person", text, StringComparison.Ordinal);
        Assert.Contains("Practitioner/p1", text, StringComparison.Ordinal);
    }

    private static AuditEntry Entry(Role role, DateTimeOffset at, params string[] people) =>
        AuditEntry.By(As(role, "east-cdc"), at, "read", permitted: true, "test") with { People = people };
}
