using System.Net;
using System.Text.RegularExpressions;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.HospitalPerformance;
using Tongxin.Modules.Tests.SignIn;

namespace Tongxin.Modules.Tests.HospitalPerformance;

public sealed partial class SurveyTests
{
    private static readonly string[] Questions = ["waiting", "respect", "explained", "place", "cost", "overall"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private static DateOnly Today => LocalTime.Today(TimeProvider.System);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_has_a_code_answers_once_without_a_name_and_nobody_reads_the_single_answer(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        using var staff = await server.SignedInAsync("staff");
        using var doctor = await server.SignedInAsync("doctor");
        using var visitor = server.NewBrowser();
        await UntilAsync(async () => (await staff.Http.GetStringAsync("/surveys", Cancel)).Contains("village-a1", StringComparison.Ordinal));
        var tokens = await DrawAsync(staff, "village-a1", 2);
        Assert.Equal(2, tokens.Count);

        Assert.Contains("等候时间合适", await visitor.Http.GetStringAsync($"/s/{tokens[0]}", Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await AnswerAsync(visitor, tokens[0], Questions[..3]));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await AnswerAsync(visitor, tokens[0], Questions, "6"));
        Assert.Equal(HttpStatusCode.OK, await AnswerAsync(visitor, tokens[0], Questions));
        Assert.Equal(HttpStatusCode.NotFound, await AnswerAsync(visitor, tokens[0], Questions));
        Assert.Equal(HttpStatusCode.NotFound, await AnswerAsync(visitor, new('a', 32), Questions));
        Assert.Equal(HttpStatusCode.NotFound, await AnswerAsync(visitor, "..%2Fx", Questions));

        var answers = await server.Records.SearchAsync(TestServer.Operator, "QuestionnaireResponse", "_count=10", Cancel);
        var body = System.Text.Encoding.UTF8.GetString(Assert.Single(answers.Matches).Body.Span);
        Assert.Contains($"\"authored\":\"{Today:yyyy-MM}-01\"", body, StringComparison.Ordinal);
        Assert.DoesNotContain(tokens[0], body, StringComparison.Ordinal);
        foreach (var role in new[] { Role.VillageDoctor, Role.PublicHealthStaff, Role.DiseaseControl, Role.CountyCommission })
        {
            var caller = new Caller { Subject = "Practitioner/x", Name = "x", Role = role, Organisation = role is Role.VillageDoctor ? "village-a1" : "town-a" };
            Assert.Empty((await server.Records.SearchAsync(caller, "QuestionnaireResponse", "_count=10", Cancel)).Matches);
            Assert.Empty((await server.Records.SearchAsync(caller, "Basic", "_count=10", Cancel)).Matches);
        }

        using var refused = await doctor.Http.GetAsync(new Uri("/surveys", UriKind.Relative), Cancel);
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Empty(await DrawAsync(staff, "village-b1", 2));
        Assert.Empty(await DrawAsync(staff, "village-a1", 9_999));
    }

    [Fact]
    public async Task Two_who_send_the_same_code_at_once_leave_one_answer()
    {
        await using var server = await OpenAsync();
        var invitations = server.Services.GetRequiredService<SurveyInvitations>();
        var token = (await invitations.DrawAsync(TestServer.Operator, "village-a1", 1, Cancel))[0];
        var sent = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Record.ExceptionAsync(() => invitations.AnswerAsync(token, All(5), Cancel)).AsTask()));

        Assert.Equal(1, sent.Count(s => s is null));
        Assert.Single((await server.Records.SearchAsync(TestServer.Operator, "QuestionnaireResponse", "_count=10", Cancel)).Matches);
    }

    [Fact]
    public async Task Few_answers_are_not_told_and_thirty_make_a_score_on_the_card()
    {
        await using var server = await OpenAsync();
        var invitations = server.Services.GetRequiredService<SurveyInvitations>();
        var results = server.Services.GetRequiredService<Satisfaction>();
        var tokens = await invitations.DrawAsync(TestServer.Operator, "village-a1", Satisfaction.Fewest, Cancel);
        foreach (var token in tokens.Skip(1)) await invitations.AnswerAsync(token, All(5), Cancel);
        await Task.Delay(3_000, Cancel);
        Assert.Empty(results.Shown("town-a", Today));

        await invitations.AnswerAsync(tokens[0], All(1), Cancel);
        await UntilAsync(() => Task.FromResult(results.Shown("town-a", Today) is [{ Place: "town-a", Answers: 30 }, { Place: "village-a1", Answers: 30 }]));
        var measured = results.At("town-a", "east", Today);
        Assert.Equal(29.0 / 30, measured.Rate!.Value, 6);
    }

    [Fact]
    public void What_is_left_out_holds_nobody_or_enough_to_hide_in() =>
        (from counts in Gen.Int[0, 90].Array[0, 8] from own in Gen.Int[0, 60] select (counts, own)).Sample(c =>
        {
            var below = c.counts.Select((n, i) => new PlaceAnswers($"p{i}", n, 50)).ToList();
            var all = c.counts.Sum() + c.own;
            var told = Satisfaction.Tellable(all, below);
            var rest = all - told.Sum(t => t.Answers);
            return told.All(t => t.Answers >= Satisfaction.Fewest) && (told.Count is 0 || rest is 0 or >= Satisfaction.Fewest);
        });

    private static Dictionary<string, int> All(int step) => Questions.ToDictionary(q => q, _ => step, StringComparer.Ordinal);

    private static async Task<TestServer> OpenAsync(bool postgres = false)
    {
        var server = await TestServer.StartAsync(postgres);
        await server.PutAsync(Places.Tree);
        await server.AddAsync("staff", new(Role.PublicHealthStaff, "town-a"), "Practitioner/s");
        await server.AddAsync("doctor", new(Role.VillageDoctor, "village-a1"), "Practitioner/d");
        return server;
    }

    private static async Task<List<string>> DrawAsync(Browser staff, string place, int count)
    {
        using var answer = await staff.PostFormAsync("/surveys/draw", await staff.TokenAsync("/surveys"), ("place", place), ("count", $"{count}"));
        return answer.StatusCode is HttpStatusCode.OK ? Codes(await answer.Content.ReadAsStringAsync(Cancel)) : [];
    }

    // The slips show codes as pictures only; the address stands beside for who cannot scan.
    private static List<string> Codes(string page) => [.. Address().Matches(page).Select(m => m.Groups[1].Value).Distinct()];

    private static async Task<HttpStatusCode> AnswerAsync(Browser visitor, string token, string[] questions, string step = "4")
    {
        using var answer = await visitor.PostFormAsync($"/s/{token}", null, [.. questions.Select(q => (q, step))]);
        return answer.StatusCode;
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var tries = 0; tries < 240; tries++)
        {
            if (await holds()) return;
            await Task.Delay(250, Cancel);
        }

        Assert.Fail("It did not come within a minute.");
    }

    [GeneratedRegex("/s/([0-9a-f]{32})")]
    private static partial Regex Address();
}
