using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tongxin.Fhir.Model;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Model;
using Tongxin.Kernel.Terminology;

namespace Tongxin.Kernel.Programmes;

/// <summary>Puts the programme engine among the services: <see cref="InstalledProgrammes"/>, <see cref="FollowUps"/>, <see cref="WorkLists"/>.</summary>
public static class ProgrammeServices
{
    /// <summary>Folder beside the program where every module's definitions lie.</summary>
    public static string DefaultFolder => Path.Combine(AppContext.BaseDirectory, "modules");

    /// <param name="folder">Folder with one folder for each programme; further ones may be installed at run time.</param>
    public static IServiceCollection AddProgrammes(this IServiceCollection services, string? folder = null)
    {
        services.AddSingleton<IFhirModel>(FirelyModel.R4);
        services.AddSingleton(p =>
        {
            var installed = new InstalledProgrammes(p.GetRequiredService<IFhirModel>());
            installed.InstallFolders(folder ?? DefaultFolder);
            return installed;
        });
        services.AddSingleton(p => new FollowUps(
            p.GetRequiredService<RecordAccess>(), p.GetRequiredService<InstalledProgrammes>(), p.GetRequiredService<IFhirModel>(), p.GetRequiredService<TimeProvider>())
        {
            IsMember = p.GetRequiredService<Codes>().IsMember,
        });
        services.AddSingleton(p => new VisitReading(
            p.GetRequiredService<RecordAccess>(), p.GetRequiredService<InstalledProgrammes>(), p.GetRequiredService<IFhirModel>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new QueuedVisits(
            p.GetRequiredService<RecordAccess>(), p.GetRequiredService<FollowUps>(), p.GetRequiredService<InstalledProgrammes>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new RecordedProgrammes(
            p.GetRequiredService<RecordAccess>(), p.GetRequiredService<InstalledProgrammes>(), p.GetRequiredService<ILogger<RecordedProgrammes>>()));
        services.AddSingleton(p => new Everybody(p.GetRequiredService<IRecordStore>(), p.GetRequiredService<RecordAccess>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new DryRun(
            p.GetRequiredService<RecordAccess>(), p.GetRequiredService<InstalledProgrammes>(), p.GetRequiredService<IFhirModel>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new WorkLists(p.GetRequiredService<RecordAccess>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new HandOver(p.GetRequiredService<RecordAccess>(), p.GetRequiredService<TimeProvider>()));
        return services;
    }

    /// <summary>The follower of the feed and the midnight; apart, because a tool that imports or verifies runs without them.</summary>
    public static IServiceCollection AddProgrammeFollowers(this IServiceCollection services)
    {
        services.AddSingleton<ProgrammesReached>();
        services.AddHostedService(p => new ProgrammeFollower(
            p.GetRequiredService<IRecordStore>(), p.GetRequiredService<FollowUps>(), p.GetRequiredService<RecordAccess>(),
            p.GetRequiredService<RecordedProgrammes>(), p.GetRequiredService<ProgrammesReached>(),
            p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<ProgrammeFollower>>()));
        services.AddHostedService(p => new Midnight(p.GetRequiredService<IRecordStore>(),
            p.GetRequiredService<RecordAccess>(), p.GetRequiredService<FollowUps>(), p.GetRequiredService<InstalledProgrammes>(),
            p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<Midnight>>()));
        return services;
    }
}
