using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.SignIn;

namespace Tongxin.Host.Demo;

/// <summary>Accounts of the demo, entered without a password: a few of each role, and residents who are followed up.</summary>
internal static class DemoAccounts
{
    private const int MostOfRole = 3;
    private static readonly Caller Seeder = Caller.System("seed");

    private static readonly (Role Role, string Code)[] Posts =
    [
        (Role.VillageDoctor, "village-doctor"), (Role.TownshipClinician, "township-clinician"), (Role.PublicHealthStaff, "public-health-staff"),
        (Role.Specialist, "specialist"), (Role.CountyCommission, "county-commission"), (Role.Auditor, "auditor"),
    ];

    /// <summary>Makes what is not there yet; names are taken as they stand in the record.</summary>
    public static async Task MakeAsync(IServiceProvider services, CancellationToken cancel)
    {
        await using var scope = services.CreateAsyncScope();
        var accounts = scope.ServiceProvider.GetRequiredService<UserManager<Account>>();
        var records = services.GetRequiredService<RecordAccess>();
        foreach (var (role, code) in Posts)
        {
            var page = await records.SearchAsync(Seeder, "PractitionerRole", $"role={code}&_sort=_id&_count={MostOfRole}", cancel);
            foreach (var stored in page.Matches)
            {
                using var json = JsonDocument.Parse(stored.Body);
                var person = json.RootElement.GetProperty("practitioner");
                var place = ResourceKey.Parse(json.RootElement.GetProperty("organization").GetProperty("reference").GetString()!).Id;
                await MakeAsync(accounts, person.GetProperty("reference").GetString()!, person.GetProperty("display").GetString()!, new(role, place));
            }
        }

        var residents = await records.SearchAsync(Seeder, "EpisodeOfCare", $"type=hypertension&_include=EpisodeOfCare:patient&_sort=_id&_count={MostOfRole}", cancel);
        foreach (var stored in residents.Included.Where(i => i.Key.Type is "Patient"))
        {
            using var json = JsonDocument.Parse(stored.Body);
            await MakeAsync(accounts, stored.Key.ToString(), json.RootElement.GetProperty("name")[0].GetProperty("text").GetString()!, new(Role.Resident, null));
        }
    }

    private static async Task MakeAsync(UserManager<Account> accounts, string subject, string name, Post post)
    {
        var id = $"demo-{subject[(subject.IndexOf('/', StringComparison.Ordinal) + 1)..]}";
        if (await accounts.FindByNameAsync(id) is null)
            await NewAccount.MakeAsync(accounts, new() { Name = id, DisplayName = name, Password = null, Subject = subject, Posts = [post] });
    }
}
