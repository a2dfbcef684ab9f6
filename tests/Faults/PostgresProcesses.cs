using System.Diagnostics;
using System.Globalization;
using Tongxin.Kernel.Tests.Records;

namespace Tongxin.Faults;

/// <summary>The processes of a cluster, found by their parent in /proc.</summary>
internal static class PostgresProcesses
{
    /// <summary>The children, then the postmaster.</summary>
    public static IReadOnlyList<int> Of(PostgresCluster cluster) => [.. Children(cluster.ProcessId), cluster.ProcessId];

    public static List<int> Children(int postmaster) => [.. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName)
        .Where(name => int.TryParse(name, out _)).Select(name => int.Parse(name!, CultureInfo.InvariantCulture)).Where(pid => IsChild(pid, postmaster))];

    /// <summary>Serves a connection, and is not one of the server's own workers.</summary>
    public static bool IsSession(int pid) => ReadProcess(pid, "cmdline").Contains("[local]", StringComparison.Ordinal);

    /// <summary>kill -9; a process that is gone already is as dead as wanted.</summary>
    public static void Kill(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            // It died before us.
        }
    }

    public static async Task GoneAsync(IEnumerable<int> processes)
    {
        while (processes.Any(pid => Directory.Exists($"/proc/{pid}"))) await Task.Delay(20);
    }

    private static bool IsChild(int pid, int postmaster)
    {
        var stat = ReadProcess(pid, "stat");
        return stat.Contains("(postgres)", StringComparison.Ordinal) && stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1] == $"{postmaster}";
    }

    private static string ReadProcess(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
