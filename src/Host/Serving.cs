using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tongxin.Kernel.Access;
using Tongxin.Modules;
using Tongxin.Web.Fhir;

namespace Tongxin.Host;

/// <summary>What <c>serve</c> is told.</summary>
/// <param name="Urls">Addresses to listen on, with semicolons between.</param>
internal sealed record ServeOptions(RecordEngine Engine, string Urls);

/// <summary>The composition root: which services there are and which request goes where. Made here and nowhere else.</summary>
internal static class Serving
{
    private const int MostConnections = 2_000;
    private static readonly TimeSpan LongestHeaders = TimeSpan.FromSeconds(15);

    public static async Task<WebApplication> BuildAsync(ServeOptions options, CancellationToken cancel)
    {
        LoopbackOnly(options.Urls);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseUrls(options.Urls);
        builder.WebHost.ConfigureKestrel(Limit);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        await builder.Services.AddRecordAsync(options.Engine, cancel);
        builder.Services.AddFhir(new FhirOptions());
        builder.Services.AddSingleton<CallerOf>(LocalCaller);
        foreach (var system in Catalogue.All) system.AddServices(builder.Services);

        var app = builder.Build();
        app.UseFhir();
        app.MapGet("/health", () => "ok");
        foreach (var system in Catalogue.All) system.MapRoutes(app);
        return app;
    }

    private static void Limit(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = MostConnections;
        kestrel.Limits.RequestHeadersTimeout = LongestHeaders;
    }

    /// <summary>Until people sign in, only this machine is let in, and everything it does is the machine's own.</summary>
    private static ValueTask<Caller?> LocalCaller(HttpContext http) =>
        ValueTask.FromResult(http.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address) ? Caller.System("local") : null);

    private static void LoopbackOnly(string urls)
    {
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            var host = BindingAddress.Parse(url).Host;
            if (host is not "localhost" && !(IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address)))
                throw new InvalidOperationException($"'{url}' can be reached from other machines, and nobody has to sign in yet: only 127.0.0.1, [::1] and localhost are served.");
        }
    }
}
