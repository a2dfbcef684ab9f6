using System.Diagnostics;
using Tongxin.Kernel.Tests.Records;

namespace Tongxin.Faults;

/// <summary>fsync begins to fail: nothing is acknowledged on the strength of a failed flush, and what was acknowledged before is still there afterwards.</summary>
/// <remarks>A preloaded library makes fsync and fdatasync return EIO while a file exists. PostgreSQL then stops itself rather than try again.</remarks>
public sealed class FailingSyncTests
{
    private const string Shim = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <stdlib.h>
        #include <unistd.h>
        static int failing(void) { const char *f = getenv("FAILING_SYNC"); return f && access(f, F_OK) == 0; }
        int fsync(int fd) { if (failing()) { errno = EIO; return -1; } return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd); }
        int fdatasync(int fd) { if (failing()) { errno = EIO; return -1; } return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd); }
        """;

    [Fact]
    public async Task A_flush_that_fails_is_never_acknowledged_by_PostgreSQL()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/gcc"), "The shim that makes fsync fail is compiled with gcc: apt-get install gcc libc6-dev");
        await using var cluster = await PostgresCluster.StartAsync(extraSettings: "wal_sync_method = fdatasync\n");
        var (library, trigger) = (Path.Combine(cluster.Root, "shim.so"), Path.Combine(cluster.Root, "failing"));
        Compile(cluster.Root, library);
        cluster.Stop();
        cluster.Start($"LD_PRELOAD={library}", $"FAILING_SYNC={trigger}");

        var target = await Target.PostgresAsync(cluster);
        var path = Path.GetTempFileName();
        using (var history = new History(path))
        await using (var store = await target.OpenAsync())
        {
            using var stop = new CancellationTokenSource();
            var load = new Load(store, history, "f");
            var running = load.RunAsync(stop.Token);
            await Patience.UntilAsync(() => history.Count > 200, load);
            await File.WriteAllTextAsync(trigger, "", TestContext.Current.CancellationToken);
            await Patience.UntilAsync(() => load.Refused > 100, load);
            var acknowledged = history.Count;
            await Task.Delay(500, TestContext.Current.CancellationToken);
            Assert.Equal(acknowledged, history.Count);

            File.Delete(trigger);
            await Patience.UntilAsync(() => history.Count > acknowledged + 50, load, () => cluster.StartIfStopped());
            await stop.CancelAsync();
            await running;
        }
        Rounds.Say("failing fsync (postgres)", 1, await Checker.CheckAsync(target, path));
        File.Delete(path);
    }

    [Fact]
    public async Task A_flush_that_fails_is_never_acknowledged_by_SQLite()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/gcc"), "The shim that makes fsync fail is compiled with gcc: apt-get install gcc libc6-dev");
        var target = Target.Sqlite();
        var (library, trigger, path) = (Path.Combine(target.Place, "shim.so"), Path.Combine(target.Place, "failing"), Path.GetTempFileName());
        Compile(target.Place, library);
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["child", target.Engine, target.Place, path, "f"]) { RedirectStandardOutput = true };
        (start.Environment["LD_PRELOAD"], start.Environment["FAILING_SYNC"]) = (library, trigger);
        using var child = Process.Start(start)!;
        Assert.Equal("ready", await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        await Task.Delay(700, TestContext.Current.CancellationToken);

        await File.WriteAllTextAsync(trigger, "", TestContext.Current.CancellationToken);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        var acknowledged = History.Read(path).Count();
        await Task.Delay(700, TestContext.Current.CancellationToken);
        Assert.Equal(acknowledged, History.Read(path).Count());

        File.Delete(trigger);
        for (var waited = 0; History.Read(path).Count() < acknowledged + 50; waited++)
        {
            Assert.False(child.HasExited, "The server ended instead of going on when the disk was well again.");
            Assert.True(waited < 300, "Nothing was stored although the disk is well again.");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        child.Kill();
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Rounds.Say("failing fsync (sqlite)", 1, await Checker.CheckAsync(target, path));
        File.Delete(path);
    }

    private static void Compile(string folder, string library)
    {
        var source = Path.Combine(folder, "shim.c");
        File.WriteAllText(source, Shim);
        PostgresCluster.Run("gcc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl");
    }
}
