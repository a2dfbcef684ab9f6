using System.Collections.Frozen;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Programmes;
using Tongxin.Web;

namespace Tongxin.Modules.HospitalPerformance;

/// <summary>绩效考核与满意度：score cards over the indicators, explained down to the people.</summary>
public sealed class HospitalPerformanceModule : HealthSystem
{
    private static readonly FrozenSet<Role> Readers = new[]
    {
        Role.CountyCommission, Role.CityCommission, Role.HospitalManager, Role.DiseaseControl, Role.TownshipClinician, Role.PublicHealthStaff, Role.TeamLeader,
        Role.VillageDoctor,
    }.ToFrozenSet();

    public override string Title => "绩效考核";

    public override string TitleInEnglish => "Performance";

    public override IReadOnlyList<MenuEntry> Menu =>
    [
        new("考核", "Scores", "/performance", Readers, "M4 17V8h3v9M8.5 17V4h3v13M13 17v-6h3v6M3 17h14"),
        new("医共体", "Consortium", "/figures", new HashSet<Role> { Role.CountyCommission, Role.CityCommission, Role.HospitalManager, Role.DiseaseControl },
            "M4 4h12v12H4zM4 8h12M8 8v8"),
        new("满意度", "Survey", "/surveys", new HashSet<Role> { Role.CountyCommission, Role.HospitalManager, Role.TeamLeader, Role.PublicHealthStaff },
            "M10 3a7 7 0 1 1 0 14a7 7 0 0 1 0-14M7 8h.1M13 8h.1M7 12c1.5 2 4.5 2 6 0"),
    ];

    public override void AddServices(IServiceCollection services)
    {
        var definitions = Path.Combine(ProgrammeServices.DefaultFolder, Name, "definitions");
        services.AddSingleton<Satisfaction>();
        services.AddSingleton(p => new SurveyInvitations(
            p.GetRequiredService<RecordAccess>(), p.GetRequiredService<TimeProvider>(), Survey.ReadFolder(Path.Combine(definitions, "surveys"))));
        services.AddSingleton(p => new EnteredFigures(
            p.GetRequiredService<RecordAccess>(), p.GetRequiredService<Board>(), p.GetRequiredService<TimeProvider>(),
            EnteredSet.ReadFolder(Path.Combine(definitions, "entered"), p.GetRequiredService<IndicatorCatalogue>().All.Select(i => i.Id).ToHashSet(StringComparer.Ordinal))));
        services.AddSingleton(p =>
        {
            var catalogue = p.GetRequiredService<IndicatorCatalogue>();
            var cards = ScoreCardYaml.ReadFolder(Path.Combine(definitions, "score-cards"), catalogue.All.Select(i => i.Id).ToHashSet(StringComparer.Ordinal));
            return new ScoreBoard(cards, catalogue, p.GetRequiredService<Outlooks>(), p.GetRequiredService<Board>(), p.GetRequiredService<Satisfaction>());
        });
    }

    /// <summary>Reads cards, surveys and figures at once: a wrong one stops the start and says where, instead of the first visitor.</summary>
    public override void MapRoutes(IEndpointRouteBuilder routes)
    {
        _ = routes.ServiceProvider.GetRequiredService<ScoreBoard>();
        _ = routes.ServiceProvider.GetRequiredService<SurveyInvitations>();
        _ = routes.ServiceProvider.GetRequiredService<EnteredFigures>();
        PostSurvey.Map(routes);
        PostFigures.Map(routes);
    }
}
