using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.FamilyDoctor;
using Tongxin.Web.SignIn;

namespace Tongxin.Journeys;

/// <summary>A red flag as four people live it: the village doctor refers with what she chose of the record, the county clinic accepts and answers, the township counts it,
/// and the resident sees all of it, who looked, and what her contract still owes her.</summary>
public sealed class RedFlagReferralTests : Journey
{
    private const string Village = "t01v01";
    private const string Finding = "高血压 3 级（很高危），未见急性靶器官损害";
    private const string Plan = "氨氯地平加缬沙坦，每日两次自测血压，一周内复诊";

    [Fact]
    public async Task A_red_flag_goes_to_the_county_with_her_record_and_the_plan_is_back_on_the_villages_list_the_same_minute()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await LaunchAsync(playwright);
        var person = await HypertensiveAsync();
        var doctor = await SignInAsync(browser, $"d-{Village}");
        await SignContractAsync(doctor, person);
        var referral = await ReferAsync(doctor, person);

        var specialist = await SignInAsync(browser, "s-cardiology");
        await AnswerAsync(specialist, referral);
        var answered = TimeProvider.System.GetTimestamp();

        await doctor.GotoAsync($"{Url}/today?programme=referral");
        await doctor.Locator($"tr:has(a[href='/person/{person}']) td a", new() { HasTextString = "回转后首次随访" }).First.WaitForAsync();
        Assert.InRange(TimeProvider.System.GetElapsedTime(answered), TimeSpan.Zero, TimeSpan.FromMinutes(1));
        await ShootAsync(doctor, "red-flag-plan-on-the-list");
        await doctor.GotoAsync($"{Url}/person/{person}");
        await doctor.GetByText(Plan).First.WaitForAsync();

        var township = await SignInAsync(browser, "c-t01");
        await township.GotoAsync($"{Url}/referrals/statistics?days=30");
        await township.Locator("tbody tr", new() { HasTextString = await NameAsync("Organization", "qinghe-hospital") }).First.WaitForAsync();
        await ShootAsync(township, "red-flag-figures");

        await ResidentSeesAsync(await SignInAsync(browser, person, "Patient"));
    }

    /// <summary>On the screen, as it is done at the desk: the packages that fit her are chosen already, she draws her name.</summary>
    private async Task SignContractAsync(IPage doctor, string person)
    {
        await doctor.GotoAsync($"{Url}/person/{person}");
        await doctor.Locator($"header a[href='/contracts/sign/{person}']").ClickAsync();
        await doctor.Locator(".pad, .notice").First.WaitForAsync();
        Assert.Equal(1, await doctor.Locator("svg[data-sign]").CountAsync());
        await DrawAsync(doctor);
        await ShootAsync(doctor, "red-flag-contract");
        await doctor.Locator("aside button[value=sign]").First.ClickAsync();
        await doctor.ArriveAsync("**/contracts/*done=signed*");
    }

    private static async Task DrawAsync(IPage page)
    {
        await page.Locator("svg[data-sign]").ScrollIntoViewIfNeededAsync();
        var pad = (await page.Locator("svg[data-sign]").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(pad.X + 30, pad.Y + 40);
        await page.Mouse.DownAsync();
        for (var i = 1; i <= 6; i++) await page.Mouse.MoveAsync(pad.X + 30 + i * 25, pad.Y + (i % 2 is 0 ? 40 : 70));
        await page.Mouse.UpAsync();
        Assert.NotEqual("", await page.InputValueAsync("input[name=stroke]"));
    }

    private async Task<string> ReferAsync(IPage doctor, string person)
    {
        await doctor.GotoAsync($"{Url}/follow-up/{person}?due=hypertension-follow-up");
        await doctor.FillAsync("input[name=systolic]", "192");
        await doctor.FillAsync("input[name=diastolic]", "112");
        await doctor.CheckAsync("input[name=symptoms-hypertension][value='1']");
        await doctor.CheckAsync("input[name=adherence][value='1']");
        await doctor.Locator("#verdict", new() { HasTextString = "达到危急值" }).WaitForAsync();
        await ShootAsync(doctor, "red-flag-follow-up");
        await doctor.Locator("#verdict button[name='~refer']").ClickAsync();
        await doctor.ArriveAsync("**/referrals/*");
        var referral = new Uri(doctor.Url).AbsolutePath.Split('/')[^1];
        await doctor.GetByText("192/112").First.WaitForAsync();
        // Her diseases, the readings and today's form go with it; she takes out what she does not want to send.
        Assert.True(await doctor.IsCheckedAsync("input[name=part][value=diseases]"));
        Assert.True(await doctor.IsCheckedAsync("input[name=part][value=readings]"));
        await doctor.UncheckAsync("input[name=part][value=diseases]");
        await doctor.SelectOptionAsync("select[name=to]", "qinghe-hospital");
        await doctor.CheckAsync("input[name=consent]");
        await ShootAsync(doctor, "red-flag-draft");
        await doctor.Locator("button[value=send]").ClickAsync();
        await doctor.ArriveAsync("**/referrals/*done=1*");
        return referral;
    }

    private async Task AnswerAsync(IPage specialist, string referral)
    {
        await specialist.GotoAsync($"{Url}/referrals");
        await specialist.Locator($"a[href='/referrals/{referral}']").First.ClickAsync();
        await specialist.ArriveAsync($"**/referrals/{referral}");
        await specialist.Locator("h3:has-text('测量') + ul li", new() { HasTextString = "192/112" }).First.WaitForAsync();
        Assert.Equal(0, await specialist.Locator("h3", new() { HasTextString = "现患" }).CountAsync());
        await ShootAsync(specialist, "red-flag-received");
        await StepAsync(specialist, "accept");
        await StepAsync(specialist, "see");
        await specialist.FillAsync("#finding", Finding);
        await StepAsync(specialist, "answer");
        await specialist.FillAsync("#plan", Plan);
        await StepAsync(specialist, "return");
        await ShootAsync(specialist, "red-flag-returned");
    }

    private async Task ResidentSeesAsync(IPage resident)
    {
        await resident.GotoAsync($"{Url}/mine");
        await resident.GetByText(Plan).First.WaitForAsync();
        await resident.GetByText(Finding).First.WaitForAsync();
        foreach (var looker in new[] { "s-cardiology", $"d-{Village}" })
            await resident.Locator("#looked ~ .seen b", new() { HasTextString = await NameAsync("Practitioner", looker) }).First.WaitForAsync();
        await ShootAsync(resident, "red-flag-resident");

        // The reading of the visit has been counted off, what is left is still owed.
        await UntilAsync(async () =>
        {
            await resident.GotoAsync($"{Url}/my-doctor");
            return await resident.Locator("li", new() { HasTextString = "高血压随访" }).Filter(new() { HasTextString = "还有 3 次" }).CountAsync() > 0;
        }, minutes: 3);
        await ShootAsync(resident, "red-flag-contract-owes");
    }

    private static async Task StepAsync(IPage page, string step)
    {
        var button = page.Locator($"button[value={step}]");
        await button.First.ClickAsync();
        await button.First.WaitForAsync(new() { State = WaitForSelectorState.Detached });
    }

    /// <summary>A hypertensive of the village who has no contract, and an account of her own. Who has one, ends it: the journey begins with the promise.</summary>
    private async Task<string> HypertensiveAsync()
    {
        var self = Caller.System("journey");
        var episodes = await Records.SearchAsync(self, "EpisodeOfCare", $"type=hypertension&status=active&organization=Organization/{Village}&_sort=_id&_count=50", Cancel);
        using var first = JsonDocument.Parse(episodes.Matches[0].Body);
        var person = first.RootElement.GetProperty("patient").GetProperty("reference").GetString()!.Split('/')[^1];
        var contracts = await Records.SearchAsync(self, "Contract", $"patient=Patient/{person}&status=executed", Cancel);
        var today = LocalTime.Today(TimeProvider.System).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        foreach (var contract in contracts.Matches)
        {
            using var body = JsonDocument.Parse(contract.Body);
            if (string.CompareOrdinal(body.RootElement.GetProperty("applies").GetProperty("end").GetString(), today) >= 0)
                await App.Services.GetRequiredService<MoveContract>().EndAsync(self, contract.Key.Id, "resident", Cancel);
        }

        await using var scope = App.Services.CreateAsyncScope();
        var accounts = scope.ServiceProvider.GetRequiredService<UserManager<Account>>();
        if (await accounts.FindByNameAsync($"demo-{person}") is null)
            await NewAccount.MakeAsync(accounts, new()
            {
                Name = $"demo-{person}", DisplayName = await NameAsync("Patient", person), Password = null, Subject = $"Patient/{person}", Posts = [new(Role.Resident, null)],
            });
        return person;
    }
}
