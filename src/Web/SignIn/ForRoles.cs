using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>Whom a page or a route is for. One that says nothing is nobody's: it is refused, and a test names it.</summary>
/// <remarks>
/// On a page <c>@attribute [ForRoles(Role.VillageDoctor)]</c>, on a route <c>.ForRoles(Role.VillageDoctor)</c>. Not the policy of the record: what a page
/// then shows is decided by the caller's policy at the door.
/// </remarks>
[AttributeUsage(AttributeTargets.Class, Inherited = true)]
public class ForRolesAttribute(params Role[] roles) : Attribute
{
    public IReadOnlyList<Role> Roles { get; } = roles;
}

/// <summary>For those who care for people: village, township, public health, specialist, family-doctor team.</summary>
public sealed class ForCarersAttribute() : ForRolesAttribute([.. Everyone])
{
    /// <summary>The roles that care.</summary>
    public static IReadOnlyList<Role> Everyone { get; } = [Role.VillageDoctor, Role.TownshipClinician, Role.PublicHealthStaff, Role.Specialist, Role.TeamLeader];
}

/// <summary>For everybody who is signed in, whatever the role: settings, sign-out, help.</summary>
public sealed class ForEverybodyAttribute() : ForRolesAttribute([.. Policy.Roles]);

/// <summary>The same for routes that are no page.</summary>
public static class RouteRoles
{
    public static TBuilder ForRoles<TBuilder>(this TBuilder route, params Role[] roles) where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new ForRolesAttribute(roles));

    public static TBuilder ForCarers<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new ForCarersAttribute());

    public static TBuilder ForEverybody<TBuilder>(this TBuilder route) where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new ForEverybodyAttribute());

    /// <summary>After authorization has turned strangers away: whoever the route is not for finds nothing there.</summary>
    internal static Task GuardAsync(HttpContext http, RequestDelegate next)
    {
        if (http.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null) return next(http);
        var caller = CallerClaims.Caller(http.User, null);
        if (caller is { Scopes: null } && endpoint.Metadata.GetMetadata<ForRolesAttribute>() is { } policy && policy.Roles.Contains(caller.Role)) return next(http);
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
