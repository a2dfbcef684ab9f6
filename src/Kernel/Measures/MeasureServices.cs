using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Tongxin.Fhir.Model;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Kernel.Measures;

/// <summary>Puts the indicators among the services: <see cref="IndicatorCatalogue"/>, <see cref="Board"/>, and what keeps them current.</summary>
public static class MeasureServices
{
    private const string FileName = "views.duckdb";

    /// <param name="data">Folder where the derived file lies; it can be deleted while nothing runs.</param>
    /// <param name="modules">Folder of the modules' definitions.</param>
    public static IServiceCollection AddMeasures(this IServiceCollection services, string data, string modules)
    {
        services.AddFlatViews(data, modules);
        services.AddSingleton<Board>();
        services.AddSingleton<Panel>();
        services.AddSingleton<Outlooks>();
        services.AddSingleton<SendList>();
        services.AddSingleton<Analyst>();
        services.AddSingleton(p => new FrozenReports(
            p.GetRequiredService<RecordAccess>(), p.GetRequiredService<IRecordStore>(), p.GetRequiredService<ColumnStore>(), p.GetRequiredService<IndicatorCatalogue>(),
            p.GetRequiredService<Board>(), p.GetService<ProgrammesReached>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton<FrozenOutlook>();
        services.AddHostedService(p => p.GetRequiredService<Follower>());
        return services;
    }

    /// <summary>The flat views alone, followed by nobody: for a command that brings them up to the record and hands them out.</summary>
    public static IServiceCollection AddFlatViews(this IServiceCollection services, string data, string modules)
    {
        services.AddSingleton(_ => IndicatorCatalogue.Load(modules));
        services.AddSingleton(_ => new ColumnStore(Path.Combine(Directory.CreateDirectory(data).FullName, FileName)));
        services.AddSingleton<Freshness>();
        services.TryAddSingleton<IFhirModel>(FirelyModel.R4);
        services.AddSingleton(p => new Follower(
            p.GetRequiredService<IRecordStore>(), p.GetRequiredService<ColumnStore>(), p.GetRequiredService<IndicatorCatalogue>(),
            p.GetRequiredService<IFhirModel>(), p.GetRequiredService<Freshness>(), p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<Follower>>()));
        services.AddSingleton(p => new ViewsExport(p.GetRequiredService<Follower>(), p.GetRequiredService<ColumnStore>()));
        return services;
    }
}
