using System.Net;
using System.Text.RegularExpressions;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.Tests.SignIn;

namespace Tongxin.Modules.Tests.Programmes;

/// <summary>The day's list as a village doctor uses it without a visit: the pages and forms of the whole server, on both engines.</summary>
public sealed partial class WorkListPageTests
{
    private static readonly DateOnly Today = LocalTime.Today(TimeProvider.System);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_overdue_person_is_called_and_stays_on_the_list_of_the_traced(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        using var doctor = await server.SignedInAsync("doctor");
        var task = await OverdueTaskAsync(doctor);
        Assert.Contains("近 60 天没有追访记录", await doctor.Http.GetStringAsync("/today/traced", Cancel), StringComparison.Ordinal);

        Assert.EndsWith("?done=1", await StepAsync(doctor, task, ("step", "claim")), StringComparison.Ordinal);
        var comes = Today.AddDays(3).ToString("yyyy-MM-dd");
        Assert.EndsWith("?done=1", await StepAsync(doctor, task, ("step", "attempt"), ("outcome", "Coming"), ("when", comes), ("note", "女儿接的电话")), StringComparison.Ordinal);
        var page = await doctor.Http.GetStringAsync(task, Cancel);
        foreach (var word in new[] { "会来", comes, "女儿接的电话", "等待返回" }) Assert.Contains(word, page, StringComparison.Ordinal);
        var traced = await doctor.Http.GetStringAsync("/today/traced", Cancel);
        Assert.Contains(task, traced, StringComparison.Ordinal);
        Assert.Contains(task, await doctor.Http.GetStringAsync("/today?span=Today&mine=1&programme=hypertension", Cancel), StringComparison.Ordinal);
        Assert.DoesNotContain(task, await doctor.Http.GetStringAsync("/today?span=Overdue", Cancel), StringComparison.Ordinal);
        Assert.DoesNotContain(task, await doctor.Http.GetStringAsync("/today?span=Today&programme=diabetes", Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Wrong_days_missing_reasons_and_strangers_change_nothing(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        using var doctor = await server.SignedInAsync("doctor");
        using var other = await server.SignedInAsync("other");
        var task = await OverdueTaskAsync(doctor);
        var (yesterday, tomorrow, tooLate) = (Today.AddDays(-1).ToString("yyyy-MM-dd"), Today.AddDays(1).ToString("yyyy-MM-dd"), Today.AddYears(1).ToString("yyyy-MM-dd"));

        Assert.EndsWith("?refused=required", await StepAsync(doctor, task, ("step", "reschedule"), ("when", tomorrow), ("note", " ")), StringComparison.Ordinal);
        foreach (var day in new[] { yesterday, tooLate, "2026-02-30" })
            Assert.EndsWith("?refused=business-rule", await StepAsync(doctor, task, ("step", "reschedule"), ("when", day), ("note", "下雨")), StringComparison.Ordinal);
        Assert.EndsWith("?refused=business-rule", await StepAsync(doctor, task, ("step", "attempt"), ("outcome", "Coming"), ("when", yesterday)), StringComparison.Ordinal);
        Assert.EndsWith("?refused=other", await StepAsync(doctor, task, ("step", "attempt"), ("outcome", "77")), StringComparison.Ordinal);
        Assert.EndsWith("?refused=not-found", await StepAsync(doctor, task, ("step", "delegate"), ("to", "Practitioner/nobody")), StringComparison.Ordinal);
        Assert.EndsWith("?refused=gone", await StepAsync(other, task, ("step", "claim")), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await other.Http.GetAsync(task, Cancel)).StatusCode);
        Assert.Contains(task, await doctor.Http.GetStringAsync("/today?span=Overdue", Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_two_doctors_who_take_what_they_both_saw_the_second_is_told(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        using var doctor = await server.SignedInAsync("doctor");
        using var township = await server.SignedInAsync("township");
        var task = await OverdueTaskAsync(doctor);
        var seen = Version().Match(await doctor.Http.GetStringAsync(task, Cancel)).Groups[1].Value;
        Assert.EndsWith("?done=1", await StepAsync(township, task, ("step", "claim"), ("version", seen)), StringComparison.Ordinal);
        var second = await StepAsync(doctor, task, ("step", "claim"), ("version", seen));
        Assert.EndsWith("?refused=conflict", second, StringComparison.Ordinal);
        Assert.Contains("刚由别人改过", await doctor.Http.GetStringAsync(second, Cancel), StringComparison.Ordinal);
        Assert.Contains(task, await township.Http.GetStringAsync("/today?span=Overdue&mine=1&place=village-a1", Cancel), StringComparison.Ordinal);
        Assert.DoesNotContain(task, await doctor.Http.GetStringAsync("/today?span=Overdue&mine=1", Cancel), StringComparison.Ordinal);
    }

    private static async Task<TestServer> OpenAsync(bool postgres)
    {
        var server = await TestServer.StartAsync(postgres);
        await server.PutAsync(Places.Tree);
        await server.AddAsync("doctor", new(Role.VillageDoctor, "village-a1"), "Practitioner/d");
        await server.AddAsync("other", new(Role.VillageDoctor, "village-b1"), "Practitioner/o");
        await server.AddAsync("township", new(Role.PublicHealthStaff, "town-a"), "Practitioner/t");
        // Enrolled forty days ago and not seen since: the first follow-up is overdue.
        await server.PutAsync(Places.Patient("m1", "village-a1", "陈"), Places.Resource("EpisodeOfCare", "e1", $$"""
            "status":"active","type":[{{Places.Concept(ProgrammeCodes.Programme, "hypertension")}}],"patient":{{Places.Reference("Patient", "m1")}},
            "managingOrganization":{{Places.Reference("Organization", "village-a1")}},"period":{"start":"{{Today.AddDays(-40):yyyy-MM-dd}}"}
            """));
        return server;
    }

    // The task is written by the follower of the feed, a moment after the enrolment.
    private static async Task<string> OverdueTaskAsync(Browser doctor)
    {
        for (var tries = 0; tries < 240; tries++)
        {
            if (TaskLink().Match(await doctor.Http.GetStringAsync("/today?span=Overdue", Cancel)) is { Success: true } found) return found.Value;
            await Task.Delay(250, Cancel);
        }

        throw new InvalidOperationException("The first follow-up never came onto the list.");
    }

    private static async Task<string> StepAsync(Browser browser, string task, params (string, string)[] fields)
    {
        using var answer = await browser.PostFormAsync($"{task}/step", await browser.TokenAsync("/today"), fields);
        return answer.Headers.Location?.ToString() ?? $"{(int)answer.StatusCode}";
    }

    [GeneratedRegex("/today/task/[A-Za-z0-9.-]+")]
    private static partial Regex TaskLink();

    [GeneratedRegex("name=\"version\" value=\"(\\d+)\"")]
    private static partial Regex Version();
}
