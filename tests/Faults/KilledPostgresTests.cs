using System.Diagnostics;
using Npgsql;
using Tongxin.Kernel.Tests.Records;

namespace Tongxin.Faults;

/// <summary>PostgreSQL dies under a living server: the server says 503, comes back by itself and has lost nothing.</summary>
public sealed class KilledPostgresTests
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task A_killed_postmaster_costs_time_but_no_record() => await DisturbAsync("kill -9 of the postmaster", Rounds.Of(3), async (cluster, _) =>
    {
        var orphans = PostgresProcesses.Children(cluster.ProcessId);
        PostgresProcesses.Kill(cluster.ProcessId);
        // They must let go of the shared memory before another may start.
        await PostgresProcesses.GoneAsync(orphans);
        cluster.Start();
    });

    [Fact]
    public async Task A_killed_backend_costs_time_but_no_record() => await DisturbAsync("kill -9 of a backend", Rounds.Of(4), (cluster, random) =>
    {
        // Any of them: PostgreSQL then throws all sessions out and recovers from its journal.
        var sessions = PostgresProcesses.Children(cluster.ProcessId).Where(PostgresProcesses.IsSession).ToList();
        if (sessions.Count > 0) PostgresProcesses.Kill(sessions[random.Next(sessions.Count)]);
        return Task.CompletedTask;
    });

    [Fact]
    public async Task A_session_that_is_thrown_out_costs_its_transaction_at_most() => await DisturbAsync("terminated sessions", Rounds.Of(6), async (cluster, _) =>
    {
        await using var connection = new NpgsqlConnection(cluster.ConnectionString("postgres") + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tongxin' AND random() < 0.7", connection);
        await command.ExecuteNonQueryAsync();
    });

    private static async Task DisturbAsync(string fault, int rounds, Func<PostgresCluster, Random, Task> disturb)
    {
        await using var cluster = await PostgresCluster.StartAsync();
        var target = await Target.PostgresAsync(cluster);
        var path = Path.GetTempFileName();
        var random = new Random(20260401);
        using (var history = new History(path))
        await using (var store = await target.OpenAsync())
        {
            using var stop = new CancellationTokenSource();
            var load = new Load(store, history, "p");
            var running = load.RunAsync(stop.Token);
            for (var round = 0; round < rounds; round++)
            {
                await Task.Delay(random.Next(150, 500));
                await disturb(cluster, random);
                await GoesOnAsync(history, load);
            }
            await stop.CancelAsync();
            await running;
            Assert.True(load.Faults.Count is 0, string.Join('\n', load.Faults.Take(3)));
        }
        Rounds.Say(fault, rounds, await Checker.CheckAsync(target, path));
        File.Delete(path);
    }

    private static async Task GoesOnAsync(History history, Load load)
    {
        var (before, clock) = (history.Count, Stopwatch.StartNew());
        while (history.Count < before + 20)
        {
            Assert.True(load.Faults.Count is 0, string.Join('\n', load.Faults.Take(3)));
            Assert.True(clock.Elapsed < Recovery, $"No commit within {Recovery} after the fault; {load.Refused} were refused.");
            await Task.Delay(10);
        }
    }
}
