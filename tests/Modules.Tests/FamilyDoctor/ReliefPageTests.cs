using System.Net;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.Tests.SignIn;
using static Tongxin.Modules.Tests.FamilyDoctor.ContractPageTests;

namespace Tongxin.Modules.Tests.FamilyDoctor;

/// <summary>Households of poverty relief as people meet them: marked, planned and printed on the page, counted among the key groups, seen by the resident.</summary>
public sealed class ReliefPageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_village_doctor_marks_a_household_makes_its_plan_prints_it_and_the_resident_sees_her_part(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        await server.PutAsync(Places.Resource("Group", "h1", $$"""
            "type":"person","actual":true,"code":{{Places.Concept("https://tongxin.health/cs/group", "household")}},
            "managingEntity":{{Places.Reference("Organization", "village-a1")}},
            "member":[{"entity":{{Places.Reference("Patient", "m1")}}},{"entity":{{Places.Reference("Patient", "m2")}}}]
            """));
        using var doctor = await server.SignedInAsync("doctor");
        using var other = await server.SignedInAsync("other");
        using var resident = await server.SignedInAsync("resident");
        const string page = "/contracts/household/m2";
        Assert.Contains("本户没有登记", await ReadAsync(doctor, page), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await other.Http.GetAsync(page, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await resident.Http.GetAsync(page, Cancel)).StatusCode);

        var today = LocalTime.Today(TimeProvider.System).ToString("yyyy-MM-dd");
        Assert.EndsWith("?refused=source", await PostAsync(doctor, $"{page}/mark", ("kind", "marginal"), ("from", today), ("source", "")), StringComparison.Ordinal);
        Assert.EndsWith("?refused=date", await PostAsync(doctor, $"{page}/mark", ("kind", "marginal"), ("from", "soon"), ("source", "名单")), StringComparison.Ordinal);
        Assert.EndsWith("?done=marked", await PostAsync(doctor, $"{page}/mark", ("kind", "marginal"), ("from", today), ("source", "县 2026 年名单")), StringComparison.Ordinal);
        Assert.Contains("1 户，0 户有方案", await ReadAsync(doctor, "/contracts/groups"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await doctor.Http.GetAsync($"{page}/print", Cancel)).StatusCode);
        Assert.EndsWith("?done=planned", await PostAsync(doctor, $"{page}/plan", ("doctor", "d"), ("member", "m1"), ("package-m1", "basic"), ("package-m1", "relief"),
            ("measure-m1", "每月上门一次")), StringComparison.Ordinal);

        foreach (var address in new[] { page, $"{page}/print" })
            foreach (var word in new[] { "边缘易致贫户", "每月上门一次", "李建平", "脱贫户健康包", "300", "公卫经费 160", "县 2026 年名单" })
                Assert.Contains(word, await ReadAsync(doctor, address), StringComparison.Ordinal);
        Assert.Contains("1 户，1 户有方案", await ReadAsync(doctor, "/contracts/groups"), StringComparison.Ordinal);
        Assert.Contains("href=\"/contracts/household/m1\"", await ReadAsync(doctor, "/contracts/households"), StringComparison.Ordinal);
        Assert.DoesNotContain("/contracts/household/", await ReadAsync(doctor, "/contracts/households?list=no-plan"), StringComparison.Ordinal);
        Assert.DoesNotContain("/contracts/household/", await ReadAsync(other, "/contracts/households"), StringComparison.Ordinal);
        Assert.Contains("每月上门一次", await ReadAsync(resident, "/my-doctor"), StringComparison.Ordinal);
        Assert.EndsWith("?done=mark-ended", await PostAsync(doctor, $"{page}/mark", ("step", "end")), StringComparison.Ordinal);
    }

    private static async Task<string> ReadAsync(Browser browser, string address) => WebUtility.HtmlDecode(await browser.Http.GetStringAsync(address, Cancel));
}
