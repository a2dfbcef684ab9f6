using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.Tests.SignIn;

/// <summary>From nothing to a village doctor at work: the link of the first start, the administrator's pages, and who then sees whom.</summary>
public sealed class FirstStartTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_platform_is_set_up_in_the_browser_and_each_sees_only_their_people()
    {
        await using var server = await TestServer.StartAsync();
        var link = (await server.Services.GetRequiredService<FirstStart>().LinkAsync(Cancel))!;
        using var browser = server.NewBrowser();
        Assert.Equal(HttpStatusCode.NotFound, (await browser.Http.GetAsync("/first-start?key=" + new string('0', 32), Cancel)).StatusCode);
        var page = await browser.Http.GetStringAsync(link, Cancel);
        (string, string)[] wish = [("key", link.Split('=')[1]), ("name", "管理员"), ("displayName", "张管理"), ("password", TestServer.Password)];
        using var weak = await browser.PostFormAsync("/first-start", Browser.TokenIn(page), [.. wish[..3], ("password", "short")]);
        Assert.Contains("role=\"alert\"", await weak.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        using var made = await browser.PostFormAsync("/first-start", Browser.TokenIn(page), wish);
        Assert.Equal("/sign-in", made.Headers.Location!.ToString());
        Assert.Equal(HttpStatusCode.NotFound, (await browser.Http.GetAsync(link, Cancel)).StatusCode);
        using var twice = await browser.PostFormAsync("/first-start", await browser.TokenAsync("/sign-in"), wish);
        Assert.Equal(HttpStatusCode.NotFound, twice.StatusCode);
        Assert.Null(await server.Services.GetRequiredService<FirstStart>().LinkAsync(Cancel));

        using var administrator = await server.SignedInAsync("管理员");
        await PlaceAsync(administrator, "c1", "青禾县", "county", "", "990126");
        await PlaceAsync(administrator, "t1", "城关镇卫生院", "township", "c1", "990126001");
        await PlaceAsync(administrator, "v1", "上塘村卫生室", "village", "t1", "990126001101");
        await PlaceAsync(administrator, "v2", "下坪村卫生室", "village", "t1", "990126001102");
        await StaffAsync(administrator, "wang", "王村医", Role.VillageDoctor, "v1");
        await StaffAsync(administrator, "li", "李医师", Role.TownshipClinician, "t1");
        await server.PutAsync(Places.Patient("p1", "v1", "陈"), Places.Patient("p2", "v2", "林"));

        using var doctor = await server.SignedInAsync("wang");
        using var clinician = await server.SignedInAsync("li");
        Assert.Equal("/today", (await doctor.Http.GetAsync("/", Cancel)).Headers.Location!.ToString());
        var (his, hers) = (await doctor.Http.GetStringAsync("/fhir/Patient", Cancel), await clinician.Http.GetStringAsync("/fhir/Patient", Cancel));
        Assert.Contains("\"p1\"", his, StringComparison.Ordinal);
        Assert.DoesNotContain("\"p2\"", his, StringComparison.Ordinal);
        Assert.Contains("\"p2\"", hers, StringComparison.Ordinal);
        Assert.DoesNotContain("\"p1\"", await administrator.Http.GetStringAsync("/fhir/Patient", Cancel), StringComparison.Ordinal);
        Assert.Contains("王村医", await clinician.Http.GetStringAsync("/fhir/PractitionerRole?organization=Organization/v1", Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Organisations_come_from_a_file_with_the_days_they_opened_and_closed_or_not_at_all()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddAsync("administrator", new(Role.Administrator, null), "Practitioner/a");
        using var browser = await server.SignedInAsync("administrator");

        using var wrong = await UploadAsync(browser, "编号,名称,类型,上级,行政区划代码,启用日期,停用日期\nc1,青禾县,县,,990126,,\nv1,上塘村,村卫生室,none,99,2020-13-01,\nv1,x,宫殿,,,,\n");
        var told = await wrong.Content.ReadAsStringAsync(Cancel);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        foreach (var sentence in new[] { "2020-13-01", "none", "宫殿", "GB/T 2260" }) Assert.Contains(sentence, WebUtility.HtmlDecode(told), StringComparison.Ordinal);
        Assert.Empty((await server.Services.GetRequiredService<OrganisationTree>().GetAsync(Cancel)).All);

        using var right = await UploadAsync(browser,
            "\uFEFFid,name,kind,parent,division,from,until\nv1,上塘村,village,t1,990126001101,2010-01-01,2024-06-30\nc1,青禾县,county,,990126,,\nt1,城关镇,township,c1,990126001,,\n");
        Assert.Equal(HttpStatusCode.Redirect, right.StatusCode);
        var tree = await server.Services.GetRequiredService<OrganisationTree>().GetAsync(Cancel);
        Assert.Equal("c1", tree.CountyOf("v1")!.Id);
        Assert.True(tree.Find("v1")!.IsOpenOn(new(2024, 6, 30)));
        Assert.False(tree.Find("v1")!.IsOpenOn(new(2024, 7, 1)));
        Assert.NotNull(await server.Records.ReadAsync(TestServer.Operator, new("Location", "v1"), Cancel));
        using var loop = await UploadAsync(browser, "id,name,kind,parent\nc1,青禾县,county,t1\n");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, loop.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("id,name\n1,2")]
    public void A_file_that_is_none_is_refused(string text) =>
        Assert.Equal(422, Assert.Throws<RefusedException>(() => OrganisationFile.Read(new StringReader(text), Organisations.None)).Status);

    private static async Task PlaceAsync(Browser browser, string id, string name, string kind, string parent, string division)
    {
        using var answer = await browser.PostFormAsync("/organisations",
            ("id", id), ("name", name), ("kind", kind), ("parent", parent), ("division", division), ("from", "2020-01-01"), ("until", ""));
        Assert.True(answer.StatusCode is HttpStatusCode.Redirect, await answer.Content.ReadAsStringAsync(Cancel));
    }

    private static async Task StaffAsync(Browser browser, string name, string full, Role role, string place)
    {
        using var answer = await browser.PostFormAsync("/accounts",
            ("name", name), ("displayName", full), ("password", TestServer.Password), ("role", $"{role}"), ("organisation", place), ("subject", ""));
        Assert.True(answer.StatusCode is HttpStatusCode.Redirect, await answer.Content.ReadAsStringAsync(Cancel));
    }

    private static async Task<HttpResponseMessage> UploadAsync(Browser browser, string text)
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent(await browser.TokenAsync("/organisations")), "__RequestVerificationToken" },
            { new ByteArrayContent(Encoding.UTF8.GetBytes(text)), "file", "places.csv" },
        };
        return await browser.Http.PostAsync("/organisations/file", form, Cancel);
    }
}
