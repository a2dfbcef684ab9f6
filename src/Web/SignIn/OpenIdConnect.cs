using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using Tongxin.Kernel.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tongxin.Web.SignIn;

/// <summary>OpenID Connect and SMART on FHIR for other systems: authorization code with PKCE (S256 only), client credentials, refresh, introspection, revocation.</summary>
internal static class OpenIdConnect
{
    private const string TokenId = "oi_tkn_id";
    private static readonly TimeSpan AccessLife = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan CodeLife = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan RefreshLife = TimeSpan.FromDays(14);

    public static void Add(IServiceCollection services, RecordEngine engine) => services.AddOpenIddict()
        .AddCore(o => o.UseEntityFrameworkCore().UseDbContext<AccountsDb>())
        .AddServer(o =>
        {
            o.SetAuthorizationEndpointUris("connect/authorize").SetTokenEndpointUris("connect/token")
                .SetIntrospectionEndpointUris("connect/introspect").SetRevocationEndpointUris("connect/revoke");
            o.AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange().AllowClientCredentialsFlow().AllowRefreshTokenFlow();
            o.SetAccessTokenLifetime(AccessLife).SetAuthorizationCodeLifetime(CodeLife).SetRefreshTokenLifetime(RefreshLife);
            o.AddSigningKey(Keys.Signing(engine)).AddEncryptionKey(Keys.Encryption(engine)).DisableAccessTokenEncryption();
            // SMART scopes are a grammar, not a list; what is granted is decided by GrantedScopes and again at the door.
            o.DisableScopeValidation().IgnoreScopePermissions();
            // The library offers plain by default; a plain challenge protects nothing (RFC 7636 §7.2).
            o.Configure(options => options.CodeChallengeMethods.Remove(CodeChallengeMethods.Plain));
            Assertions.Take(o);
            o.UseAspNetCore().EnableAuthorizationEndpointPassthrough().EnableTokenEndpointPassthrough().DisableTransportSecurityRequirement();
        });

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/connect/authorize", ["GET", "POST"], AuthorizeEndpoint.HandleAsync).AllowAnonymous();
        routes.MapPost("/connect/token", TokenEndpoint.HandleAsync).AllowAnonymous().DisableAntiforgery();
        routes.MapGet("/launch/{client}", LaunchContext.OpenAsync).ForCarers();
    }

    /// <summary>False for a token that was revoked. The operator's own tokens are in no table: they live until they expire.</summary>
    public static async Task<bool> StandsAsync(HttpContext http, ClaimsIdentity identity)
    {
        if (identity.FindFirst(TokenId)?.Value is not { } id) return identity.FindFirst(ClaimNames.Role)?.Value is nameof(Role.System);
        var tokens = http.RequestServices.GetRequiredService<IOpenIddictTokenManager>();
        return await tokens.FindByIdAsync(id) is { } token && await tokens.HasStatusAsync(token, Statuses.Valid);
    }
}
