using Microsoft.Extensions.DependencyInjection;
using Tongxin.Kernel.Access;
using Tongxin.Modules.Tests.SignIn;
using static Tongxin.Modules.Tests.SignIn.Places;

namespace Tongxin.Modules.Tests.People;

/// <summary>疑似重复: a pair is shown to whoever reaches both people, and tells nobody else that the other one is there.</summary>
public sealed class PossibleDuplicatesTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private static readonly string[] Asked =
        ["/fhir/Task", "/fhir/Linkage", "/fhir/Linkage?item=Patient/m1", "/fhir/Patient/m1/$everything", "/fhir/Patient?_id=m1&_revinclude=Linkage:item"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_pair_is_told_only_to_those_who_reach_both(bool postgres)
    {
        await using var server = await TestServer.StartAsync(postgres);
        await server.PutAsync(Tree);
        // One pair within the township across two villages of which each doctor has one half; one pair across counties.
        await server.PutAsync(Resource("Organization", "village-a2", $"\"active\":true,\"name\":\"village-a2\",\"partOf\":{Reference("Organization", "town-a")}"));
        await server.PutAsync(Patient("m1", "village-a1", "李", "same"), Patient("m2", "village-a2", "李", "same"));
        await server.PutAsync(Patient("x1", "village-a1", "赵", "far"), Patient("x2", "village-c1", "赵", "far"));
        await FoundAsync(server, 2);
        await server.AddAsync("village", new(Role.VillageDoctor, "village-a1"), "Practitioner/v");
        await server.AddAsync("public", new(Role.PublicHealthStaff, "town-a"), "Practitioner/h");
        await server.AddAsync("resident", new(Role.Resident, null), "Patient/m1");

        using var doctor = await server.SignedInAsync("village");
        Assert.DoesNotContain("/duplicates/m", await doctor.Http.GetStringAsync("/duplicates", Cancel), StringComparison.Ordinal);
        Assert.DoesNotContain("/duplicates/x", await doctor.Http.GetStringAsync("/duplicates", Cancel), StringComparison.Ordinal);
        using var staff = await server.SignedInAsync("public");
        var queue = await staff.Http.GetStringAsync("/duplicates", Cancel);
        Assert.Matches("/duplicates/(m1/m2|m2/m1)\"", queue);
        Assert.DoesNotContain("/duplicates/x", queue, StringComparison.Ordinal);
        using var resident = await server.SignedInAsync("resident");
        foreach (var browser in new[] { doctor, staff, resident })
            foreach (var path in Asked)
            {
                using var answer = await browser.Http.GetAsync(path, Cancel);
                var said = await answer.Content.ReadAsStringAsync(Cancel);
                Assert.DoesNotContain("possible-duplicate", said, StringComparison.Ordinal);
                Assert.DoesNotContain("\"alternate\"", said, StringComparison.Ordinal);
            }
    }

    [Fact]
    public async Task Two_people_told_apart_leave_the_list_for_good()
    {
        await using var server = await TestServer.StartAsync();
        await server.PutAsync(Tree);
        await server.PutAsync(Patient("m1", "village-a1", "李", "same"), Patient("m2", "village-a1", "李", "same"));
        await FoundAsync(server, 1);
        await server.AddAsync("village", new(Role.VillageDoctor, "village-a1"), "Practitioner/v");
        using var doctor = await server.SignedInAsync("village");
        Assert.Matches("/duplicates/(m1/m2|m2/m1)\"", await doctor.Http.GetStringAsync("/duplicates", Cancel));
        var caller = TestServer.Operator;
        var pairs = server.Services.GetRequiredService<Tongxin.Modules.People.PossibleDuplicates>();

        await pairs.TellApartAsync(caller, "m1", "m2", "身份证不同", Cancel);
        await server.PutAsync(Patient("m1", "village-a1", "李", "same"));
        await Task.Delay(TimeSpan.FromSeconds(3), Cancel);

        Assert.Empty(await pairs.OpenAsync(caller, Cancel));
        Assert.DoesNotContain("/duplicates/m", await doctor.Http.GetStringAsync("/duplicates", Cancel), StringComparison.Ordinal);
    }

    private static async Task FoundAsync(TestServer server, int pairs)
    {
        var until = DateTime.UtcNow + Longest;
        while ((await server.Records.SearchAsync(TestServer.Operator, "Linkage", "", Cancel)).Matches.Count < pairs)
        {
            Assert.True(DateTime.UtcNow < until, "The pairs were not found.");
            await Task.Delay(200, Cancel);
        }
    }
}
