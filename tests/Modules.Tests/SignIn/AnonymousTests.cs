using System.Net;
using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Tongxin.Host;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Tests.Records;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.Tests.SignIn;

/// <summary>Whoever is not signed in gets nowhere: every route the host maps, and every token that is not ours.</summary>
public sealed class AnonymousTests(ITestOutputHelper output) : IAsyncLifetime
{
    // Open on purpose: the way in, discovery, whether the server is alive, the empty page and the names of the files that a browser keeps,
    // and the survey and the signature by code, whose one-time tokens are themselves the permission.
    private static readonly string[] Open =
        ["/sign-in", "/sign-in/second", "/sign-in/post", "/sign-in/demo", "/first-start", "/health", "/connect/authorize", "/connect/token",
         "/s/{token}", "/c/{token}", "/offline", "/offline/files"];

    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-sign-in-").FullName;
    private WebApplication app = null!;
    private HttpClient http = null!;
    private RecordEngine engine = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var cluster = await PostgresCluster.OfThisProcess;
        engine = new RecordEngine.Postgres(await cluster.CreateDatabaseAsync()) { Folder = folder };
        app = await Serving.BuildAsync(new(engine, "http://127.0.0.1:0"), CancellationToken.None);
        await app.StartAsync();
        http = new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new(app.Urls.First()) };
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Every_route_that_is_not_open_on_purpose_refuses_a_stranger()
    {
        var (asked, wrong) = (0, new List<string>());
        foreach (var endpoint in app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            var pattern = "/" + endpoint.RoutePattern.RawText!.TrimStart('/');
            var isOpen = endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;
            if (isOpen != Open.Contains(pattern)) wrong.Add($"{pattern}: {(isOpen ? "open, but not on the list" : "on the list, but not open")}");
            if (isOpen) continue;
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
            {
                using var request = new HttpRequestMessage(new(method), System.Text.RegularExpressions.Regex.Replace(pattern, "{[^}]*}", "x"));
                using var response = await http.SendAsync(request, Cancel);
                asked++;
                var refused = response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
                    || (response.StatusCode is HttpStatusCode.Redirect && response.Headers.Location!.ToString().Contains("/sign-in", StringComparison.Ordinal));
                if (!refused) wrong.Add($"{method} {pattern}: {(int)response.StatusCode}");
            }
        }

        output.WriteLine($"{asked} closed routes refused a stranger");
        Assert.True(asked > 0);
        Assert.True(wrong.Count is 0, string.Join('\n', wrong));
    }

    [Theory]
    [InlineData("GET", "/fhir/Patient")]
    [InlineData("GET", "/fhir/Patient/a")]
    [InlineData("GET", "/fhir/Patient/a/_history")]
    [InlineData("GET", "/fhir/Patient/$everything")]
    [InlineData("GET", "/fhir/_history")]
    [InlineData("GET", "/fhir?_type=Patient")]
    [InlineData("POST", "/fhir")]
    [InlineData("POST", "/fhir/Patient")]
    [InlineData("POST", "/fhir/Patient/_search")]
    [InlineData("PUT", "/fhir/Patient/a")]
    [InlineData("PATCH", "/fhir/Patient/a")]
    [InlineData("DELETE", "/fhir/Patient/a")]
    public async Task The_API_answers_a_stranger_with_401_and_says_so_in_FHIR(string method, string path)
    {
        using var request = new HttpRequestMessage(new(method), path);
        using var response = await http.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains("OperationOutcome", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_server_can_do_is_told_to_everybody()
    {
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/fhir/metadata", null));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/fhir/.well-known/smart-configuration", null));
    }

    [Fact]
    public async Task Only_a_token_that_we_signed_for_this_API_and_that_lives_is_taken()
    {
        var ours = new Tokens(engine, TimeProvider.System);
        var good = ours.ForOperator(["system/Patient.rs"], TimeSpan.FromMinutes(5));
        var parts = good.Split('.');
        var stranger = new ECDsaSecurityKey(System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256));

        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/fhir/Patient", good));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync("/fhir/Observation", good));
        string[] bad =
        [
            ours.ForOperator(["system/*.cruds"], TimeSpan.FromMinutes(-5)),
            Encode("{\"alg\":\"none\",\"typ\":\"at+jwt\"}") + "." + parts[1] + ".",
            Encode("{\"alg\":\"none\",\"typ\":\"at+jwt\"}") + "." + parts[1] + "." + parts[2],
            parts[0] + "." + Encode(Decode(parts[1]).Replace("system/Patient.rs", "system/*.cruds", StringComparison.Ordinal)) + "." + parts[2],
            Foreign(stranger, Tokens.Audience, "at+jwt"),
            Foreign(Keys.Signing(engine), "another", "at+jwt"),
            Foreign(Keys.Signing(engine), Tokens.Audience, "JWT"),
            "nonsense", "a.b.c", new string('x', 20_000),
        ];
        foreach (var token in bad) Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("/fhir/Patient", token));
    }

    private async Task<HttpStatusCode> StatusAsync(string path, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        using var response = await http.SendAsync(request, Cancel);
        return response.StatusCode;
    }

    private static string Foreign(ECDsaSecurityKey key, string audience, string type) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = Tokens.Issuer, Audience = audience, TokenType = type, Expires = DateTime.UtcNow.AddMinutes(5),
        SigningCredentials = new(key, SecurityAlgorithms.EcdsaSha256),
        Subject = new([new Claim("sub", "Device/operator"), new Claim("role", "System"), new Claim("scope", "system/*.cruds")]),
    });

    private static string Encode(string text) => Base64UrlEncoder.Encode(Encoding.UTF8.GetBytes(text));

    private static string Decode(string part) => Encoding.UTF8.GetString(Base64UrlEncoder.DecodeBytes(part));
}
