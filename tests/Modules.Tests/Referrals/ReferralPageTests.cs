using System.Net;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.Tests.SignIn;

namespace Tongxin.Modules.Tests.Referrals;

/// <summary>Referrals as people meet them: offered appointments, the printed form and the statistics, on both engines.</summary>
public sealed class ReferralPageTests(ITestOutputHelper output)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_hospital_offers_an_appointment_gives_it_once_and_the_form_and_the_figures_show_it(bool postgres)
    {
        await using var server = await TestServer.StartAsync(postgres);
        await server.PutAsync(Places.Tree);
        await server.PutAsync(Places.Patient("m1", "village-a1", "陈"), Draft("r1"), Draft("r2"));
        await server.AddAsync("doctor", new(Role.VillageDoctor, "village-a1"), "Practitioner/d");
        await server.AddAsync("specialist", new(Role.Specialist, "east-hospital"), "Practitioner/s");
        using var doctor = await server.SignedInAsync("doctor");
        using var specialist = await server.SignedInAsync("specialist");
        foreach (var id in new[] { "r1", "r2" })
            Assert.EndsWith("?done=1", await PostAsync(doctor, $"/referrals/{id}/step", ("step", "send"), ("to", "east-hospital"), ("consent", "true")), StringComparison.Ordinal);

        var tomorrow = LocalTime.Today(TimeProvider.System).AddDays(1).ToString("yyyy-MM-dd");
        Assert.EndsWith("?refused=slots", await OfferAsync(specialist, "x"), StringComparison.Ordinal);
        Assert.EndsWith("?done=1", await OfferAsync(specialist, tomorrow), StringComparison.Ordinal);
        Assert.Contains("08:00", await specialist.Http.GetStringAsync("/referrals/slots", Cancel), StringComparison.Ordinal);
        var page = await specialist.Http.GetStringAsync("/referrals/r1", Cancel);
        var slot = page[page.IndexOf("value=\"slot-", StringComparison.Ordinal)..].Split('"')[1];
        Assert.EndsWith("?done=1", await PostAsync(specialist, "/referrals/r1/step", ("step", "accept"), ("slot", slot)), StringComparison.Ordinal);
        Assert.EndsWith("?refused=slot-taken", await PostAsync(specialist, "/referrals/r2/step", ("step", "accept"), ("slot", slot)), StringComparison.Ordinal);
        Assert.Contains($"{tomorrow} 08:00", await doctor.Http.GetStringAsync("/referrals/r1", Cancel), StringComparison.Ordinal);

        var form = await doctor.Http.GetStringAsync("/referrals/r1/print", Cancel);
        foreach (var word in new[] { "双向转诊（转出）单", "陈", "east-hospital", "连续两次血压未达标", "转诊医生（签字）" }) Assert.Contains(word, form, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await doctor.Http.GetAsync("/referrals/none/print", Cancel)).StatusCode);
        var figures = await specialist.Http.GetStringAsync("/referrals/statistics?days=30", Cancel);
        Assert.Contains("100.0 %", figures, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_two_receivers_who_accept_at_once_one_wins_and_the_other_is_told_in_words(bool postgres)
    {
        const int Referrals = 20;
        await using var server = await TestServer.StartAsync(postgres);
        await server.PutAsync(Places.Tree);
        await server.PutAsync([Places.Patient("m1", "village-a1", "陈"), .. Enumerable.Range(0, Referrals).Select(n => Draft($"r{n}"))]);
        await server.AddAsync("doctor", new(Role.VillageDoctor, "village-a1"), "Practitioner/d");
        await server.AddAsync("first", new(Role.Specialist, "east-hospital"), "Practitioner/s1");
        await server.AddAsync("second", new(Role.Specialist, "east-hospital"), "Practitioner/s2");
        using var doctor = await server.SignedInAsync("doctor");
        using var first = await server.SignedInAsync("first");
        using var second = await server.SignedInAsync("second");
        var (won, told) = (0, 0);
        for (var n = 0; n < Referrals; n++)
        {
            await PostAsync(doctor, $"/referrals/r{n}/step", ("step", "send"), ("to", "east-hospital"), ("consent", "true"));
            var page = await first.Http.GetStringAsync($"/referrals/r{n}", Cancel);
            var version = page[page.IndexOf("name=\"version\" value=\"", StringComparison.Ordinal)..].Split('"')[3];
            var when = LocalTime.Today(TimeProvider.System).AddDays(2).ToString("yyyy-MM-dd") + "T09:00";
            var answers = await Task.WhenAll(new[] { first, second }.Select(b => PostAsync(b, $"/referrals/r{n}/step", ("step", "accept"), ("when", when), ("version", version))));
            won += answers.Count(a => a.EndsWith("?done=1", StringComparison.Ordinal));
            told += answers.Count(a => a.EndsWith("?refused=conflict", StringComparison.Ordinal));
        }

        output.WriteLine($"{Referrals} referrals, two receivers at once: {won} won, {told} told");
        Assert.Equal((Referrals, Referrals), (won, told));
        Assert.Contains("没有保存", await second.Http.GetStringAsync("/referrals/r0?refused=conflict", Cancel), StringComparison.Ordinal);
    }

    private static Task<string> OfferAsync(Browser browser, string day) =>
        PostAsync(browser, "/referrals/slots/offer", ("clinic", "心内科"), ("day", day), ("count", "1"), ("minutes", "20"));

    private static async Task<string> PostAsync(Browser browser, string path, params (string, string)[] fields)
    {
        using var answer = await browser.PostFormAsync(path, await browser.TokenAsync("/referrals/slots"), fields);
        return answer.Headers.Location?.ToString() ?? $"{(int)answer.StatusCode}";
    }

    private static string Draft(string id) => Places.Resource("ServiceRequest", id, $$"""
        "status":"draft","intent":"proposal","priority":"routine","subject":{{Places.Reference("Patient", "m1")}},
        "authoredOn":"{{LocalTime.Today(TimeProvider.System):yyyy-MM-dd}}","reasonCode":[{"text":"连续两次血压未达标"}]
        """);
}
