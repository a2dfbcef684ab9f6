using System.Collections.Concurrent;
using System.Security.Claims;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>Bearer tokens: JWTs signed ES256 by the platform's own key, for the FHIR API only. Issued by the token endpoint or by <c>tongxin token</c>.</summary>
public sealed class Tokens
{
    public const string Issuer = "https://tongxin.health/issuer";
    public const string Audience = "fhir";
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan LongestOperatorToken = TimeSpan.FromHours(12);

    private const int MostRemembered = 10_000;

    private readonly ConcurrentDictionary<string, (ClaimsIdentity Identity, DateTime Until)> good = new(StringComparer.Ordinal);
    private readonly JsonWebTokenHandler handler = new() { MapInboundClaims = false };
    private readonly ECDsaSecurityKey key;
    private readonly TimeProvider clock;

    public Tokens(RecordEngine engine, TimeProvider clock) => (key, this.clock) = (Keys.Signing(engine), clock);

    /// <summary>A token for whoever can read the data folder: the operator, narrowed by the scopes.</summary>
    public string ForOperator(IReadOnlyList<string> scopes, TimeSpan life)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer, Audience = Audience, IssuedAt = now, NotBefore = now,
            Expires = now + (life < LongestOperatorToken ? life : LongestOperatorToken),
            TokenType = "at+jwt",
            SigningCredentials = new(key, SecurityAlgorithms.EcdsaSha256),
            Claims = new Dictionary<string, object>
            {
                [ClaimNames.Subject] = "Device/operator", [ClaimNames.Name] = "operator", [ClaimNames.Role] = nameof(Role.System),
                [ClaimNames.Scope] = string.Join(' ', scopes), [ClaimNames.Session] = Base64UrlEncoder.Encode(System.Security.Cryptography.RandomNumberGenerator.GetBytes(9)),
            },
        });
    }

    /// <summary>Null for a token that is foreign, changed, expired, unsigned (<c>alg: none</c>), or of another kind.</summary>
    /// <remarks>A token that was found good is remembered until it expires: checking its signature costs as much as reading a resource.</remarks>
    public async Task<ClaimsIdentity?> CheckAsync(string token)
    {
        if (good.TryGetValue(token, out var known) && known.Until > clock.GetUtcNow().UtcDateTime) return known.Identity.Clone();
        var result = await handler.ValidateTokenAsync(token, new()
        {
            // Who holds the key is the issuer; under which address it was reached when it issued says nothing.
            ValidateIssuer = false, ValidAudience = Audience, IssuerSigningKey = key,
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256], ValidTypes = ["at+jwt"],
            RequireSignedTokens = true, RequireExpirationTime = true, ClockSkew = Skew,
            LifetimeValidator = (from, until, _, _) => InLife(from, until),
            AuthenticationType = "bearer", NameClaimType = ClaimNames.Name,
        });
        if (!result.IsValid) return null;
        if (good.Count >= MostRemembered) good.Clear();
        good[token] = (result.ClaimsIdentity.Clone(), result.SecurityToken.ValidTo);
        return result.ClaimsIdentity;
    }

    private bool InLife(DateTime? from, DateTime? until)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return until > now - Skew && (from is null || from < now + Skew);
    }
}
