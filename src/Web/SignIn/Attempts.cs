using System.Collections.Concurrent;

namespace Tongxin.Web.SignIn;

/// <summary>Counts attempts to sign in from one address, so that guessing many accounts from one place is slow. In memory, for each server.</summary>
internal sealed class Attempts(SignInOptions options, TimeProvider clock)
{
    private const int MostAddresses = 100_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, (DateTimeOffset From, int Count)> seen = new(StringComparer.Ordinal);

    /// <summary>False when this address must wait.</summary>
    public bool Allow(string? address)
    {
        var now = clock.GetUtcNow();
        if (seen.Count > MostAddresses)
            foreach (var old in seen.Where(s => now - s.Value.From > Window)) seen.TryRemove(old);
        var counted = seen.AddOrUpdate(address ?? "", (now, 1), (_, was) => now - was.From > Window ? (now, 1) : (was.From, was.Count + 1));
        return counted.Count <= options.AttemptsPerMinute;
    }
}
