using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tongxin.Bench.Store;
using Tongxin.Host.Demo;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;
using Tongxin.Kernel.Tests.Records;
using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Bench.Access;

/// <summary>What policy and audit cost: the same questions to the engine alone, to the engine with a village doctor's policy, and through the door, in turns.</summary>
/// <remarks>Turns of a second each, so that a machine that is busy with other things is busy for all three alike; compared is processor time an item.</remarks>
internal static class AccessBench
{
    private const ulong Seed = 20_170_228;
    private const int Clients = 8, Rounds = 8;
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1);
    private static readonly Visibility All = new Visibility.Everything();

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["--at", var at, var village]) return await AtAsync(at, village);
        var isSqlite = args.Contains("--sqlite");
        var residents = args.Where(a => a is not "--sqlite").Select(a => int.Parse(a, CultureInfo.InvariantCulture)).FirstOrDefault(5_000);
        await using var cluster = isSqlite ? null : await PostgresCluster.StartAsync();
        var folder = Directory.CreateTempSubdirectory("tongxin-bench-").FullName;
        await using (var provider = await OpenAsync(cluster is null
            ? new RecordEngine.Sqlite(folder) : new RecordEngine.Postgres(await cluster.CreateDatabaseAsync()) { Folder = folder }))
        {
            var county = new SyntheticCounty(Seed, residents, LocalTime.Today(TimeProvider.System));
            var resources = await new Seeding(provider.GetRequiredService<RecordAccess>(), Catalogue()).RunAsync(county, new Progress<int>(), default);
            await provider.GetRequiredService<RecordUpkeep>().TidyAsync(default);
            Report.Say($"{(isSqlite ? "SQLite" : "PostgreSQL")}, {residents} residents, {resources} resources");
            // The trail and the rules that follow it run as they do in a server.
            foreach (var hosted in provider.GetServices<IHostedService>()) await hosted.StartAsync(default);
            await MeasureAsync(provider, cluster is null ? null : new(cluster.ProcessId));
            foreach (var hosted in provider.GetServices<IHostedService>().Reverse()) await hosted.StopAsync(default);
        }

        Directory.Delete(folder, recursive: true);
        return 0;
    }

    // A record that stands: a folder or a connection string, and the village whose doctor asks.
    private static async Task<int> AtAsync(string at, string village)
    {
        var folder = Directory.CreateTempSubdirectory("tongxin-bench-").FullName;
        await using var provider = await OpenAsync(Directory.Exists(at) ? new RecordEngine.Sqlite(at) : new RecordEngine.Postgres(at) { Folder = folder });
        await TimesAsync(provider.GetRequiredService<RecordAccess>(), Doctor(village));
        return 0;
    }

    private static async Task<ServiceProvider> OpenAsync(RecordEngine engine)
    {
        var services = new ServiceCollection();
        await services.AddRecordAsync(engine, default);
        return services.BuildServiceProvider();
    }

    private static Caller Doctor(string village) => new() { Subject = $"Practitioner/d-{village}", Name = "村医", Role = Role.VillageDoctor, Organisation = village };

    // Of the module only its list is wanted: what it keeps derived would be busy while we measure.
    private static ServiceCatalogue Catalogue()
    {
        var services = new ServiceCollection();
        new FamilyDoctorModule().AddServices(services);
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<ServiceCatalogue>();
    }

    private static async Task MeasureAsync(ServiceProvider provider, ProcessorTime? database)
    {
        var (door, store) = (provider.GetRequiredService<RecordAccess>(), provider.GetRequiredService<IRecordStore>());
        var tree = await provider.GetRequiredService<OrganisationTree>().GetAsync(default);
        var village = tree.All.First(o => o.Kind is "village").Id;
        var doctor = Doctor(village);
        var trail = provider.GetRequiredService<AuditTrail>();
        var people = (await door.SearchAsync(doctor, "Patient", "_count=1000", default)).Matches.Select(m => m.Key).ToList();
        var measured = (await door.SearchAsync(doctor, "Observation", "_count=1000", default)).Matches.Select(m => m.Key).ToList();
        Visibility sight(string type) => Door.Decide(doctor, Interactions.Search, type, tree).Visibility;
        var queries = provider.GetRequiredService<SearchQuery>();
        var asked = new (string What, string Type, Func<int, string> Query)[]
        {
            ("search by id", "Patient", i => $"_id={people[i * 31 % people.Count].Id}"),
            ("a person's observations by date", "Observation", i => $"subject={people[i * 31 % people.Count]}&_sort=-date&_count=20"),
            ("a person's record of one kind", "EpisodeOfCare", i => $"patient={people[i * 31 % people.Count].Id}"),
            ("a person and her conditions (_revinclude)", "Patient", i => $"_id={people[i * 31 % people.Count].Id}&_revinclude=Condition:subject"),
            ("a person's observations by chain", "Observation", i => $"subject:Patient._id={people[i * 31 % people.Count].Id}&_count=20"),
        };
        Console.WriteLine("| operation | engine | with policy | through the door | policy costs | policy and audit cost |\n|---|---|---|---|---|---|");
        await RowAsync(trail, database, "read by id",
            i => store.ReadAsync(measured[i * 7919 % measured.Count], All, default), i => store.ReadAsync(measured[i * 7919 % measured.Count], sight("Observation"), default),
            i => door.ReadAsync(doctor, measured[i * 7919 % measured.Count], default));
        foreach (var (what, type, query) in asked)
            await RowAsync(trail, database, what, i => store.SearchAsync(queries.Parse(type, query(i)), All, default),
                i => store.SearchAsync(queries.Parse(type, query(i)), sight(type), default), i => door.SearchAsync(doctor, type, query(i), default));
        await TimesAsync(door, doctor);
    }

    // Engine, policy, door, engine, policy, door …: the sums of the turns. What a turn left to be audited is written within it.
    private static async Task RowAsync(AuditTrail trail, ProcessorTime? database, string what, params Func<int, Task>[] ways)
    {
        var (spent, items) = (new double[ways.Length], new long[ways.Length]);
        foreach (var way in ways)
            for (var i = 0; i < 300; i++) await way(i);
        for (var round = 0; round < Rounds; round++)
            for (var way = 0; way < ways.Length; way++)
            {
                var before = Now();
                items[way] += await TurnAsync(ways[way]);
                await trail.FlushAsync(default);
                spent[way] += (Now() - before).TotalMicroseconds;
            }

        var each = spent.Zip(items, (time, n) => time / n).ToArray();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {what} | {each[0]:F0} µs | {each[1]:F0} µs | {each[2]:F0} µs | {each[1] / each[0] - 1:P0} | {each[2] / each[0] - 1:P0} |"));

        TimeSpan Now() => Process.GetCurrentProcess().TotalProcessorTime + (database?.Now() ?? default);
    }

    private static async Task<long> TurnAsync(Func<int, Task> one)
    {
        var (clock, count) = (Stopwatch.StartNew(), 0);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
        {
            while (clock.Elapsed < Turn) await one(Interlocked.Increment(ref count));
        })));
        return count;
    }

    private static async Task TimesAsync(RecordAccess door, Caller doctor)
    {
        foreach (var (type, query) in new[] { ("Patient", "_sort=family&_count=20"), ("Patient", "name=李&_count=20"), ("Task", "status=requested&_sort=-_lastUpdated&_count=50"),
            ("Observation", "_sort=-date&_count=20"), ("Patient", "_summary=count"), ("Condition", "clinical-status=active&_summary=count") })
        {
            var times = new List<double>();
            for (var i = 0; i < 5; i++) await door.SearchAsync(doctor, type, query, default);
            for (var i = 0; i < 200; i++)
            {
                var clock = Stopwatch.StartNew();
                await door.SearchAsync(doctor, type, query, default);
                times.Add(clock.Elapsed.TotalMilliseconds);
            }

            times.Sort();
            Report.Say(string.Create(CultureInfo.InvariantCulture, $"{type}?{query}: median {times[100]:F1} ms, p95 {times[190]:F1} ms (one client)"));
        }
    }
}
