using Tongxin.Kernel.Tests.Records;

namespace Tongxin.Faults;

/// <summary>The disk fills up under load: writes are refused with 503 and nothing else, and go on when there is room again.</summary>
public sealed class DiskFullTests
{
    private const int DiskMegabytes = 256;

    [Fact]
    public async Task A_full_disk_under_PostgreSQL_refuses_writes_and_loses_none()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Mounting a small disk needs root.");
        var disk = Directory.CreateTempSubdirectory("tongxin-disk-").FullName;
        PostgresCluster.Run("mount", "-t", "tmpfs", "-o", $"size={DiskMegabytes}m", "tmpfs", disk);
        try
        {
            PostgresCluster.Run("chown", "postgres", disk);
            await using var cluster = await PostgresCluster.StartAsync(Path.Combine(disk, "data"), "max_wal_size = 64MB\nwal_recycle = off\n");
            await FillAsync(await Target.PostgresAsync(cluster), Path.Combine(disk, "filler"), () => cluster.StartIfStopped());
        }
        finally
        {
            PostgresCluster.Run("umount", "-l", disk);
            Directory.Delete(disk);
        }
    }

    [Fact]
    public async Task A_full_disk_under_SQLite_refuses_writes_and_loses_none()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Mounting a small disk needs root.");
        var disk = Directory.CreateTempSubdirectory("tongxin-disk-").FullName;
        PostgresCluster.Run("mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", disk);
        try
        {
            await FillAsync(Target.Sqlite(Path.Combine(disk, "data")), Path.Combine(disk, "filler"), () => { });
        }
        finally
        {
            PostgresCluster.Run("umount", "-l", disk);
            Directory.Delete(disk);
        }
    }

    private static async Task FillAsync(Target target, string filler, Action restart)
    {
        var path = Path.GetTempFileName();
        using (var history = new History(path))
        await using (var store = await target.OpenAsync())
        {
            using var stop = new CancellationTokenSource();
            var load = new Load(store, history, "d");
            var running = load.RunAsync(stop.Token);
            await Patience.UntilAsync(() => history.Count > 100, load);
            PostgresCluster.Run("sh", "-c", $"dd if=/dev/zero of={filler} bs=1M 2>/dev/null; true");
            await Patience.UntilAsync(() => load.Refused > 50, load);

            File.Delete(filler);
            // With the journal's disk full PostgreSQL stops itself; whoever runs it starts it again, as systemd would.
            var before = history.Count;
            await Patience.UntilAsync(() => history.Count > before + 100, load, restart);
            await stop.CancelAsync();
            await running;
        }
        Rounds.Say($"disk full ({target.Engine})", 1, await Checker.CheckAsync(target, path));
        File.Delete(path);
    }
}
