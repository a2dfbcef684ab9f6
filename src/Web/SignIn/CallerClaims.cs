using System.Security.Claims;
using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>From a session or a token to a <see cref="Caller"/> and back.</summary>
internal static class CallerClaims
{
    /// <summary>Null when it names no role that has a policy: refuse it.</summary>
    public static Caller? Caller(ClaimsPrincipal principal, string? address)
    {
        if (principal.Identity is not { IsAuthenticated: true } || principal.FindFirst(ClaimNames.Subject)?.Value is not { Length: > 0 } subject) return null;
        if (!Enum.TryParse<Role>(principal.FindFirst(ClaimNames.Role)?.Value, out var role)) return null;
        var scope = principal.FindFirst(ClaimNames.Scope)?.Value;
        // The operator's role comes by token only, and only with scopes: a session can never hold it.
        if (role is Role.System ? scope is null : Policy.Of(role) is null) return null;
        return new()
        {
            Subject = subject,
            Name = principal.FindFirst(ClaimNames.Name)?.Value ?? subject,
            Role = role,
            Organisation = principal.FindFirst(ClaimNames.Organisation)?.Value,
            Wards = principal.FindFirst(ClaimNames.Wards)?.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [],
            Scopes = scope?.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            Patient = principal.FindFirst(ClaimNames.Patient)?.Value,
            Session = principal.FindFirst(ClaimNames.Session)?.Value,
            Address = address,
        };
    }

    /// <summary>The claims of a session in one post.</summary>
    public static List<Claim> Of(Account account, Post post, string session, DateTimeOffset started, string? ward = null)
    {
        var claims = new List<Claim>
        {
            new(ClaimNames.Subject, account.Subject), new(ClaimNames.Name, account.DisplayName), new(ClaimNames.Role, post.Role.ToString()), new(ClaimNames.Session, session),
            new(ClaimNames.Account, account.Id), new(ClaimNames.Stamp, account.SecurityStamp ?? ""), new(ClaimNames.Started,
                started.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture)),
        };
        if (post.Organisation is { } organisation) claims.Add(new(ClaimNames.Organisation, organisation));
        if ((ward ?? account.Wards) is { Length: > 0 } wards) claims.Add(new(ClaimNames.Wards, wards));
        return claims;
    }
}

/// <summary>The words in which a session or a token says who it is for.</summary>
internal static class ClaimNames
{
    public const string Subject = "sub";
    public const string Name = "name";
    public const string Role = "role";
    public const string Organisation = "organisation";
    public const string Wards = "wards";
    public const string Scope = "scope";
    public const string Patient = "patient";
    public const string Session = "sid";
    public const string Account = "account";
    public const string Stamp = "stamp";
    public const string Started = "started";
}
