using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Tongxin.Web.SignIn;

/// <summary>Client assertions as SMART has them (App Launch 2.2 §5.1.4): typed <c>JWT</c>, for the token endpoint. The library takes the later draft's only.</summary>
/// <remarks>
/// rfc7523bis wants a type and an audience of its own, so that an assertion made for one server cannot be taken to another. Here the audience must be one
/// value, and ours: the issuer or the token endpoint as the client reached it.
/// </remarks>
internal static class Assertions
{
    private static readonly string[] Types = ["JWT", "application/client-authentication+jwt", "client-authentication+jwt"];

    public static void Take(OpenIddictServerBuilder options)
    {
        options.AddEventHandler<ValidateTokenContext>(h => h.UseInlineHandler(TypedAsJwt)
            .SetOrder(OpenIddictServerHandlers.Protection.ResolveTokenValidationParameters.Descriptor.Order + 1));
        options.AddEventHandler<ProcessAuthenticationContext>(h => h.UseInlineHandler(ForUs)
            .SetOrder(OpenIddictServerHandlers.ValidateClientAssertion.Descriptor.Order + 1));
        options.AddEventHandler<ProcessAuthenticationContext>(h => h.UseSingletonHandler<AssertionsOnce>()
            .SetOrder(OpenIddictServerHandlers.ValidateClientAssertion.Descriptor.Order + 2));
    }

    private static ValueTask TypedAsJwt(ValidateTokenContext context)
    {
        if (context.ValidTokenTypes.Contains(TokenTypeIdentifiers.Private.ClientAssertion) && context.TokenValidationParameters is { } parameters)
        {
            // Whatever of these it says it is, from here on it is an assertion and nothing else.
            parameters.TypeValidator = (type, _, _) => type is null || Types.Contains(type, StringComparer.OrdinalIgnoreCase)
                ? Types[^1] : throw new SecurityTokenInvalidTypeException();
            if (context.BaseUri is { } root) context.ValidAudiences.Add(TokenEndpoint(root));
            // Whoever holds a public key could make an assertion signed with a symmetric one.
            parameters.ValidAlgorithms = [SecurityAlgorithms.RsaSha384, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.RsaSha256, SecurityAlgorithms.EcdsaSha256];
        }

        return default;
    }

    private static ValueTask ForUs(ProcessAuthenticationContext context)
    {
        if (context.ClientAssertionPrincipal is not { } assertion) return default;
        var audiences = assertion.GetClaims(Claims.Private.Audience) is { Length: > 0 } kept ? kept : assertion.GetClaims(Claims.Audience);
        var root = context.BaseUri is { } uri ? uri.AbsoluteUri.TrimEnd('/') : null;
        if (root is null || audiences is not [var only] || (only.TrimEnd('/') != root && only != TokenEndpoint(context.BaseUri!)))
            context.Reject(Errors.InvalidClient, "The assertion is for another server.");
        return default;
    }

    private static string TokenEndpoint(Uri root) => root.AbsoluteUri.TrimEnd('/') + "/connect/token";
}
