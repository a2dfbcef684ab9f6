using System.CommandLine;
using Spectre.Console;
using Tongxin.Host.Demo;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin demo</c>: makes a county of people who do not exist where there is none yet, then serves it.</summary>
internal static class Demo
{
    private const int DefaultResidents = 10_000;
    private const int MostResidents = 1_000_000;
    private const int DefaultPort = 8080;
    private const ulong DefaultSeed = 20_170_228;

    public static Command Command
    {
        get
        {
            var command = new Command("demo", "Make a synthetic county if there is none, then serve it");
            var residents = new Option<int>("--residents") { Description = "How many people live there", DefaultValueFactory = _ => DefaultResidents };
            var data = new Option<DirectoryInfo>("--data") { Description = "Folder of the county", DefaultValueFactory = _ => new("demo-data") };
            var postgres = new Option<string>("--postgres") { Description = "Keep the county in this PostgreSQL database instead" };
            var port = new Option<int>("--port") { Description = "Port on this machine", DefaultValueFactory = _ => DefaultPort };
            foreach (var option in new Option[] { residents, data, postgres, port }) command.Options.Add(option);
            residents.Validators.Add(r =>
            {
                if (r.Tokens.Count > 0 && r.GetValueOrDefault<int>() is < 100 or > MostResidents) r.AddError($"A county has 100 to {MostResidents} residents.");
            });
            command.SetAction((result, cancel) => Refusals.ToldAsync(async () =>
            {
                var folder = result.GetValue(data)!.FullName;
                RecordEngine engine = result.GetValue(postgres) is { } connection ? new RecordEngine.Postgres(connection) { Folder = folder } : new RecordEngine.Sqlite(folder);
                await RunAsync(new(engine, $"http://127.0.0.1:{result.GetValue(port)}") { SignIn = new() { IsDemo = true } }, result.GetValue(residents), cancel);
            }));
            return command;
        }
    }

    private static async Task RunAsync(ServeOptions options, int residents, CancellationToken cancel)
    {
        await using var app = await Serving.BuildAsync(options, cancel);
        var seeding = new Seeding(app.Services.GetRequiredService<RecordAccess>(), app.Services.GetRequiredService<ServiceCatalogue>());
        if (!await seeding.IsDoneAsync(cancel)) await SeedAsync(seeding, residents, app.Services.GetRequiredService<TimeProvider>(), cancel);
        await DemoAccounts.MakeAsync(app.Services, cancel);
        await app.StartAsync(cancel);
        Console.WriteLine($"青禾县 Qinghe is open at {app.Urls.First()}/sign-in  (Ctrl-C ends it; FHIR: {app.Urls.First()}/fhir)");
        var playing = new PlayedReferrals(app.Services.GetRequiredService<RecordAccess>(), app.Services.GetRequiredService<TimeProvider>())
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

    private static async Task SeedAsync(Seeding seeding, int residents, TimeProvider clock, CancellationToken cancel)
    {
        var county = new SyntheticCounty(DefaultSeed, residents, LocalTime.Today(clock));
        var began = clock.GetTimestamp();
        long resources = 0;
        await AnsiConsole.Progress().StartAsync(async screen =>
        {
            var bar = screen.AddTask($"Making a county of {residents:N0} people", maxValue: residents);
            resources = await seeding.RunAsync(county, new Progress<int>(made => bar.Value = made), cancel);
            bar.Value = residents;
        });
        Console.WriteLine($"{resources:N0} resources in {clock.GetElapsedTime(began).TotalSeconds:0} s, {county.Truth.Count} planted defects.");
    }
}
