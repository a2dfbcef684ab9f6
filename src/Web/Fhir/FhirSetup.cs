using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Fhir.Validation;
using Tongxin.Web.Fhir.Bulk;
using Tongxin.Kernel.Measures;
using Tongxin.Web.Fhir.Measures;
using Tongxin.Web.Fhir.Terms;

namespace Tongxin.Web.Fhir;

/// <summary>Puts the FHIR API under <c>/fhir</c> of an application.</summary>
public static class FhirSetup
{
    public static IServiceCollection AddFhir(this IServiceCollection services, FhirOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(Everything.Operation);
        services.AddSingleton(provider => Validating.Operation(provider.GetRequiredService<Validator>()));
        services.AddSingleton<TermOperations>();
        services.AddSingleton<BulkJobs>().AddHostedService(provider => provider.GetRequiredService<BulkJobs>());
        services.AddSingleton<BulkOperations>();
        services.AddSingleton<EventStreams>();
        services.AddSingleton(provider => new Operations(
            [.. provider.GetServices<Operation>(), .. provider.GetRequiredService<TermOperations>().All, .. provider.GetRequiredService<BulkOperations>().All,
                provider.GetRequiredService<EventStreams>().Operation, .. Figures(provider), .. provider.GetServices<ModuleOperation>().Select(o => o.Operation)],
            provider.GetServices<CapabilityNote>()));
        services.AddSingleton(provider => new ShippedMeasures(provider.GetService<IndicatorCatalogue>()));
        services.AddSingleton<FhirServer>();
        services.AddSingleton<FhirEndpoint>();
        return services;
    }

    // A server of the record alone has no figures.
    private static IEnumerable<Operation> Figures(IServiceProvider provider) => provider.GetService<Outlooks>() is { } outlooks
        ? [new EvaluateMeasure(provider.GetRequiredService<ShippedMeasures>(), outlooks, provider.GetRequiredService<Board>()).Operation]
        : [];

    /// <summary>A branch of the pipeline, not an endpoint: what is under /fhir is decided by FHIR's rules alone and skips routing.</summary>
    public static IApplicationBuilder UseFhir(this IApplicationBuilder app)
    {
        var endpoint = app.ApplicationServices.GetRequiredService<FhirEndpoint>();
        return app.Use(next => http =>
            http.Request.Path.StartsWithSegments(FhirEndpoint.BasePath, StringComparison.Ordinal) ? endpoint.ServeAsync(http) : next(http));
    }
}
