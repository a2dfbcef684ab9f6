using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Programmes;

namespace Tongxin.Journeys;

/// <summary>The main job in a browser, on a county of people who do not exist: today's list, a follow-up, its verdict, the number that moves, who looked.</summary>
public sealed class MainJobTests : Journey
{
    [Fact]
    public async Task A_village_doctor_records_a_follow_up_and_the_countys_number_opens_onto_that_person()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await LaunchAsync(playwright);
        var doctor = await SignInAsync(browser, "d-t01v01");
        await UntilAsync(async () =>
        {
            await doctor.GotoAsync($"{Url}/today");
            return await doctor.Locator("a[href*='hypertension-follow-up']").CountAsync() > 0;
        });
        await ShootAsync(doctor, "today");
        await doctor.Locator("a[href*='hypertension-follow-up']").First.ClickAsync();
        await doctor.FillAsync("input[name=systolic]", "168");
        await doctor.FillAsync("input[name=diastolic]", "96");
        await doctor.CheckAsync("input[name=symptoms-hypertension][value='1']");
        await doctor.CheckAsync("input[name=adherence][value='1']");
        await doctor.Locator("#verdict b", new() { HasTextString = "控制不满意" }).First.WaitForAsync();
        await ShootAsync(doctor, "follow-up");
        var person = new Uri(doctor.Url).AbsolutePath.Split('/')[^1];
        await doctor.Locator("form[data-fill] .primary").ClickAsync();
        await doctor.ArriveAsync("**/visit/**saved=1*");
        await ShootAsync(doctor, "saved");

        var board = App.Services.GetRequiredService<Board>();
        var today = LocalTime.Today(TimeProvider.System);
        await UntilAsync(() => Task.FromResult(board.OfPerson(person, today) is { Count: > 0 } found
            && found.Any(m => m is { Indicator: "hypertension-control", Member: { Numerator: false, Reason: "not-controlled" } })));

        var officer = await SignInAsync(browser, "g-commission");
        await officer.GotoAsync($"{Url}/cockpit?i=hypertension-control&o=t01v01&open=missed");
        await ShootAsync(officer, "cockpit");
        var cell = board.At("hypertension-control", "t01v01", today)!;
        Assert.Equal(cell.Denominator - cell.Numerator, board.People("hypertension-control", "t01v01", today, false, null, 0, 200).Count);
        Assert.Equal(cell.Denominator - cell.Numerator, await officer.Locator("#drawer .people-list li").CountAsync());
    }
}
