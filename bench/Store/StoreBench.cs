using System.Diagnostics;
using System.Globalization;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Postgres;
using Tongxin.Kernel.Tests.Records;

namespace Tongxin.Bench.Store;

/// <summary>The engine alone, without the web: what one create, one bundle, one read and the common searches cost, with the processor time of both sides.</summary>
internal static class StoreBench
{
    private static readonly TimeSpan ReadingTime = TimeSpan.FromSeconds(4);

    public static async Task<int> RunAsync(string[] args)
    {
        var folder = Option(args, "--data") ?? Path.Combine(Path.GetTempPath(), "pgbench-data");
        if (!Directory.Exists(folder))
        {
            Console.Error.WriteLine($"{folder} is not there: unpack the Synthea NDJSON there or say --data DIR.");
            return 2;
        }
        var limit = int.Parse(Option(args, "--limit") ?? "1000000", CultureInfo.InvariantCulture);
        await using var cluster = await PostgresCluster.StartAsync();
        var connection = await cluster.CreateDatabaseAsync();
        await using var store = await PostgresStore.OpenAsync(new() { ConnectionString = connection }, CancellationToken.None);
        var report = new Report(new ProcessorTime(cluster.ProcessId));
        await LoadAsync(store, report, folder, limit);
        var times = int.Parse(Option(args, "--times") ?? "1", CultureInfo.InvariantCulture);
        for (var copy = 1; copy < times; copy++)
        {
            var number = copy;
            var again = Workload.Read(folder, limit).Select(line => Workload.Prepare(Workload.Again(line, number))).Chunk(250).Select(c => (IReadOnlyList<PreparedChange>)c);
            await report.MeasureAsync($"copy {copy}, bundles of 250", limit, () => EachAsync(4, again, store));
        }
        await DiskAsync(connection);
        if (args.Contains("--keep"))
        {
            Report.Say(connection);
            Console.ReadLine();
        }
        await SearchBench.RunAsync(store, report, Workload.Read(folder, limit), ReadingTime);
        return 0;
    }

    private static async Task LoadAsync(PostgresStore store, Report report, string folder, int limit)
    {
        var all = Workload.Read(folder, limit).ToList();
        var clock = Stopwatch.StartNew();
        var prepared = all.ConvertAll(Workload.Prepare);
        Report.Say($"{all.Count} resources, {all.Sum(l => (long)l.Length) / all.Count} bytes each");
        Report.Say($"parsing and extraction {clock.Elapsed.TotalMicroseconds / all.Count:F0} µs each");

        // Patients and encounters first, so that the single creates are of things with a past.
        var begun = Math.Min(13_000, prepared.Count / 3);
        await EachAsync(4, prepared.Take(begun).Chunk(250).Select(c => (IReadOnlyList<PreparedChange>)c), store);
        var singles = Math.Min(12_000, prepared.Count / 3);
        await report.MeasureAsync("create, 16 clients", singles, () => EachAsync(16, prepared.Skip(begun).Take(singles).Select(p => (IReadOnlyList<PreparedChange>)[p]), store));
        singles += begun;
        var bundles = prepared.Skip(singles).Chunk(250).Select(c => (IReadOnlyList<PreparedChange>)c).ToList();
        await report.MeasureAsync("bundles of 250, 4 clients", prepared.Count - singles, () => EachAsync(4, bundles, store));
    }

    private static async Task EachAsync(int clients, IEnumerable<IReadOnlyList<PreparedChange>> commits, PostgresStore store)
    {
        var audit = new byte[400];
        await Parallel.ForEachAsync(commits, new ParallelOptions { MaxDegreeOfParallelism = clients }, async (changes, cancel) =>
            await store.CommitAsync(new() { Changes = changes, Visibility = new Visibility.Everything(), At = TimeProvider.System.GetUtcNow(), Audit = audit }, cancel));
    }

    private static async Task DiskAsync(string connection)
    {
        await using var source = Npgsql.NpgsqlDataSource.Create(connection);
        await using (var analyze = source.CreateCommand("VACUUM ANALYZE")) await analyze.ExecuteNonQueryAsync();
        await using var command = source.CreateCommand(
            """
            SELECT c.relname, pg_relation_size(c.oid), pg_indexes_size(c.oid), c.reltuples::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.reltuples > 0 ORDER BY pg_total_relation_size(c.oid) DESC LIMIT 12
            """);
        await using var reader = await command.ExecuteReaderAsync();
        long total = 0;
        var resources = 0L;
        var lines = new List<string>();
        while (await reader.ReadAsync())
        {
            total += reader.GetInt64(1) + reader.GetInt64(2);
            if (reader.GetString(0) is "resource") resources = reader.GetInt64(3);
            lines.Add($"{reader.GetString(0)}: {reader.GetInt64(3)} rows, table {reader.GetInt64(1) >> 20} MB, indexes {reader.GetInt64(2) >> 20} MB");
        }
        Report.Say($"disk {total / Math.Max(1, resources)} bytes a resource ({total >> 20} MB)");
        foreach (var line in lines) Report.Say("  " + line);
    }

    private static string? Option(string[] args, string name) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
}
