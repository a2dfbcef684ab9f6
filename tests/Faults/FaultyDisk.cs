using System.Diagnostics;
using Tongxin.Kernel.Tests.Records;

namespace Tongxin.Faults;

/// <summary>A disk with a volatile cache whose power can be cut: whatever was not flushed is gone, what was flushed stays.</summary>
/// <remarks>
/// file → nbdkit with a write-back cache → nbdfuse → loop device → ext4. Killing nbdkit loses its cache, which is what a disk loses with its power;
/// killing a process never does, because the kernel keeps the pages. A rig that loses nothing when flushes are off would prove nothing:
/// the tests show both.
/// </remarks>
internal sealed class FaultyDisk : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("tongxin-power-").FullName;
    private readonly Process fuse;
    private string loop = "";

    private FaultyDisk()
    {
        PostgresCluster.Run("chmod", "755", root);
        PostgresCluster.Run("truncate", "-s", "1G", Image);
        PostgresCluster.Run("mkfs.ext4", "-q", "-F", Image);
        File.WriteAllText(Path.Combine(root, "nbd"), "");
        Directory.CreateDirectory(Mount);
        PostgresCluster.Run(
            "nbdkit", "-U", Path.Combine(root, "sock"), "-P", Path.Combine(root, "nbd.pid"), "--filter=cache", "file", Image, "cache=writeback", "cache-max-size=2G");
        WaitFor(() => File.Exists(Path.Combine(root, "sock")));
        fuse = Process.Start(new ProcessStartInfo("nbdfuse", [Path.Combine(root, "nbd"), "--unix", Path.Combine(root, "sock")]) { RedirectStandardError = true })!;
        WaitFor(() => new FileInfo(Path.Combine(root, "nbd")).Length > 0);
    }

    /// <summary>Where the disk is mounted.</summary>
    public string Mount => Path.Combine(root, "m");

    private string Image => Path.Combine(root, "disk.img");

    /// <summary>Why there can be no such disk here; null when there can.</summary>
    public static string? Missing()
    {
        if (!Environment.IsPrivilegedProcess) return "Cutting a disk's power needs root (loop devices and mounts).";
        string[] programs = ["/usr/sbin/losetup", "/usr/bin/nbdkit", "/usr/bin/nbdfuse", "/usr/sbin/mkfs.ext4"];
        if (Array.Find(programs, p => !File.Exists(p)) is { } absent) return $"{absent} is not installed: apt-get install nbdkit libnbd-bin e2fsprogs util-linux";
        if (!File.Exists("/dev/fuse") || !File.Exists("/dev/loop-control")) return "This machine gives no FUSE or loop devices.";
        return null;
    }

    public static FaultyDisk Make()
    {
        var disk = new FaultyDisk();
        disk.loop = Output("losetup", "-f", "--show", Path.Combine(disk.root, "nbd"));
        PostgresCluster.Run("mount", disk.loop, disk.Mount);
        return disk;
    }

    /// <summary>The power goes: kill whoever used the disk afterwards, then <see cref="Restore"/>.</summary>
    public void CutPower()
    {
        using var server = Process.GetProcessById(int.Parse(File.ReadAllText(Path.Combine(root, "nbd.pid")), System.Globalization.CultureInfo.InvariantCulture));
        server.Kill();
    }

    /// <summary>The power is back: mounts what the disk kept, at the same place.</summary>
    public void Restore()
    {
        Detach();
        PostgresCluster.Run("mount", "-o", "loop", Image, Mount);
    }

    public void Dispose()
    {
        Quietly("umount", "-l", Mount);
        Detach();
        fuse.Dispose();
        Directory.Delete(root, recursive: true);
    }

    private void Detach()
    {
        if (loop.Length is 0) return;
        Quietly("umount", "-l", Mount);
        Quietly("losetup", "-d", loop);
        fuse.Kill();
        fuse.WaitForExit(2_000);
        Quietly("umount", "-l", Path.Combine(root, "nbd"));
        loop = "";
    }

    private static void Quietly(string program, params string[] arguments)
    {
        try
        {
            PostgresCluster.Run(program, arguments);
        }
        catch (InvalidOperationException)
        {
            // It was not mounted, or is no longer.
        }
    }

    private static string Output(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var text = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return text.Length > 0 ? text : throw new InvalidOperationException($"{program} gave nothing.");
    }

    private static void WaitFor(Func<bool> reached)
    {
        var clock = Stopwatch.StartNew();
        while (!reached())
        {
            if (clock.Elapsed > TimeSpan.FromSeconds(10)) throw new InvalidOperationException("The faulty disk did not come up.");
            Thread.Sleep(20);
        }
    }
}
