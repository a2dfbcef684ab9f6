using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Kernel.Access;

namespace Tongxin.Web;

/// <summary>The contract of a module: one health system of the platform (健康系统), its menu entry, its services, its routes.</summary>
/// <remarks>A module owns no tables. Its definitions (programmes, forms, measures) lie in its folder's <c>definitions</c> and are found by the Kernel.</remarks>
public abstract class HealthSystem
{
    /// <summary>Folder name, e.g. <c>Hypertension</c>.</summary>
    public string Name => GetType().Name.Replace("Module", "", StringComparison.Ordinal);

    /// <summary>Chinese name in menus, e.g. 高血压患者健康管理.</summary>
    public abstract string Title { get; }

    /// <summary>English name in menus.</summary>
    public abstract string TitleInEnglish { get; }

    /// <summary>Entries of the menu and who sees them.</summary>
    public virtual IReadOnlyList<MenuEntry> Menu => [];

    /// <summary>Component that stands beside the day's list of work (今日工作) and shows nothing when nothing waits; null for none.</summary>
    public virtual Type? Aside => null;

    public virtual void AddServices(IServiceCollection services) { }

    public virtual void MapRoutes(IEndpointRouteBuilder routes) { }
}

/// <summary>A line of the menu; shown to whoever holds one of the roles.</summary>
/// <param name="Icon">Path of a drawing of 20 × 20, stroked.</param>
/// <param name="IsDaily">Work of every day: first in the rail. The rail has few places; what does not fit stands in the menu beside the name.</param>
public sealed record MenuEntry(string Title, string TitleInEnglish, string Href, IReadOnlySet<Role> Roles, string Icon, bool IsDaily = false);
