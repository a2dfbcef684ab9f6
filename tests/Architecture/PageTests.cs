using System.Reflection;
using Microsoft.AspNetCore.Components;
using Tongxin.Web.SignIn;

namespace Tongxin.Architecture;

/// <summary>What every page says of itself.</summary>
public sealed class PageTests
{
    [Fact]
    public void Every_page_says_whom_it_is_for() => Tidy.Fail(
        from assembly in new[] { Assembly.Load("tongxin"), Assembly.Load("Tongxin.Modules"), Assembly.Load("Tongxin.Web") }
        from type in assembly.GetTypes()
        from route in type.GetCustomAttributes<RouteAttribute>()
        where type.GetCustomAttribute<ForRolesAttribute>(inherit: true) is null
        select $"{route.Template} ({type.Name}): nobody may open it. Add @attribute [ForCarers], [ForEverybody] or [ForRoles(Role.…)] under its @page line.");
}
