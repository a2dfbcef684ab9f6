using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Access;

/// <summary>Puts the door to an opened record among the services: <see cref="RecordAccess"/>, <see cref="AuditTrail"/>, <see cref="OrganisationTree"/>.</summary>
public static class AccessServices
{
    private const string AnchorFile = "audit.head";

    /// <remarks>
    /// Replace <see cref="SearchIndex"/>, <see cref="SearchMeaning"/> or <see cref="AccessRules"/> by registering them before.
    /// The engine is disposed with the services.
    /// </remarks>
    public static IServiceCollection AddAccess(this IServiceCollection services, RecordEngine engine)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => engine);
        services.TryAddSingleton<AccessRules>();
        services.TryAddSingleton(_ => new SearchIndex());
        services.TryAddSingleton(p => new SearchMeaning { Clock = p.GetRequiredService<TimeProvider>() });
        services.TryAddSingleton<SearchQuery>();
        services.TryAddSingleton(p => new IdSource(p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new AuditTrail(
            engine.Audit, new(Path.Combine(engine.Options.Folder, AnchorFile)), p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<AuditTrail>>()));
        services.AddSingleton(p => new OrganisationTree(engine.Store, p.GetRequiredService<TimeProvider>()));
        services.AddHostedService(p => p.GetRequiredService<AuditTrail>());
        services.AddHostedService(p => p.GetRequiredService<OrganisationTree>());
        services.AddSingleton(p => new Commits(
            engine.Store, p.GetRequiredService<OrganisationTree>(), p.GetRequiredService<SearchIndex>(), p.GetRequiredService<SearchQuery>(),
            p.GetRequiredService<IdSource>(), p.GetRequiredService<AccessRules>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new RecordAccess(
            engine.Store, p.GetRequiredService<OrganisationTree>(), p.GetRequiredService<AuditTrail>(), p.GetRequiredService<SearchQuery>(),
            p.GetRequiredService<Commits>(), p.GetRequiredService<TimeProvider>()));
        return services;
    }
}
