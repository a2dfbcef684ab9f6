using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Tongxin.Fhir;
using Tongxin.Host.Demo;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin seed</c>: makes a county of people who do not exist, of any size, and serves nothing. Interrupted, it goes on when it is called again.</summary>
internal static class Seed
{
    public const int DefaultResidents = 10_000;
    public const ulong DefaultSeed = 20_170_228;
    private const int FewestResidents = 100;
    private const int MostResidents = 1_000_000;

    public static Command Command
    {
        get
        {
            var command = new Command("seed", "Make a synthetic county in an empty record; goes on where an interrupted run stopped");
            var record = RecordOptions.AddTo(command);
            var residents = ResidentsOption();
            var seed = new Option<ulong>("--seed") { Description = "Another number, another county", DefaultValueFactory = _ => DefaultSeed };
            var day = new Option<DateOnly?>("--day")
            {
                Description = "The day from which ages and visits count, as 2026-01-31; today when not said", CustomParser = Day,
            };
            var truth = TruthOption();
            foreach (var option in new Option[] { residents, seed, day, truth }) command.Options.Add(option);
            command.SetAction((result, cancel) => Refusals.ToldAsync(async () =>
            {
                var engine = record.Engine(result);
                var services = new ServiceCollection();
                services.AddLogging();
                await services.AddRecordAsync(engine, cancel);
                new FamilyDoctorModule().AddServices(services);
                await using var provider = services.BuildServiceProvider();
                var clock = provider.GetRequiredService<TimeProvider>();
                var seeding = new Seeding(provider.GetRequiredService<RecordAccess>(), provider.GetRequiredService<ServiceCatalogue>());
                if (await seeding.IsDoneAsync(cancel))
                {
                    Console.WriteLine("A county stands here already; nothing was changed. Another one needs another --data folder or database.");
                    return;
                }

                var wanted = new SyntheticCounty(result.GetValue(seed), result.GetValue(residents), result.GetValue(day) ?? LocalTime.Today(clock));
                await MakeAsync(seeding, wanted, result.GetResult(residents) is { Implicit: false }, TruthPath(result.GetValue(truth), engine), clock, cancel);
            }));
            return command;
        }
    }

    public static Option<int> ResidentsOption()
    {
        var residents = new Option<int>("--residents") { Description = "How many people live there", DefaultValueFactory = _ => DefaultResidents };
        residents.Validators.Add(r =>
        {
            if (r.Tokens.Count > 0 && r.GetValueOrDefault<int>() is < FewestResidents or > MostResidents)
                r.AddError($"A county has {FewestResidents} to {MostResidents} residents.");
        });
        return residents;
    }

    public static Option<FileInfo> TruthOption() => new("--truth")
    {
        Description = "NDJSON of the planted defects; beside the folder of the county when not said",
    };

    public static string TruthPath(FileInfo? told, RecordEngine engine) => told?.FullName ?? TruthFile.Beside(engine.Folder);

    /// <summary>Makes the county, or goes on with the one that was begun. A begun one of another size is refused when a size was asked for.</summary>
    public static async Task MakeAsync(Seeding seeding, SyntheticCounty wanted, bool isSizeAsked, string truth, TimeProvider clock, CancellationToken cancel)
    {
        var begun = await seeding.BegunAsync(cancel);
        if (begun is not null && isSizeAsked && begun.Residents != wanted.Residents)
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                $"A county of {begun.Residents} residents was begun here: go on with --residents {begun.Residents}, or begin another with --data ANOTHER-FOLDER."));
        var county = begun ?? wanted;
        var planted = await WriteTruthAsync(truth, county, cancel);
        var began = clock.GetTimestamp();
        var resources = await AnsiConsole.Progress().Columns(
            new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn()).StartAsync(async screen =>
        {
            var bar = screen.AddTask($"{(begun is null ? "Making" : "Going on with")} a county of {county.Residents:N0} people", maxValue: county.Residents);
            var made = await RunAsync(seeding, county, bar, cancel);
            bar.Value = county.Residents;
            return made;
        });
        var seconds = clock.GetElapsedTime(began).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{resources:N0} resources in {seconds:0.0} s ({resources / seconds:N0} each second); {planted:N0} planted defects in {truth}"));
    }

    private static async Task<long> RunAsync(Seeding seeding, SyntheticCounty county, ProgressTask bar, CancellationToken cancel)
    {
        const string GoOn = "Nothing half made stands; the same command goes on where it stopped.";
        try
        {
            return await seeding.RunAsync(county, new Shown(bar), cancel);
        }
        catch (RefusedException refused) when (refused.Status is 503)
        {
            throw new InvalidOperationException($"{refused.Message} Make room or bring the database back. {GoOn}", refused);
        }
        catch (OperationCanceledException stopped)
        {
            throw new InvalidOperationException($"The seeding was interrupted. {GoOn}", stopped);
        }
    }

    private static async Task<int> WriteTruthAsync(string path, SyntheticCounty county, CancellationToken cancel)
    {
        try
        {
            return await TruthFile.WriteAsync(path, county.Truth(), cancel);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"The truth file {path} cannot be written ({fault.Message}): name another place with --truth FILE.", fault);
        }
    }

    private static DateOnly? Day(System.CommandLine.Parsing.ArgumentResult result)
    {
        if (DateOnly.TryParseExact(result.Tokens[0].Value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)) return day;
        result.AddError($"'{result.Tokens[0].Value}' is not a day of the form 2026-01-31.");
        return null;
    }

    private sealed class Shown(ProgressTask bar) : IProgress<int>
    {
        public void Report(int value) => bar.Value = value;
    }
}
