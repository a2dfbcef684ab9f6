using System.Security.Claims;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using Tongxin.Kernel.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tongxin.Web.SignIn;

/// <summary>OpenID Connect and SMART on FHIR for other systems: authorization code with PKCE (S256 only), client credentials, refresh, introspection, revocation.</summary>
internal static class OpenIdConnect
{
    /// <summary>Property of a client: the organisation whose people it may reach.</summary>
    public const string OrganisationProperty = "organisation";

    private const string TokenId = "oi_tkn_id";
    private static readonly TimeSpan AccessLife = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan CodeLife = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan RefreshLife = TimeSpan.FromDays(14);

    public static void Add(IServiceCollection services, RecordEngine engine) => services.AddOpenIddict()
        .AddCore(o => o.UseEntityFrameworkCore().UseDbContext<AccountsDb>())
        .AddServer(o =>
        {
            o.SetIssuer(new Uri(Tokens.Issuer));
            o.SetAuthorizationEndpointUris("connect/authorize").SetTokenEndpointUris("connect/token")
                .SetIntrospectionEndpointUris("connect/introspect").SetRevocationEndpointUris("connect/revoke");
            o.AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange().AllowClientCredentialsFlow().AllowRefreshTokenFlow();
            o.SetAccessTokenLifetime(AccessLife).SetAuthorizationCodeLifetime(CodeLife).SetRefreshTokenLifetime(RefreshLife);
            o.AddSigningKey(Keys.Signing(engine)).AddEncryptionKey(Keys.Encryption(engine)).DisableAccessTokenEncryption();
            // SMART scopes are a grammar, not a list; what is granted is decided below and again at the door.
            o.DisableScopeValidation();
            // The library offers plain by default; a plain challenge protects nothing (RFC 7636 §7.2).
            o.Configure(options => options.CodeChallengeMethods.Remove(CodeChallengeMethods.Plain));
            o.UseAspNetCore().EnableAuthorizationEndpointPassthrough().EnableTokenEndpointPassthrough().DisableTransportSecurityRequirement();
        });

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/connect/authorize", ["GET", "POST"], AuthorizeAsync).AllowAnonymous();
        routes.MapPost("/connect/token", TokenAsync).AllowAnonymous().DisableAntiforgery();
    }

    /// <summary><c>.well-known/smart-configuration</c> (SMART App Launch 2.2 §7), under the API as it must be.</summary>
    public static Task DiscoveryAsync(HttpContext http, RequestDelegate next)
    {
        if (http.Request.Path != "/fhir/.well-known/smart-configuration") return next(http);
        var root = $"{http.Request.Scheme}://{http.Request.Host}";
        return http.Response.WriteAsJsonAsync(new Dictionary<string, object>
        {
            ["issuer"] = Tokens.Issuer,
            ["jwks_uri"] = $"{root}/.well-known/jwks",
            ["authorization_endpoint"] = $"{root}/connect/authorize",
            ["token_endpoint"] = $"{root}/connect/token",
            ["introspection_endpoint"] = $"{root}/connect/introspect",
            ["revocation_endpoint"] = $"{root}/connect/revoke",
            ["grant_types_supported"] = new[] { "authorization_code", "client_credentials", "refresh_token" },
            ["code_challenge_methods_supported"] = new[] { "S256" },
            ["response_types_supported"] = new[] { "code" },
            ["token_endpoint_auth_methods_supported"] = new[] { "client_secret_basic", "client_secret_post" },
            ["scopes_supported"] = new[] { "openid", "fhirUser", "launch/patient", "offline_access", "patient/*.cruds", "user/*.cruds", "system/*.cruds" },
            ["capabilities"] = new[]
            {
                "launch-standalone", "client-public", "client-confidential-symmetric", "context-standalone-patient", "permission-patient", "permission-user",
                "permission-offline", "permission-v1", "permission-v2",
            },
        });
    }

    /// <summary>False for a token that was revoked. The operator's own tokens are in no table: they live until they expire.</summary>
    public static async Task<bool> StandsAsync(HttpContext http, ClaimsIdentity identity)
    {
        if (identity.FindFirst(TokenId)?.Value is not { } id) return identity.FindFirst(ClaimNames.Role)?.Value is nameof(Role.System);
        var tokens = http.RequestServices.GetRequiredService<IOpenIddictTokenManager>();
        return await tokens.FindByIdAsync(id) is { } token && await tokens.HasStatusAsync(token, Statuses.Valid);
    }

    private static async Task<IResult> AuthorizeAsync(HttpContext http, IOpenIddictApplicationManager applications, IAntiforgery antiforgery)
    {
        var request = http.GetOpenIddictServerRequest() ?? throw Tongxin.Fhir.RefusedException.Because(400, "structure", "This is no authorization request.");
        var session = await http.AuthenticateAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        if (!session.Succeeded) return Results.Challenge(new() { RedirectUri = "/connect/authorize" + Query(request) }, [CookieAuthenticationDefaults.AuthenticationScheme]);
        var answered = HttpMethods.IsPost(http.Request.Method) && http.Request.HasFormContentType && http.Request.Form.ContainsKey("answer");
        if (!answered)
        {
            var application = await applications.FindByClientIdAsync(request.ClientId!);
            var fields = request.GetParameters().Select(p => KeyValuePair.Create(p.Key, (string?)p.Value ?? "")).ToList();
            return new RazorComponentResult<ConsentPage>(new { Application = await applications.GetDisplayNameAsync(application!) ?? request.ClientId,
                Scopes = request.GetScopes().ToList(), Fields = fields });
        }

        if (!await antiforgery.IsRequestValidAsync(http)) return Results.BadRequest();
        if (http.Request.Form["answer"] != "yes") return Results.Forbid(authenticationSchemes: [OpenIddictServerAspNetCoreDefaults.AuthenticationScheme]);
        var identity = new ClaimsIdentity(TokenValidationParameters.DefaultAuthenticationType, ClaimNames.Name, ClaimNames.Role);
        foreach (var name in new[] { ClaimNames.Subject, ClaimNames.Name, ClaimNames.Role, ClaimNames.Organisation, ClaimNames.Wards, ClaimNames.Session })
            if (session.Principal.FindFirst(name)?.Value is { } value) identity.SetClaim(name, value);
        // The context of a resident's application is the resident herself.
        if (session.Principal.FindFirst(ClaimNames.Subject)?.Value is { } subject && subject.StartsWith("Patient/", StringComparison.Ordinal))
            identity.SetClaim(ClaimNames.Patient, subject["Patient/".Length..]);
        identity.SetScopes(request.GetScopes().Where(s => !s.StartsWith("system/", StringComparison.Ordinal)));
        return Grant(identity);
    }

    private static async Task<IResult> TokenAsync(HttpContext http, IOpenIddictApplicationManager applications)
    {
        var request = http.GetOpenIddictServerRequest() ?? throw Tongxin.Fhir.RefusedException.Because(400, "structure", "This is no token request.");
        if (!request.IsClientCredentialsGrantType())
        {
            var kept = await http.AuthenticateAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
            // What was granted once is not widened by a refresh: the scopes come from the grant, not from the request.
            return kept.Principal?.Identity is ClaimsIdentity before
                ? Grant(new ClaimsIdentity(before)) : Results.Forbid(authenticationSchemes: [OpenIddictServerAspNetCoreDefaults.AuthenticationScheme]);
        }

        var application = (await applications.FindByClientIdAsync(request.ClientId!))!;
        var allowed = (await applications.GetPermissionsAsync(application)).Where(p => p.StartsWith(Permissions.Prefixes.Scope, StringComparison.Ordinal))
            .Select(p => p[Permissions.Prefixes.Scope.Length..]).ToList();
        var granted = request.GetScopes().Where(allowed.Contains).ToList();
        if (granted.Count is 0) return Results.Forbid(authenticationSchemes: [OpenIddictServerAspNetCoreDefaults.AuthenticationScheme]);
        var identity = new ClaimsIdentity(TokenValidationParameters.DefaultAuthenticationType, ClaimNames.Name, ClaimNames.Role);
        identity.SetClaim(ClaimNames.Subject, $"Device/{NewAccount.IdFrom(request.ClientId!)}");
        identity.SetClaim(ClaimNames.Name, await applications.GetDisplayNameAsync(application) ?? request.ClientId);
        identity.SetClaim(ClaimNames.Role, nameof(Role.Integration));
        if ((await applications.GetPropertiesAsync(application)).TryGetValue(OrganisationProperty, out var organisation))
            identity.SetClaim(ClaimNames.Organisation, organisation.GetString());
        identity.SetScopes(granted);
        return Grant(identity);
    }

    private static SignInHttpResult Grant(ClaimsIdentity identity)
    {
        identity.SetAudiences(Tokens.Audience);
        identity.SetDestinations(_ => [Destinations.AccessToken]);
        return TypedResults.SignIn(new(identity), authenticationScheme: OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
    }

    private static string Query(OpenIddictRequest request) =>
        QueryString.Create(request.GetParameters().Select(p => KeyValuePair.Create<string, string?>(p.Key, (string?)p.Value))).Value ?? "";
}
