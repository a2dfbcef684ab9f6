using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using Tongxin.Kernel.Access;
using Tongxin.Web.SignIn;
using static Tongxin.Modules.Tests.SignIn.Places;

namespace Tongxin.Modules.Tests.SignIn;

/// <summary>The flows of OpenID Connect and SMART on FHIR as an application drives them, over HTTP.</summary>
public sealed class OpenIdTests : IAsyncLifetime
{
    private const string Redirect = "http://127.0.0.1:9/callback";
    private static readonly string Verifier = Base64UrlEncoder.Encode(Encoding.ASCII.GetBytes(new string('v', 40)));
    private readonly ECDsa serviceKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    private TestServer server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await TestServer.StartAsync();
        await server.PutAsync(Tree);
        await server.PutAsync(Patient("m1", "village-a1"), Patient("m2", "village-a1", "王"), Patient("f1", "village-c1"), Observation("mo1", "m1", 120),
            Observation("mo2", "m2", 130),
            Observation("lab", "m1", 140, $",\"category\":[{Concept("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory")}]"), Condition("mc1", "m1", "I10"));
        await server.AddAsync("doctor", new(Role.VillageDoctor, "village-a1"), "Practitioner/d");
        await server.AddAsync("resident", new(Role.Resident, null), "Patient/m1");
        await RegisterAsync(new()
        {
            Id = "app", Name = "App", Redirects = [Redirect], LaunchAddress = "http://127.0.0.1:9/launch",
            Scopes = ["openid", "fhirUser", "launch", "launch/patient", "offline_access", "patient/*.rs", "user/Patient.rs"],
        });
        await RegisterAsync(new() { Id = "service", Name = "Service", Organisation = "town-a", KeySet = Keys(), Scopes = ["system/Observation.rs", "system/Patient.rs"] });
        await RegisterAsync(new() { Id = "secretive", Name = "Secretive", Organisation = "town-a",
            Secret = new string('s', 32), Scopes = ["system/Observation.rs?category=laboratory"] });
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        serviceKey.Dispose();
    }

    [Fact]
    public async Task A_residents_application_gets_a_code_a_token_and_the_residents_record_only()
    {
        using var browser = await server.SignedInAsync("resident");
        var token = await TokenAsync(await CodeAsync(browser, "openid fhirUser patient/*.rs offline_access"));

        Assert.Equal("m1", (string?)token["patient"]);
        Assert.Equal("patient/*.rs", string.Join(' ', ((string)token["scope"]!).Split(' ').Where(s => s.Contains('/', StringComparison.Ordinal))));
        var identity = new JsonWebToken((string)token["id_token"]!);
        Assert.EndsWith("/fhir/Patient/m1", identity.GetClaim("fhirUser").Value, StringComparison.Ordinal);
        Assert.DoesNotContain("stamp", Encoding.UTF8.GetString(Base64UrlEncoder.DecodeBytes(((string)token["access_token"]!).Split('.')[1])), StringComparison.Ordinal);
        Assert.Equal(["lab", "mo1"], await IdsAsync(token, "Observation"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(token, "Patient/m2"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(token, "Observation", HttpMethod.Post));
    }

    [Fact]
    public async Task A_scope_with_a_search_reaches_what_the_search_finds()
    {
        using var browser = await server.SignedInAsync("resident");
        var token = await TokenAsync(await CodeAsync(browser, "patient/Observation.rs?category=laboratory"));

        Assert.Equal(["lab"], await IdsAsync(token, "Observation"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(token, "Observation/mo1"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(token, "Observation/lab"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(token, "Condition"));
    }

    [Fact]
    public async Task A_doctor_chooses_the_person_an_application_works_on_among_those_she_reaches()
    {
        using var browser = await server.SignedInAsync("doctor");
        var page = await PageAsync(browser, "launch/patient patient/*.rs");
        Assert.Contains("p-m1", page.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("p-f1", page.Body, StringComparison.Ordinal);

        using var foreign = await AnswerAsync(browser, page, ("person", "f1"));
        Assert.Equal(HttpStatusCode.OK, foreign.StatusCode);
        using var mine = await AnswerAsync(browser, page, ("person", "m2"));
        var token = await TokenAsync(CodeIn(mine));
        Assert.Equal("m2", (string?)token["patient"]);
        Assert.Equal(["mo2"], await IdsAsync(token, "Observation"));
    }

    [Fact]
    public async Task An_application_is_launched_on_the_person_whose_record_is_open()
    {
        using var browser = await server.SignedInAsync("doctor");
        using var launched = await browser.Http.GetAsync("/launch/app?person=m1", Cancel);
        var handle = System.Web.HttpUtility.ParseQueryString(launched.Headers.Location!.Query)["launch"]!;
        Assert.Equal(HttpStatusCode.NotFound, (await browser.Http.GetAsync("/launch/app?person=f1", Cancel)).StatusCode);

        var token = await TokenAsync(await CodeAsync(browser, "launch patient/*.rs", ("launch", handle)));
        Assert.Equal("m1", (string?)token["patient"]);

        using var other = await server.SignedInAsync("resident");
        Assert.Contains("error=invalid_request", await ErrorAsync(other, "launch patient/*.rs", ("launch", handle)), StringComparison.Ordinal);
        Assert.Contains("error=invalid_request", await ErrorAsync(browser, "launch patient/*.rs", ("launch", handle[..^2] + "xx")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_proof_key_or_with_a_plain_one_nothing_is_granted()
    {
        using var browser = await server.SignedInAsync("resident");

        Assert.Contains("invalid_request", await ErrorAsync(browser, "patient/*.rs", ("code_challenge_method", "plain"), ("code_challenge", Verifier)), StringComparison.Ordinal);
        Assert.Contains("invalid_request", await ErrorAsync(browser, "patient/*.rs", ("code_challenge_method", ""), ("code_challenge", "")), StringComparison.Ordinal);
        Assert.Contains("invalid_request", await ErrorAsync(browser, "patient/*.rs", ("code_challenge_method", ""), ("code_challenge", Verifier)), StringComparison.Ordinal);
        Assert.Equal("invalid_grant", (string?)(await ExchangeAsync(await CodeAsync(browser, "patient/*.rs"), new string('w', 50)))["error"]);
        Assert.Contains("invalid_request", await ErrorAsync(browser, "patient/*.rs", ("aud", "https://elsewhere.example/fhir")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_code_works_once_and_using_it_twice_ends_what_it_gave()
    {
        using var browser = await server.SignedInAsync("resident");
        var code = await CodeAsync(browser, "patient/*.rs");
        var token = await TokenAsync(code);

        Assert.Equal("invalid_grant", (string?)(await ExchangeAsync(code, Verifier))["error"]);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(token, "Patient"));
    }

    [Fact]
    public async Task A_refresh_gives_no_more_than_was_granted_and_ends_with_the_account()
    {
        using var browser = await server.SignedInAsync("resident");
        var token = await TokenAsync(await CodeAsync(browser, "patient/Observation.rs offline_access"));
        var refresh = (string)token["refresh_token"]!;

        Assert.NotNull((await RefreshAsync(refresh, "patient/*.rs offline_access"))["error"]);
        var renewed = await RefreshAsync(refresh);
        Assert.Equal(["lab", "mo1"], await IdsAsync(renewed, "Observation"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(renewed, "Condition"));

        using var signedOut = await browser.PostFormAsync("/sign-out/everywhere");
        Assert.Equal("invalid_grant", (string?)(await RefreshAsync((string)renewed["refresh_token"]!))["error"]);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(renewed, "Observation"));
    }

    [Fact]
    public async Task Scopes_beyond_the_registration_are_not_granted()
    {
        using var browser = await server.SignedInAsync("doctor");

        Assert.Contains("invalid_scope", await ErrorAsync(browser, "system/*.cruds"), StringComparison.Ordinal);
        Assert.Contains("invalid_scope", await ErrorAsync(browser, "user/Observation.rs"), StringComparison.Ordinal);
        Assert.Contains("invalid_scope", await ErrorAsync(browser, "user/Patient.cruds"), StringComparison.Ordinal);
        var token = await TokenAsync(await CodeAsync(browser, "user/Patient.r user/Patient.cruds system/*.cruds"));
        Assert.Equal("user/Patient.r", (string?)token["scope"]);
    }

    [Fact]
    public async Task A_backend_service_proves_itself_with_a_signed_assertion_once()
    {
        var assertion = Assertion(serviceKey, "service");
        var token = await ServiceTokenAsync(assertion, "system/Observation.rs system/Patient.cruds");

        Assert.True((string?)token["scope"] is "system/Observation.rs", token.ToJsonString());
        Assert.Equal(["lab", "mo1", "mo2"], await IdsAsync(token, "Observation"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(token, "Condition"));
        Assert.Equal("invalid_client", (string?)(await ServiceTokenAsync(assertion, "system/Observation.rs"))["error"]);
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        foreach (var bad in new[]
        {
            Assertion(stranger, "service"), Assertion(serviceKey, "service", audience: "https://elsewhere.example/token"), Assertion(serviceKey, "service", minutes: -5),
            Assertion(serviceKey, "service", minutes: 90), Assertion(serviceKey, "secretive"), Unsigned(Assertion(serviceKey, "service")), "nonsense",
        })
            Assert.NotNull((await ServiceTokenAsync(bad, "system/Observation.rs"))["error"]);
    }

    [Fact]
    public async Task A_service_with_a_secret_gets_its_narrowed_scope_and_a_wrong_secret_gets_nothing()
    {
        Task<JsonNode> ask(string secret, string scope) =>
            PostAsync("/connect/token", ("grant_type", "client_credentials"), ("client_id", "secretive"), ("client_secret", secret), ("scope", scope));
        var token = await ask(new string('s', 32), "system/Observation.rs?category=laboratory");

        Assert.Equal(["lab"], await IdsAsync(token, "Observation"));
        Assert.Equal("invalid_client", (string?)(await ask(new string('t', 32), "system/Observation.rs?category=laboratory"))["error"]);
        Assert.Equal("invalid_scope", (string?)(await ask(new string('s', 32), "system/Observation.rs"))["error"]);
    }

    [Fact]
    public async Task A_token_can_be_introspected_by_its_service_and_revoked()
    {
        (string, string)[] me = [("client_id", "secretive"), ("client_secret", new string('s', 32))];
        var token = await PostAsync("/connect/token", [("grant_type", "client_credentials"), ("scope", "system/Observation.rs?category=laboratory"), .. me]);
        var text = (string)token["access_token"]!;

        Assert.True((bool)(await PostAsync("/connect/introspect", [("token", text), .. me]))["active"]!);
        Assert.NotNull((await PostAsync("/connect/introspect", ("token", text)))["error"]);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(token, "Observation"));
        await PostAsync("/connect/revoke", [("token", text), .. me]);
        Assert.False((bool)(await PostAsync("/connect/introspect", [("token", text), .. me]))["active"]!);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(token, "Observation"));
    }

    [Fact]
    public async Task What_the_server_offers_is_found_where_SMART_says()
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        var told = JsonNode.Parse(await http.GetStringAsync("/fhir/.well-known/smart-configuration", Cancel))!;
        var openId = JsonNode.Parse(await http.GetStringAsync("/.well-known/openid-configuration", Cancel))!;

        foreach (var name in new[] { "issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "introspection_endpoint", "revocation_endpoint" })
            Assert.Equal((string?)openId[name], (string?)told[name]);
        Assert.Equal("S256", (string?)told["code_challenge_methods_supported"]!.AsArray().Single());
        Assert.Equal("S256", (string?)openId["code_challenge_methods_supported"]!.AsArray().Single());
        Assert.NotNull(JsonNode.Parse(await http.GetStringAsync((string)told["jwks_uri"]!, Cancel))!["keys"]);
    }

    [Fact]
    public async Task A_registration_that_says_too_much_is_refused()
    {
        await using var scope = server.Services.CreateAsyncScope();
        var clients = scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
        NewClient good = new() { Id = "x", Name = "x", Redirects = [Redirect], Scopes = ["openid"] };

        foreach (var bad in new[]
        {
            good with { Redirects = ["http://elsewhere.example/"] }, good with { Scopes = ["system/*.rs"] }, good with { Scopes = ["everything"] }, good with { Id = "app" },
            good with { Redirects = [] }, good with { Secret = "short" }, good with { KeySet = "{}" }, good with { Id = "a b" },
        })
            Assert.NotEmpty(await bad.MakeAsync(clients, Cancel));
    }

    private async Task RegisterAsync(NewClient client)
    {
        await using var scope = server.Services.CreateAsyncScope();
        Assert.Empty(await client.MakeAsync(scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>(), Cancel));
    }

    private sealed record Asked(string Body, string Token, (string Name, string Value)[] Fields);

    private (string Name, string Value)[] Request(string scope, (string Name, string Value)[] other)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["response_type"] = "code", ["client_id"] = "app", ["redirect_uri"] = Redirect, ["scope"] = scope, ["state"] = "s1", ["aud"] = server.Address + "fhir",
            ["code_challenge"] = Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier))), ["code_challenge_method"] = "S256",
        };
        foreach (var (name, value) in other) fields[name] = value;
        return [.. fields.Where(f => f.Value.Length > 0).Select(f => (f.Key, f.Value))];
    }

    private static string Query((string Name, string Value)[] fields) =>
        "/connect/authorize?" + string.Join('&', fields.Select(f => $"{f.Name}={Uri.EscapeDataString(f.Value)}"));

    private async Task<Asked> PageAsync(Browser browser, string scope, params (string Name, string Value)[] other)
    {
        var fields = Request(scope, other);
        using var page = await browser.Http.GetAsync(Query(fields), Cancel);
        var body = await page.Content.ReadAsStringAsync(Cancel);
        Assert.True(page.StatusCode is HttpStatusCode.OK, $"{page.StatusCode} {page.Headers.Location} {body}");
        return new(body, Browser.TokenIn(body)!, fields);
    }

    private static Task<HttpResponseMessage> AnswerAsync(Browser browser, Asked asked, params (string Name, string Value)[] more) =>
        browser.PostFormAsync("/connect/authorize", asked.Token, [.. asked.Fields, ("answer", "yes"), .. more]);

    private async Task<string> CodeAsync(Browser browser, string scope, params (string Name, string Value)[] other)
    {
        using var answer = await AnswerAsync(browser, await PageAsync(browser, scope, other));
        return CodeIn(answer);
    }

    private static string CodeIn(HttpResponseMessage answer)
    {
        Assert.True(answer.StatusCode is HttpStatusCode.Redirect, $"{answer.StatusCode}");
        var query = System.Web.HttpUtility.ParseQueryString(answer.Headers.Location!.Query);
        Assert.Equal("s1", query["state"]);
        return query["code"] ?? throw new InvalidOperationException(answer.Headers.Location.Query);
    }

    // Told to the application where its address is known good, on a page otherwise.
    private async Task<string> ErrorAsync(Browser browser, string scope, params (string Name, string Value)[] other)
    {
        using var answer = await browser.Http.GetAsync(Query(Request(scope, other)), Cancel);
        return $"{answer.Headers.Location} {await answer.Content.ReadAsStringAsync(Cancel)}";
    }

    private async Task<JsonNode> TokenAsync(string code)
    {
        var token = await ExchangeAsync(code, Verifier);
        Assert.True(token["error"] is null, token.ToJsonString());
        return token;
    }

    private Task<JsonNode> ExchangeAsync(string code, string verifier) => PostAsync(
        "/connect/token", ("grant_type", "authorization_code"), ("client_id", "app"), ("code", code), ("redirect_uri", Redirect), ("code_verifier", verifier));

    private Task<JsonNode> RefreshAsync(string refresh, string? scope = null) => PostAsync("/connect/token",
        [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", refresh), .. scope is null ? [] : new[] { ("scope", scope) }]);

    private Task<JsonNode> ServiceTokenAsync(string assertion, string scope) => PostAsync("/connect/token", ("grant_type", "client_credentials"), ("scope", scope),
        ("client_id", "service"), ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("client_assertion", assertion));

    private async Task<JsonNode> PostAsync(string path, params (string Name, string Value)[] fields)
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        using var answer = await http.PostAsync(path, new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value))), Cancel);
        var body = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode < HttpStatusCode.InternalServerError, body);
        return body.Length is 0 ? new JsonObject() : JsonNode.Parse(body)!;
    }

    private async Task<HttpStatusCode> StatusAsync(JsonNode token, string path, HttpMethod? method = null) => (await SendAsync(token, path, method)).Status;

    private async Task<string[]> IdsAsync(JsonNode token, string type)
    {
        var (status, body) = await SendAsync(token, type + "?_sort=_id", null);
        Assert.True(status is HttpStatusCode.OK, $"{status} {body}");
        return [.. (JsonNode.Parse(body)!["entry"] as JsonArray ?? []).Select(e => (string)e!["resource"]!["id"]!)];
    }

    private async Task<(HttpStatusCode Status, string Body)> SendAsync(JsonNode token, string path, HttpMethod? method)
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, "/fhir/" + path);
        request.Headers.Authorization = new("Bearer", (string?)token["access_token"]);
        if (method == HttpMethod.Post) request.Content = new StringContent(Observation("x", "m1", 120), Encoding.UTF8, "application/fhir+json");
        using var answer = await http.SendAsync(request, Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    private string Assertion(ECDsa key, string client, string? audience = null, int minutes = 4)
    {
        var now = DateTime.UtcNow;
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = client, Audience = audience ?? server.Address + "connect/token", IssuedAt = now.AddMinutes(Math.Min(0, minutes - 1)), Expires = now.AddMinutes(minutes),
            SigningCredentials = new(new ECDsaSecurityKey(key) { KeyId = "k1" }, SecurityAlgorithms.EcdsaSha384),
            Subject = new([new Claim("sub", client), new Claim("jti", Guid.NewGuid().ToString())]),
        });
    }

    private static string Unsigned(string token) => Base64UrlEncoder.Encode("{\"alg\":\"none\",\"typ\":\"JWT\"}") + "." + token.Split('.')[1] + ".";

    private string Keys()
    {
        var key = JsonWebKeyConverter.ConvertFromECDsaSecurityKey(
            new ECDsaSecurityKey(ECDsa.Create(serviceKey.ExportParameters(includePrivateParameters: false))) { KeyId = "k1" });
        return $$"""{"keys":[{"kty":"EC","kid":"k1","use":"sig","alg":"ES384","crv":"{{key.Crv}}","x":"{{key.X}}","y":"{{key.Y}}"}]}""";
    }
}
