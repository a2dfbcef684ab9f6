using System.Collections.Frozen;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tongxin.Kernel.Access;
using Tongxin.Modules.People.Adt;
using Tongxin.Modules.People.Registry;
using Tongxin.Modules.People.Rolls;
using Tongxin.Web;
using Tongxin.Web.Fhir;

namespace Tongxin.Modules.People;

/// <summary>居民主索引与建档：a person is found in one box, registered once, and compared before she is registered twice.</summary>
public sealed class PeopleModule : HealthSystem
{
    private static readonly FrozenSet<Role> Carers =
        new[] { Role.VillageDoctor, Role.TownshipClinician, Role.PublicHealthStaff, Role.Specialist, Role.TeamLeader }.ToFrozenSet();

    private const string Demographics =
        "IHE PDQm (ITI-78) is the search by family, given, name, identifier, birthdate, gender, telecom, phone, address and active, in JSON only; name and given also find by "
        + "pinyin and initials. ITI-119 is $match, PIXm (ITI-83) is $ihe-pix. Mother's maiden name is not kept.";

    public override string Title => "居民主索引与建档";

    public override string TitleInEnglish => "Registration";

    public override IReadOnlyList<MenuEntry> Menu => [
        new("登记", "Register", "/registration", Carers, "M8 4a3 3 0 1 1 0 6a3 3 0 0 1 0-6M2 17c.6-3.4 3-5 6-5M14 11v6M11 14h6"),
        new("查重", "Duplicates", "/duplicates", Carers, "M3 3h9v9H3zM8 8h9v9H8z"),
    ];

    public override void AddServices(IServiceCollection services)
    {
        services.AddSingleton<FindPeople>();
        services.AddSingleton<LikelyDuplicates>();
        services.AddSingleton<RegisterResident>();
        services.AddSingleton<PossibleDuplicates>();
        services.AddSingleton<HealthCards>();
        services.AddSingleton<ImportRoll>();
        services.AddSingleton<RollDesk>().AddHostedService(provider => provider.GetRequiredService<RollDesk>());
        services.AddHostedService<DuplicateWatch>();
        services.TryAddSingleton(MllpOptions.Off);
        services.AddSingleton<MllpListener>().AddHostedService(provider => provider.GetRequiredService<MllpListener>());
        services.AddSingleton(provider => MatchOperation.Of(provider.GetRequiredService<LikelyDuplicates>()));
        services.AddSingleton(provider => MergeOperation.Of(provider.GetRequiredService<PossibleDuplicates>(), provider.GetRequiredService<RecordAccess>()));
        services.AddSingleton(provider => PixOperation.Of(provider.GetRequiredService<RecordAccess>()));
        services.AddSingleton(new CapabilityNote("Patient", Demographics));
    }

    public override void MapRoutes(IEndpointRouteBuilder routes)
    {
        FindPeople.Map(routes);
        RollSteps.Map(routes);
    }
}
