using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Kernel.Access;
using Tongxin.Web;

namespace Tongxin.Modules.Rights;

/// <summary>我的权利: what a resident may decide about her own record: consent, who speaks for her, correction, a copy to take away.</summary>
public sealed class RightsModule : HealthSystem
{
    private const string Shield = "M10 3l6 2v5c0 4-3 6-6 7c-3-1-6-3-6-7V5z";

    public override string Title => "我的权利";

    public override string TitleInEnglish => "My rights";

    public override IReadOnlyList<MenuEntry> Menu => [
        new("我的权利", "My rights", PostRights.Page, new HashSet<Role> { Role.Resident }, Shield, IsDaily: true),
        new("更正", "Corrections", PostRights.Corrections, Answerers.ToHashSet(), Shield),
    ];

    /// <summary>Who answers a request to correct: the clinic and those above it.</summary>
    internal static Role[] Answerers { get; } = [Role.VillageDoctor, Role.TownshipClinician, Role.PublicHealthStaff, Role.TeamLeader];

    public override void AddServices(IServiceCollection services)
    {
        services.AddSingleton<Consents>();
        services.AddSingleton<SpeakFor>();
        services.AddSingleton<Correct>();
        services.AddSingleton<OwnData>();
    }

    public override void MapRoutes(IEndpointRouteBuilder routes) => PostRights.Map(routes);
}
