using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Kernel.Access;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.Tests.SignIn;

/// <summary>Every route that the host maps × a stranger and every role, from the list of endpoints itself: a route that says nothing is refused and named.</summary>
public sealed class RouteTests(ITestOutputHelper output)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_route_says_whom_it_is_for_and_turns_everybody_else_away()
    {
        await using var server = await TestServer.StartAsync();
        await server.PutAsync(Places.Tree);
        await server.PutAsync(Places.Patient("m1", "village-a1"));
        var endpoints = server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<IAllowAnonymous>() is null).ToList();
        var wrong = new List<string>(endpoints.Where(e => e.Metadata.GetMetadata<ForRolesAttribute>() is null)
            .Select(e => $"{e.RoutePattern.RawText} says not whom it is for: add .ForRoles(…), .ForCarers() or .ForEverybody()"));
        var (asked, turned) = (0, 0);
        foreach (var role in Policy.Roles.Order().Prepend(Role.Nobody))
        {
            using var browser = role is Role.Nobody ? server.NewBrowser() : await SignedInAsync(server, role);
            foreach (var endpoint in endpoints)
            {
                var isFor = endpoint.Metadata.GetMetadata<ForRolesAttribute>()?.Roles.Contains(role) is true;
                foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
                {
                    var path = "/" + Regex.Replace(endpoint.RoutePattern.RawText!.TrimStart('/'), "{[^}]*}", "x", RegexOptions.None, TimeSpan.FromSeconds(1));
                    using var request = new HttpRequestMessage(new(method), path);
                    using var answer = await browser.Http.SendAsync(request, Cancel);
                    var body = await answer.Content.ReadAsStringAsync(Cancel);
                    asked++;
                    if (role is Role.Nobody ? !IsStrangerTurnedAway(answer) : !isFor && !(answer.StatusCode is HttpStatusCode.NotFound && body.Length is 0))
                        wrong.Add($"{method} {path} let {role} in: {(int)answer.StatusCode}");
                    else if (!isFor) turned++;
                    if (answer.StatusCode >= HttpStatusCode.InternalServerError) wrong.Add($"{method} {path} broke for {role}: {(int)answer.StatusCode}");
                }
            }
        }

        output.WriteLine($"{endpoints.Count} closed endpoints, {asked} questions, {turned} turned away");
        Assert.True(wrong.Count is 0, string.Join('\n', wrong.Distinct().Take(40)));
        Assert.True(turned > endpoints.Count);
    }

    [Fact]
    public async Task A_token_opens_no_page()
    {
        await using var server = await TestServer.StartAsync();
        using var http = new HttpClient { BaseAddress = server.Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", new Tokens(server.Engine, TimeProvider.System).ForOperator(["system/*.cruds"], TimeSpan.FromMinutes(5)));

        foreach (var page in new[] { "/today", "/accounts", "/mine", "/second-factor", "/" })
            Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(page, Cancel)).StatusCode);
    }

    private static bool IsStrangerTurnedAway(HttpResponseMessage answer) => answer.StatusCode is HttpStatusCode.Unauthorized
        || (answer.StatusCode is HttpStatusCode.Redirect && answer.Headers.Location!.ToString().Contains("/sign-in", StringComparison.Ordinal));

    private static async Task<Browser> SignedInAsync(TestServer server, Role role)
    {
        var (subject, place) = role switch
        {
            Role.Resident => ("Patient/m1", null),
            Role.Proxy => ("RelatedPerson/r1", null),
            Role.CityCommission => ($"Practitioner/{role}", "city"),
            Role.CountyCommission or Role.DiseaseControl => ($"Practitioner/{role}", "east"),
            Role.VillageDoctor => ($"Practitioner/{role}", "village-a1"),
            _ => ($"Practitioner/{role}", (string?)"town-a"),
        };
        await server.AddAsync($"{role}", new(role, place), subject, role is Role.Proxy ? ["m1"] : []);
        return await server.SignedInAsync($"{role}");
    }
}
