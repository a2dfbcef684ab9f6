using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Tongxin.Fhir.Questionnaires;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Web.SignIn;

namespace Tongxin.Journeys;

/// <summary>One person with two diseases, from the day's list to the county's answer: one visit, one referral, one plan that comes back.</summary>
public sealed class CombinedVisitTests : Journey
{
    private const string Both = "hypertension-follow-up+diabetes-follow-up";
    private const string Plan = "改用氨氯地平 5 mg 每日一次，两周内复测血压血糖";

    [Fact]
    public async Task Two_diseases_are_one_visit_and_the_second_failure_goes_to_the_county_and_comes_back_as_a_plan()
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await LaunchAsync(playwright);
        var person = await FailedOnceAsync();
        var doctor = await SignInAsync(browser, "d-t01v01");
        var referral = await VisitAsync(doctor, person);

        var specialist = await SignInAsync(browser, "s-cardiology");
        await AnswerAsync(specialist, referral);

        await doctor.GotoAsync($"{Url}/today?programme=referral");
        await doctor.Locator("td a", new() { HasTextString = "回转后首次随访" }).First.WaitForAsync();
        await ShootAsync(doctor, "plan-on-the-list");
        await doctor.GotoAsync($"{Url}/person/{person}");
        await doctor.GetByText(Plan).First.WaitForAsync();
        await ShootAsync(doctor, "plan-of-the-county");
        Assert.Equal(1, await OwedAfterReturnAsync(person));

        var resident = await SignInAsync(browser, person, "Patient");
        await resident.GotoAsync($"{Url}/mine");
        await resident.GetByText(Plan).First.WaitForAsync();
        await ShootAsync(resident, "resident");
    }

    private async Task<string> VisitAsync(IPage doctor, string person)
    {
        await doctor.GotoAsync($"{Url}/today?span=Overdue");
        var door = doctor.Locator($"a[href*='/follow-up/{person}?due=']").First;
        await ShootAsync(doctor, "two-diseases-list");
        await door.ClickAsync();
        // What the two forms share is asked once.
        foreach (var shared in new[] { "systolic", "weight", "smoking", "visit-date" }) Assert.Equal(1, await doctor.Locator($"input[name={shared}]").CountAsync());
        Assert.NotEqual("", await doctor.InputValueAsync("input[name=weight]"));
        await doctor.FillAsync("input[name=systolic]", "166");
        await doctor.FillAsync("input[name=diastolic]", "98");
        await doctor.FillAsync("input[name=fasting-glucose]", "9.4");
        await doctor.CheckAsync("input[name=symptoms-hypertension][value='1']");
        await doctor.CheckAsync("input[name=symptoms-diabetes][value='1']");
        await doctor.Locator("#verdict .verdict", new() { HasTextString = "连续两次" }).Nth(1).WaitForAsync();
        await ShootAsync(doctor, "two-diseases-visit");
        await doctor.Locator("#verdict button[name='~refer']").ClickAsync();
        await doctor.ArriveAsync("**/referrals/*");
        var referral = new Uri(doctor.Url).AbsolutePath.Split('/')[^1];
        await ShootAsync(doctor, "referral-draft");
        await doctor.SelectOptionAsync("select[name=to]", "qinghe-hospital");
        await doctor.CheckAsync("input[name=consent]");
        await doctor.Locator("button[value=send]").ClickAsync();
        await doctor.ArriveAsync("**/referrals/*done=1*");
        // Two diseases ask for it; the person goes once.
        var today = LocalTime.Today(TimeProvider.System);
        var asked = await Records.SearchAsync(Caller.System("journey"), "ServiceRequest", $"patient={person}&authored=ge{today:yyyy-MM-dd}", Cancel);
        Assert.Equal(referral, Assert.Single(asked.Matches).Key.Id);
        return referral;
    }

    private async Task AnswerAsync(IPage specialist, string referral)
    {
        await specialist.GotoAsync($"{Url}/referrals/{referral}");
        await ShootAsync(specialist, "referral-received");
        await StepAsync(specialist, "accept");
        await StepAsync(specialist, "see");
        await specialist.FillAsync("#finding", "高血压 2 级合并 2 型糖尿病，未见靶器官损害");
        await StepAsync(specialist, "answer");
        await specialist.FillAsync("#plan", Plan);
        await StepAsync(specialist, "return");
        await ShootAsync(specialist, "referral-returned");
    }

    private static async Task StepAsync(IPage page, string step)
    {
        var button = page.Locator($"button[value={step}]");
        await button.First.ClickAsync();
        await button.First.WaitForAsync(new() { State = WaitForSelectorState.Detached });
    }

    private async Task<long> OwedAfterReturnAsync(string person)
    {
        var lists = App.Services.GetRequiredService<WorkLists>();
        var doctor = new Caller { Subject = "Practitioner/d-t01v01", Name = "村医", Role = Role.VillageDoctor, Organisation = "t01v01" };
        var work = await lists.ForAsync(doctor, new() { Programme = "referral", Count = WorkFilter.Most }, Cancel);
        return work.Items.Count(i => i.Task.Person == $"Patient/{person}");
    }

    /// <summary>Somebody of the village with hypertension and diabetes whose visit three weeks ago found neither in control; she has an account of her own.</summary>
    private async Task<string> FailedOnceAsync()
    {
        var self = Caller.System("journey") with { Subject = "Practitioner/d-t01v01" };
        var visits = App.Services.GetRequiredService<FollowUps>();
        var episodes = await Records.SearchAsync(self, "EpisodeOfCare", "type=hypertension&status=active&_include=EpisodeOfCare:patient&_count=200", Cancel);
        var person = episodes.Included.Where(i => i.Key.Type is "Patient").First(p => Of(p, "managingOrganization") == "Organization/t01v01").Key.Id;
        var day = LocalTime.Today(TimeProvider.System).AddDays(-21);
        var filling = await visits.OpenAsync(self, person, Both, Cancel);
        FormFields.Apply(filling, Answers(day).Select(a => KeyValuePair.Create(a.Name, (IReadOnlyList<string>)[a.Value])));
        await visits.SaveAsync(self, person, filling.ToResponse(), "first failure", Cancel);
        var accounts = App.Services.CreateScope().ServiceProvider.GetRequiredService<UserManager<Account>>();
        if (await accounts.FindByNameAsync($"demo-{person}") is null)
            await NewAccount.MakeAsync(accounts, new()
            {
                Name = $"demo-{person}", DisplayName = await NameAsync("Patient", person), Password = null, Subject = $"Patient/{person}", Posts = [new(Role.Resident, null)],
            });
        return person;
    }

    private static (string Name, string Value)[] Answers(DateOnly day) =>
    [
        ("visit-date", day.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)), ("visit-method", "1"), ("systolic", "162"), ("diastolic", "96"),
        ("weight", "68"), ("height", "165"), ("smoking", "5"), ("symptoms-hypertension", "1"), ("symptoms-diabetes", "1"), ("adherence", "1"), ("foot-pulse", "1"),
        ("fasting-glucose", "8.8"), ("adverse-reaction", "1"), ("complication", "1"), ("hypoglycaemia", "1"),
    ];

    private static string? Of(Kernel.Records.Stored stored, string member)
    {
        using var json = JsonDocument.Parse(stored.Body);
        return json.RootElement.TryGetProperty(member, out var reference) ? reference.GetProperty("reference").GetString() : null;
    }
}
