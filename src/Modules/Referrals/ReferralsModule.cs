using System.Collections.Frozen;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Kernel.Access;
using Tongxin.Web;

namespace Tongxin.Modules.Referrals;

/// <summary>双向转诊: up with a package of the record, down with a plan, every step on somebody's list until its deadline.</summary>
public sealed class ReferralsModule : HealthSystem
{
    private static readonly FrozenSet<Role> Carers =
        new[] { Role.VillageDoctor, Role.TownshipClinician, Role.PublicHealthStaff, Role.Specialist, Role.TeamLeader }.ToFrozenSet();

    public override string Title => "双向转诊";

    public override string TitleInEnglish => "Referrals";

    public override IReadOnlyList<MenuEntry> Menu => [new("转诊", "Referrals", "/referrals", Carers, "M3 7h12l-3-3M17 13H5l3 3", IsDaily: true)];

    public override Type Aside => typeof(Pages.WaitingReferrals);

    public override void AddServices(IServiceCollection services)
    {
        services.AddSingleton<OutsideDelivery>();
        services.AddHostedService(p => p.GetRequiredService<OutsideDelivery>());
    }

    public override void MapRoutes(IEndpointRouteBuilder routes) => PostStep.Map(routes);
}
