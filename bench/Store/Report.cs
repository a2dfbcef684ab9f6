using System.Diagnostics;
using System.Globalization;

namespace Tongxin.Bench.Store;

/// <summary>Prints one line for each measurement: rate, and processor milliseconds an item of this process and of the database.</summary>
internal sealed class Report(ProcessorTime database)
{
    public static void Say(string line) => Console.WriteLine(line);

    public async Task MeasureAsync(string what, int items, Func<Task> work)
    {
        var (ours, theirs, clock) = (Process.GetCurrentProcess().TotalProcessorTime, database.Now(), Stopwatch.StartNew());
        await work();
        Line(what, items, clock.Elapsed, Process.GetCurrentProcess().TotalProcessorTime - ours, database.Now() - theirs);
    }

    /// <summary>Runs the same thing with some clients for a while.</summary>
    public async Task MeasureAsync(string what, int clients, TimeSpan time, Func<int, Task> one)
    {
        for (var i = 0; i < 50; i++) await one(i);
        var (ours, theirs, clock) = (Process.GetCurrentProcess().TotalProcessorTime, database.Now(), Stopwatch.StartNew());
        var count = 0;
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            while (clock.Elapsed < time) await one(Interlocked.Increment(ref count));
        })));
        Line(what, count, clock.Elapsed, Process.GetCurrentProcess().TotalProcessorTime - ours, database.Now() - theirs);
    }

    private static void Line(string what, int items, TimeSpan time, TimeSpan ours, TimeSpan theirs) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {what} | {items / time.TotalSeconds:F0}/s | {ours.TotalMilliseconds / items:F2} | {theirs.TotalMilliseconds / items:F2} |"));
}

/// <summary>Processor time of a postmaster and all its children, living and ended, from /proc.</summary>
internal sealed class ProcessorTime(int postmaster)
{
    private const int TicksPerSecond = 100;

    public TimeSpan Now()
    {
        var ticks = 0L;
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(f => int.TryParse(Path.GetFileName(f), out _)))
        {
            if (Stat(folder) is not { } stat) continue;
            var isPostmaster = Path.GetFileName(folder) == postmaster.ToString(CultureInfo.InvariantCulture);
            if (isPostmaster) ticks += stat[11] + stat[12] + stat[13] + stat[14];
            else if (stat[1] == postmaster) ticks += stat[11] + stat[12];
        }
        return TimeSpan.FromSeconds((double)ticks / TicksPerSecond);
    }

    /// <summary>Fields of /proc/pid/stat from the state on; null when the process is gone.</summary>
    private static long[]? Stat(string folder)
    {
        try
        {
            var text = File.ReadAllText(Path.Combine(folder, "stat"));
            return [.. text[(text.LastIndexOf(')') + 2)..].Split(' ').Select(f => long.TryParse(f, out var n) ? n : 0)];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
