using System.Collections.Concurrent;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tongxin.Web.SignIn;

/// <summary>A client's signed assertion is taken once and lives five minutes at most (SMART App Launch 2.2 §5.1.4.1). In memory, for each server.</summary>
internal sealed class AssertionsOnce(TimeProvider clock) : IOpenIddictServerHandler<OpenIddictServerEvents.ProcessAuthenticationContext>
{
    private const int MostRemembered = 100_000;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<string, DateTimeOffset> seen = new(StringComparer.Ordinal);

    public ValueTask HandleAsync(OpenIddictServerEvents.ProcessAuthenticationContext context)
    {
        if (context.ClientAssertionPrincipal is not { } assertion) return default;
        var now = clock.GetUtcNow();
        if (seen.Count > MostRemembered)
            foreach (var old in seen.Where(s => s.Value < now)) seen.TryRemove(old);
        var until = assertion.GetExpirationDate();
        if (assertion.GetClaim(Claims.JwtId) is not { Length: > 0 and < 256 } id || until is null || until > now + Longest)
            context.Reject(Errors.InvalidClient, "A client assertion has a jti and expires within five minutes.");
        else if (seen.Count > MostRemembered || !seen.TryAdd($"{assertion.GetClaim(Claims.Subject)} {id}", until.Value + Longest))
            context.Reject(Errors.InvalidClient, "This client assertion was used already.");
        return default;
    }
}
