using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>A browser's session: begun anew at each sign-in, ended by idleness, by age, by sign-out anywhere, by disabling the account.</summary>
internal static class Sessions
{
    /// <summary>How long a change of the account (disabled, signed out everywhere) may go unnoticed.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);
    private static readonly ConcurrentDictionary<string, (string? Stamp, DateTimeOffset At)> Stamps = new(StringComparer.Ordinal);

    /// <param name="ward">Id of the one person for whom she speaks in this session; null for what the account says.</param>
    public static async Task BeginAsync(HttpContext http, Account account, Post post, string? ward = null)
    {
        var services = http.RequestServices;
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var session = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));
        var identity = new ClaimsIdentity(CallerClaims.Of(account, post, session, now, ward), CookieAuthenticationDefaults.AuthenticationScheme, ClaimNames.Name, ClaimNames.Role);
        var principal = new ClaimsPrincipal(identity);
        await http.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, principal);
        var caller = CallerClaims.Caller(principal, http.Connection.RemoteIpAddress?.ToString())!;
        await services.GetRequiredService<AuditTrail>().NoteAsync(AuditEntry.By(caller, now, "sign-in", permitted: true, "password"), http.RequestAborted);
    }

    /// <summary>The same session after its account changed under its own hands: a new stamp, the old age.</summary>
    public static async Task RenewAsync(HttpContext http, Account account)
    {
        var identity = new ClaimsIdentity((ClaimsIdentity)http.User.Identity!);
        identity.TryRemoveClaim(identity.FindFirst(ClaimNames.Stamp));
        identity.AddClaim(new(ClaimNames.Stamp, account.SecurityStamp ?? ""));
        await http.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, new ClaimsPrincipal(identity));
    }

    /// <summary>Ends every session and every token of an account: signed out everywhere, disabled, or its password changed.</summary>
    public static async Task EndAllAsync(IServiceProvider services, Account account, CancellationToken cancel)
    {
        await services.GetRequiredService<UserManager<Account>>().UpdateSecurityStampAsync(account);
        Forget(account.Id);
        await services.GetRequiredService<OpenIddict.Abstractions.IOpenIddictTokenManager>().RevokeBySubjectAsync(account.Subject, cancel);
    }

    public static async Task CheckAsync(CookieValidatePrincipalContext context)
    {
        var http = context.HttpContext;
        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        var longest = http.RequestServices.GetRequiredService<SignInOptions>().Longest;
        var started = long.TryParse(context.Principal?.FindFirst(ClaimNames.Started)?.Value, CultureInfo.InvariantCulture, out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds) : DateTimeOffset.MinValue;
        var stamp = await StampAsync(http, context.Principal?.FindFirst(ClaimNames.Account)?.Value, now);
        if (stamp is not null && now - started <= longest && stamp == context.Principal?.FindFirst(ClaimNames.Stamp)?.Value) return;
        context.RejectPrincipal();
        await http.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
    }

    /// <summary>Seen at once by this server, by others within <see cref="Fresh"/>.</summary>
    public static void Forget(string account) => Stamps.TryRemove(account, out _);

    // Null for an account that is gone or disabled.
    private static async Task<string?> StampAsync(HttpContext http, string? id, DateTimeOffset now)
    {
        if (id is null) return null;
        if (Stamps.TryGetValue(id, out var known) && now - known.At < Fresh) return known.Stamp;
        var account = await http.RequestServices.GetRequiredService<UserManager<Account>>().FindByIdAsync(id);
        var stamp = account is null or { IsDisabled: true } ? null : account.SecurityStamp;
        Stamps[id] = (stamp, now);
        return stamp;
    }
}
