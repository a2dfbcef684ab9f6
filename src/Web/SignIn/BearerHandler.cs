using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Tongxin.Web.SignIn;

/// <summary>Programs: <c>Authorization: Bearer …</c> (RFC 6750). A bad token is nobody, never the session beside it.</summary>
internal sealed class BearerHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, Tokens tokens)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public new const string Scheme = "bearer";
    private const string Prefix = "Bearer ";
    private const int LongestToken = 8_192;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) || header.Length > LongestToken) return AuthenticateResult.NoResult();
        if (await tokens.CheckAsync(header[Prefix.Length..].Trim()) is not { } identity) return AuthenticateResult.Fail("The token is not valid.");
        if (!await OpenIdConnect.StandsAsync(Context, identity)) return AuthenticateResult.Fail("The token was revoked.");
        return AuthenticateResult.Success(new(new ClaimsPrincipal(identity), BearerHandler.Scheme));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = 401;
        Response.Headers.WWWAuthenticate = "Bearer";
        return Task.CompletedTask;
    }
}
