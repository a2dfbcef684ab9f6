using Microsoft.Playwright;

namespace Tongxin.Journeys;

/// <summary>The form that the server sent is filled while the form filler is still on its way.</summary>
public sealed class TakingOverTests : Journey
{
    [Fact]
    public async Task What_is_typed_before_the_form_filler_comes_is_still_there_afterwards()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await LaunchAsync(playwright);
        var doctor = await SignInAsync(browser, "d-t01v01");
        await UntilAsync(async () =>
        {
            await doctor.GotoAsync($"{Url}/today");
            return await doctor.Locator("a[href*='hypertension-follow-up']").CountAsync() > 0;
        });
        // The filler asks first who fills: until that is answered the plain form stands alone.
        var typed = new TaskCompletionSource();
        await doctor.RouteAsync("**/offline/who", async route =>
        {
            await typed.Task;
            await route.ContinueAsync();
        });
        await doctor.Locator("a[href*='hypertension-follow-up']").First.ClickAsync();
        await doctor.FillAsync("input[name=systolic]", "151");
        await doctor.CheckAsync("input[name=adherence][value='2']");
        Assert.Equal(0, await doctor.Locator("form[data-filled]").CountAsync());

        typed.SetResult();
        await doctor.Locator("form[data-filled]").WaitForAsync();

        Assert.Equal("151", await doctor.InputValueAsync("input[name=systolic]"));
        Assert.True(await doctor.IsCheckedAsync("input[name=adherence][value='2']"));
        Assert.Equal("", await doctor.InputValueAsync("input[name=diastolic]"));
    }
}
