using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Tongxin.Host.Demo;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin demo</c>: makes a county of people who do not exist where there is none yet, then serves it.</summary>
internal static class Demo
{
    private const int DefaultPort = 8080;

    public static Command Command
    {
        get
        {
            var command = new Command("demo", "Make a synthetic county if there is none, then serve it");
            var residents = Seed.ResidentsOption();
            var data = new Option<DirectoryInfo>("--data") { Description = "Folder of the county", DefaultValueFactory = _ => new("demo-data") };
            var postgres = new Option<string>("--postgres") { Description = "Keep the county in this PostgreSQL database instead" };
            var port = new Option<int>("--port") { Description = "Port on this machine", DefaultValueFactory = _ => DefaultPort };
            var truth = Seed.TruthOption();
            foreach (var option in new Option[] { residents, data, postgres, port, truth }) command.Options.Add(option);
            command.SetAction((result, cancel) => Refusals.ToldAsync(async () =>
            {
                RefuseTakenPort(result.GetValue(port));
                var folder = result.GetValue(data)!.FullName;
                RecordEngine engine = result.GetValue(postgres) is { } connection ? new RecordEngine.Postgres(connection) { Folder = folder } : new RecordEngine.Sqlite(folder);
                await RunAsync(new(engine, $"http://127.0.0.1:{result.GetValue(port)}") { SignIn = new() { IsDemo = true } },
                    new(result.GetValue(residents), result.GetResult(residents) is { Implicit: false }, Seed.TruthPath(result.GetValue(truth), engine)), cancel);
            }));
            return command;
        }
    }

    private sealed record Wish(int Residents, bool IsSizeAsked, string Truth);

    // Before a minute of seeding, not after it.
    private static void RefuseTakenPort(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
        }
        catch (SocketException taken)
        {
            throw new InvalidOperationException($"Port {port} cannot be had ({taken.Message}): choose another with --port, or 0 for any that is free.", taken);
        }
    }

    private static async Task RunAsync(ServeOptions options, Wish wish, CancellationToken cancel)
    {
        await using var app = await Serving.BuildAsync(options, cancel);
        var seeding = new Seeding(app.Services.GetRequiredService<RecordAccess>(), app.Services.GetRequiredService<ServiceCatalogue>());
        var clock = app.Services.GetRequiredService<TimeProvider>();
        if (!await seeding.IsDoneAsync(cancel))
            await Seed.MakeAsync(seeding, new(Seed.DefaultSeed, wish.Residents, LocalTime.Today(clock)), wish.IsSizeAsked, wish.Truth, clock, cancel);
        await DemoAccounts.MakeAsync(app.Services, cancel);
        await app.StartAsync(cancel);
        Console.WriteLine($"青禾县 Qinghe is open at {app.Urls.First()}/sign-in  (Ctrl-C ends it; FHIR: {app.Urls.First()}/fhir)");
        var playing = new PlayedReferrals(app.Services.GetRequiredService<RecordAccess>(), clock)
            .RunAsync(app.Lifetime.ApplicationStopping);
        await app.WaitForShutdownAsync(cancel);
        try
        {
            await playing;
        }
        catch (OperationCanceledException)
        {
            // The demo was closed.
        }
    }
}
