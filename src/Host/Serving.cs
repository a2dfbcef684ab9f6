using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tongxin.Host.Shell;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules;
using Tongxin.Web.Fhir;
using Tongxin.Web.SignIn;

namespace Tongxin.Host;

/// <summary>What <c>serve</c> is told.</summary>
/// <param name="Urls">Addresses to listen on, with semicolons between.</param>
internal sealed record ServeOptions(RecordEngine Engine, string Urls)
{
    public SignInOptions SignIn { get; init; } = new();

    /// <summary>Told the builder before the services are added: a clock of its own, another log.</summary>
    public Action<WebApplicationBuilder>? With { get; init; }
}

/// <summary>The composition root: which services there are and which request goes where. Made here and nowhere else.</summary>
internal static class Serving
{
    private const int MostConnections = 2_000;
    private static readonly TimeSpan LongestHeaders = TimeSpan.FromSeconds(15);

    public static async Task<WebApplication> BuildAsync(ServeOptions options, CancellationToken cancel)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseUrls(options.Urls);
        builder.WebHost.ConfigureKestrel(Limit);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        options.With?.Invoke(builder);
        await builder.Services.AddRecordAsync(options.Engine, cancel);
        builder.Services.AddFhir(new FhirOptions());
        builder.Services.AddSignIn(options.Engine, options.SignIn);
        builder.Services.AddProgrammes().AddProgrammeFollowers();
        builder.Services.AddMeasures(options.Engine.Folder, ProgrammeServices.DefaultFolder);
        builder.Services.AddShell();
        foreach (var system in Catalogue.All) system.AddServices(builder.Services);

        var app = builder.Build();
        // Reading the packages and preparing the accounts need nothing of each other.
        var programmes = Task.Run(() => app.Services.GetRequiredService<InstalledProgrammes>(), cancel);
        await app.Services.PrepareSignInAsync(cancel);
        await programmes;
        app.UseSignIn();
        app.UsePages();
        app.UseFhir();
        app.MapSignIn();
        app.MapPages();
        app.MapGet("/health", () => "ok").AllowAnonymous();
        foreach (var system in Catalogue.All) system.MapRoutes(app);
        return app;
    }

    private static void Limit(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = MostConnections;
        kestrel.Limits.RequestHeadersTimeout = LongestHeaders;
    }
}
