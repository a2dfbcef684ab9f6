using System.Security.Claims;
using Tongxin.Kernel.Access;

namespace Tongxin.Host.Shell;

/// <summary>Who is signed in, as the pages show it; what he may do is decided by the <see cref="Caller"/> that sign-in made of the session.</summary>
internal sealed record SignedIn(string Subject, string Name, Role Role, string? Organisation)
{
    /// <summary>Null when nobody is signed in.</summary>
    public static SignedIn? Of(HttpContext? http)
    {
        if (http?.User is not { Identity.IsAuthenticated: true } user || !Enum.TryParse<Role>(user.FindFirstValue("role"), out var role)) return null;
        return new(user.FindFirstValue("sub") ?? "", user.FindFirstValue("name") ?? "", role, user.FindFirstValue("organisation"));
    }

    /// <summary>The caller whose policy decides.</summary>
    public static Caller Caller(HttpContext http) => http.RequestServices.GetRequiredService<Caller>();
}
