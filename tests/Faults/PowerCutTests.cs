using System.Diagnostics;
using Tongxin.Kernel.Records.Postgres;
using Tongxin.Kernel.Tests.Records;

namespace Tongxin.Faults;

/// <summary>The power goes under load: what the disk's cache held is gone, and no acknowledged write was in it.</summary>
public sealed class PowerCutTests
{
    [Fact]
    public async Task A_power_cut_under_PostgreSQL_loses_nothing_that_was_acknowledged()
    {
        Assert.SkipWhen(FaultyDisk.Missing() is not null, FaultyDisk.Missing() ?? "");
        var rounds = Rounds.Of(2);
        var acknowledged = 0;
        for (var round = 0; round < rounds; round++)
        {
            var (lost, acks) = await CutAsync(durable: true, 600 + (round * 700));
            Assert.Equal(0, lost);
            acknowledged += acks;
        }
        Rounds.Say("power cut (postgres)", rounds, acknowledged);
    }

    [Fact]
    public async Task A_power_cut_under_SQLite_loses_nothing_that_was_acknowledged()
    {
        Assert.SkipWhen(FaultyDisk.Missing() is not null, FaultyDisk.Missing() ?? "");
        var rounds = Rounds.Of(2);
        var acknowledged = 0;
        for (var round = 0; round < rounds; round++) acknowledged += await CutSqliteAsync(600 + (round * 700));
        Rounds.Say("power cut (sqlite)", rounds, acknowledged);
    }

    /// <summary>The rig's own test: where it does not lose the writes of a server that does not flush, it proves nothing.</summary>
    [Fact]
    public async Task The_rig_loses_what_PostgreSQL_does_not_flush()
    {
        Assert.SkipWhen(FaultyDisk.Missing() is not null, FaultyDisk.Missing() ?? "");
        var (lost, _) = await CutAsync(durable: false, 1_500);
        Assert.True(lost > 0, "Nothing was lost although nothing was flushed: the rig does not cut the power.");
    }

    private static async Task<int> CutSqliteAsync(int life)
    {
        using var disk = FaultyDisk.Make();
        var (target, path) = (Target.Sqlite(Path.Combine(disk.Mount, "data")), Path.GetTempFileName());
        Directory.CreateDirectory(target.Place);
        using var child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["child", target.Engine, target.Place, path, "w"]) { RedirectStandardOutput = true })!;
        Assert.Equal("ready", await child.StandardOutput.ReadLineAsync());
        await Task.Delay(life);
        disk.CutPower();
        child.Kill();
        await child.WaitForExitAsync();
        disk.Restore();
        var acknowledged = await Checker.CheckAsync(target, path);
        Assert.True(acknowledged > 50, $"Only {acknowledged} versions were acknowledged before the cut.");
        File.Delete(path);
        return acknowledged;
    }

    private static async Task<(int Lost, int Acknowledged)> CutAsync(bool durable, int life)
    {
        using var disk = FaultyDisk.Make();
        PostgresCluster.Run("chown", "postgres", disk.Mount);
        var settings = durable ? "" : "synchronous_commit = off\nwal_writer_delay = 10s\n";
        await using var cluster = await PostgresCluster.StartAsync(Path.Combine(disk.Mount, "data"), settings);
        PostgresCluster.Run("sync", "-f", disk.Mount);
        var target = await Target.PostgresAsync(cluster);
        var path = Path.GetTempFileName();
        using (var history = new History(path))
        await using (var store = await PostgresStore.OpenAsync(new() { ConnectionString = target.Place, Unsafe = !durable }, CancellationToken.None))
        {
            using var stop = new CancellationTokenSource();
            var load = new Load(store, history, "w");
            var running = load.RunAsync(stop.Token);
            await Patience.UntilAsync(() => history.Count > 50, load);
            await Task.Delay(life);
            var processes = PostgresProcesses.Of(cluster);
            disk.CutPower();
            foreach (var pid in processes.Reverse()) PostgresProcesses.Kill(pid);
            await PostgresProcesses.GoneAsync(processes);
            await stop.CancelAsync();
            await running;
        }
        disk.Restore();
        File.Delete(Path.Combine(cluster.Data, "postmaster.pid"));
        cluster.Start();
        var lost = durable ? 0 : await Checker.LostAsync(target with { Unsafe = true }, path);
        var acknowledged = durable ? await Checker.CheckAsync(target, path) : 0;
        cluster.Stop("immediate");
        File.Delete(path);
        return (lost, acknowledged);
    }
}
