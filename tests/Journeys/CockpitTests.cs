using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Programmes;

namespace Tongxin.Journeys;

/// <summary>From a number that fell to the people behind it, to the doctor's list, and back to the number.</summary>
public sealed class CockpitTests : Journey
{
    private const string Indicator = "hypertension-control";

    // Those whose doctors have an account in the demo.
    private static readonly string[] Villages = ["t01v01", "t02v01", "t03v01"];

    [Fact]
    public async Task A_county_officer_opens_a_number_onto_people_sends_them_to_the_team_and_sees_it_move_when_the_doctor_saves()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await LaunchAsync(playwright);
        var board = App.Services.GetRequiredService<Board>();
        var today = LocalTime.Today(TimeProvider.System);
        await SettleAsync(board, today);
        var village = Villages.First(v => board.At(Indicator, v, today) is { } cell && cell.Numerator < cell.Denominator);
        var town = village[..3];

        // From the county's tile through the ranking to the town, its reasons and one reason's people.
        var officer = await SignInAsync(browser, "g-commission");
        await officer.GotoAsync($"{Url}/cockpit?i={Indicator}");
        Assert.True(await officer.Locator("svg.map a").CountAsync() is 13);
        await ShootAsync(officer, "officer-county");
        await officer.Locator($"table.rank a.who[href*='o={town}']").First.ClickAsync();
        await officer.ArriveAsync($"**o={town}*");
        await officer.Locator($"table.rank a.who[href*='o={village}']").First.ClickAsync();
        await officer.ArriveAsync($"**o={village}*");
        var number = await NumberAsync(officer);
        var (reason, count) = await FailingReasonAsync(officer, board, village, today);
        await officer.Locator($".reasons a[href*='reason={reason}']").ClickAsync();
        await officer.ArriveAsync($"**reason={reason}*");
        Assert.Equal(count, await officer.Locator(".people-list > li:not(.evidence)").CountAsync());

        // One person: the evidence, and the clause under which she counts as failed; a pseudonym, no name.
        await officer.Locator(".people-list a.tag").First.ClickAsync();
        await officer.ArriveAsync("**who=*");
        Assert.True(await officer.Locator(".evidence li").CountAsync() > 0);
        Assert.Contains("国家基本公共卫生服务规范", await officer.Locator("details.why").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await officer.Locator(".people-list a.who").CountAsync());
        await ShootAsync(officer, "officer-person");

        // One press, and the list is the doctor's.
        await officer.FillAsync("#send input[name=text]", "请本周内随访。");
        await officer.Locator("#send .primary").ClickAsync();
        await officer.ArriveAsync("**sent=*");
        Assert.Contains($"sent={count}&", officer.Url, StringComparison.Ordinal);
        await ShootAsync(officer, "officer-sent");

        var doctor = await SignInAsync(browser, $"d-{village}");
        await doctor.GotoAsync($"{Url}/today?programme=asked");
        Assert.Equal(count, await doctor.Locator("table.rows tbody tr").CountAsync());
        await ShootAsync(doctor, "doctor-asked");
        await doctor.Locator("a[href*='hypertension-follow-up']").First.ClickAsync();
        await FollowUpAsync(doctor);

        // In the other window the number moves, and the task is done.
        await UntilAsync(async () =>
        {
            await officer.ReloadAsync();
            return await NumberAsync(officer) == (number.Reached + 1, number.All);
        });
        await doctor.GotoAsync($"{Url}/today?programme=asked");
        Assert.Equal(count - 1, await doctor.Locator("table.rows tbody tr").CountAsync());
        await ShootAsync(officer, "officer-moved");
    }

    // The county was made a moment ago: until its visits are judged, every number moves by itself.
    private async Task SettleAsync(Board board, DateOnly today)
    {
        const int quiet = 20;
        var (still, last) = (0, (Cell?)null);
        await UntilAsync(() =>
        {
            var cell = board.At(Indicator, "qinghe", today);
            still = cell is not null && cell == last && !App.Services.GetRequiredService<Freshness>().IsStale ? still + 1 : 0;
            last = cell;
            return Task.FromResult(still >= quiet);
        }, minutes: 5);
    }

    private static async Task FollowUpAsync(IPage doctor)
    {
        await doctor.FillAsync("input[name=systolic]", "126");
        await doctor.FillAsync("input[name=diastolic]", "78");
        await doctor.CheckAsync("input[name=symptoms-hypertension][value='1']");
        await doctor.CheckAsync("input[name=adherence][value='1']");
        await doctor.Locator("#verdict b", new() { HasTextString = "控制满意" }).First.WaitForAsync();
        await doctor.Locator("form[data-fill] .primary").ClickAsync();
        await doctor.ArriveAsync("**/visit/**saved=1*");
    }

    /// <summary>The chosen indicator's numerator and denominator as the screen has them.</summary>
    private static async Task<(int Reached, int All)> NumberAsync(IPage page)
    {
        var text = await page.Locator($"article a[href*='i={Indicator}'][href*='open=all']").InnerTextAsync();
        var parts = System.Text.RegularExpressions.Regex.Matches(text, "[0-9]+").Select(m => int.Parse(m.Value, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        return (parts[0], parts[1]);
    }

    // Seen on the screen, and what the store says: the two agree.
    private static async Task<(string Reason, int Count)> FailingReasonAsync(IPage page, Board board, string village, DateOnly today)
    {
        var worst = board.Reasons(Indicator, village, today).First(r => !r.Numerator);
        var shown = await page.Locator($".reasons a[href*='reason={worst.Reason}'] b").InnerTextAsync();
        Assert.Equal(worst.People.ToString(System.Globalization.CultureInfo.InvariantCulture), shown);
        return (worst.Reason, (int)worst.People);
    }
}
