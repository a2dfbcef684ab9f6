using System.Security.Claims;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using Tongxin.Kernel.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tongxin.Web.SignIn;

/// <summary>Exchanges a code, a refresh token or a client's own proof for a token. What was granted once is never widened here.</summary>
internal static class TokenEndpoint
{
    private const string Scheme = OpenIddictServerAspNetCoreDefaults.AuthenticationScheme;

    public static async Task<IResult> HandleAsync(HttpContext http, IOpenIddictApplicationManager clients, UserManager<Account> accounts)
    {
        var request = http.GetOpenIddictServerRequest() ?? throw Tongxin.Fhir.RefusedException.Because(400, "structure", "This is no token request.");
        return request.IsClientCredentialsGrantType() ? await OfServiceAsync(request, clients, http.RequestAborted) : await OfPersonAsync(http, accounts);
    }

    private static async Task<IResult> OfPersonAsync(HttpContext http, UserManager<Account> accounts)
    {
        var kept = await http.AuthenticateAsync(Scheme);
        if (kept.Principal?.Identity is not ClaimsIdentity before) return Refuse(Errors.InvalidGrant, "The grant does not hold.");
        // Disabled, or signed out everywhere: the stamp is another, and nothing is given any more.
        var account = before.FindFirst(ClaimNames.Account)?.Value is { } id ? await accounts.FindByIdAsync(id) : null;
        if (account is null or { IsDisabled: true } || account.SecurityStamp != before.FindFirst(ClaimNames.Stamp)?.Value)
            return Refuse(Errors.InvalidGrant, "The account does not stand behind this grant any more.");
        return Grant(new ClaimsIdentity(before));
    }

    private static async Task<IResult> OfServiceAsync(OpenIddictRequest request, IOpenIddictApplicationManager clients, CancellationToken cancel)
    {
        var client = (await clients.FindByClientIdAsync(request.ClientId!, cancel))!;
        var granted = GrantedScopes.Of(request.GetScopes(), await NewClient.ScopesOfAsync(clients, client, cancel));
        if (granted.Count is 0) return Refuse(Errors.InvalidScope, "None of these scopes is within what the client was registered with.");
        var identity = new ClaimsIdentity(TokenValidationParameters.DefaultAuthenticationType, ClaimNames.Name, ClaimNames.Role);
        identity.SetClaim(ClaimNames.Subject, $"Device/{NewAccount.IdFrom(request.ClientId!)}");
        identity.SetClaim(ClaimNames.Name, await clients.GetDisplayNameAsync(client, cancel) ?? request.ClientId);
        identity.SetClaim(ClaimNames.Role, nameof(Role.Integration));
        identity.SetClaim(ClaimNames.Organisation, await NewClient.PropertyOfAsync(clients, client, NewClient.OrganisationProperty, cancel));
        identity.SetScopes(granted);
        return Grant(identity);
    }

    /// <summary>Lets the library answer with a code or a token; the person the application works on is told beside it (SMART App Launch 2.2 §2.0.10.3).</summary>
    public static SignInHttpResult Grant(ClaimsIdentity identity)
    {
        identity.SetAudiences(Tokens.Audience);
        // The stamp and the account stay with us, in the code and the refresh token.
        identity.SetDestinations(claim => claim.Type switch
        {
            ClaimNames.Stamp or ClaimNames.Account => [],
            GrantedScopes.FhirUser => identity.HasScope(GrantedScopes.FhirUser) ? [Destinations.IdentityToken, Destinations.AccessToken] : [],
            ClaimNames.Name => [Destinations.IdentityToken, Destinations.AccessToken],
            _ => [Destinations.AccessToken],
        });
        var properties = new AuthenticationProperties();
        if (identity.FindFirst(ClaimNames.Patient)?.Value is { } patient) properties.SetParameter(ClaimNames.Patient, patient);
        return TypedResults.SignIn(new(identity), properties, Scheme);
    }

    public static ForbidHttpResult Refuse(string error, string why) => TypedResults.Forbid(
        new(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            [OpenIddictServerAspNetCoreConstants.Properties.Error] = error, [OpenIddictServerAspNetCoreConstants.Properties.ErrorDescription] = why,
        }), [Scheme]);
}
