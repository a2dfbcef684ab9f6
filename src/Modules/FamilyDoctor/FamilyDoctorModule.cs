using System.Collections.Frozen;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Web;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>家庭医生签约：who looks after a person, what she was promised, and whether it was given.</summary>
public sealed class FamilyDoctorModule : HealthSystem
{
    private const string Paper = "M5 3h7l3 3v11H5zM8 8h4M8 11h4M8 14h2";

    /// <summary>Who signs and follows up families: the team, not whoever was asked for an opinion.</summary>
    internal static readonly FrozenSet<Role> Carers =
        new[] { Role.VillageDoctor, Role.TownshipClinician, Role.PublicHealthStaff, Role.TeamLeader }.ToFrozenSet();

    public override string Title => "家庭医生签约";

    public override string TitleInEnglish => "Family doctor";

    public override IReadOnlyList<MenuEntry> Menu => [
        new("签约", "Contracts", "/contracts", Carers, Paper, IsDaily: true), new("家庭医生", "My doctor", PostMine.Page, new HashSet<Role> { Role.Resident }, Paper, IsDaily: true),
    ];

    public override void AddServices(IServiceCollection services)
    {
        services.AddSingleton(_ => ServiceCatalogueYaml.ReadFolder(Path.Combine(ProgrammeServices.DefaultFolder, Name, "definitions")));
        services.AddSingleton<SignContract>();
        services.AddSingleton<SigningLink>();
        services.AddSingleton<MoveContract>();
        services.AddSingleton<MarkHousehold>();
        services.AddSingleton<MakeReliefPlan>();
        services.AddSingleton<FulfilContract>();
        services.AddSingleton<OrderItem>();
        services.AddSingleton<CheckService>();
        services.AddSingleton<RateService>();
        services.AddHostedService<ContractTurnover>();
        services.AddSingleton<FulfilmentFollower>();
        services.AddHostedService(p => p.GetRequiredService<FulfilmentFollower>());
    }

    public override void MapRoutes(IEndpointRouteBuilder routes)
    {
        PostContract.Map(routes);
        PostMine.Map(routes);
        PostSigning.Map(routes);
        PostHousehold.Map(routes);
    }
}
