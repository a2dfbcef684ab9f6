using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Modules.People.Rolls;

/// <summary>The rolls that were sent by the page: taken, looked at, imported one after the other, forgotten a day after. What a restart stopped starts again.</summary>
/// <remarks>The work is <see cref="ImportRoll"/>'s, as of the command; a run that was stopped may simply start again, since it adds nobody twice.</remarks>
public sealed partial class RollDesk : StandingWork
{
    /// <summary>Rolls of one person that are kept at a time.</summary>
    public const int MostEach = 5;

    /// <summary>Rolls on the disk.</summary>
    public const int Most = 200;

    public const string RefusedName = "refused.xlsx";
    private const string FileName = "roll";
    private const string Note = "job.json";
    private const int LongestName = 100;
    private static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    private readonly string folder;
    private readonly ImportRoll import;
    private readonly TimeProvider clock;
    private readonly IdSource ids;
    private readonly ILogger<RollDesk> logger;
    private readonly ConcurrentDictionary<string, RollJob> jobs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> done = new(StringComparer.Ordinal);
    private readonly Channel<string> queue = Channel.CreateUnbounded<string>();
    private readonly Lock gate = new();

    public RollDesk(RecordEngine engine, ImportRoll import, TimeProvider clock, IdSource ids, ILogger<RollDesk> logger)
    {
        (this.import, this.clock, this.ids, this.logger) = (import, clock, ids, logger);
        folder = Path.Combine(engine.Folder, "rolls");
    }

    /// <summary>Null when there is none of this caller: another's looks like none.</summary>
    public RollJob? Find(Caller caller, string id) => jobs.TryGetValue(id, out var job) && job.IsOf(caller) ? job : null;

    /// <summary>The caller's rolls, the newest first.</summary>
    public IReadOnlyList<RollJob> Of(Caller caller) => [.. jobs.Values.Where(j => j.IsOf(caller)).OrderByDescending(j => j.At)];

    /// <summary>Rows done so far, and rolls that are worked before this one.</summary>
    public (int Rows, int Before) Progress(RollJob job) =>
        (done.GetValueOrDefault(job.Id), jobs.Values.Count(j => j.IsUnderWay && j.Id != job.Id && string.CompareOrdinal(j.Id, job.Id) < 0));

    /// <summary>Path of the workbook of refused rows; null when the last run refused none.</summary>
    public string? RefusedRows(RollJob job) => job is { IsUnderWay: false, Counts.Refused: > 0 } ? Path.Combine(folder, job.Id, RefusedName) : null;

    /// <summary>Keeps the file and guesses its columns. Refuses 422 what is no roll, 413 what is too large, 429 when the caller has too many.</summary>
    public RollJob Take(Caller caller, string fileName, byte[] file, string clinic)
    {
        Sweep();
        if (jobs.Count >= Most || jobs.Values.Count(j => j.IsOf(caller)) >= MostEach)
            throw RefusedException.Because(429, "throttled", $"已有 {MostEach} 份花名册，请先删去做完的。");
        var lines = RollSheet.Read(file);
        var job = new RollJob
        {
            Id = ids.Next(), Caller = caller with { BrokenGlass = null }, At = clock.GetUtcNow(), Clinic = clinic, Lines = lines.Count,
            FileName = fileName.Length > LongestName ? fileName[^LongestName..] : fileName, Top = [.. lines.Take(RollJob.LinesShown)], Columns = RollColumns.Guess(lines),
        };
        File.WriteAllBytes(Path.Combine(Home(job.Id), FileName), file);
        Save(job);
        jobs[job.Id] = job;
        return job;
    }

    /// <summary>Changes what is not under way. Refuses 409 what is.</summary>
    public RollJob Change(RollJob job, Func<RollJob, RollJob> change)
    {
        lock (gate)
        {
            if (!jobs.TryGetValue(job.Id, out var standing)) throw RefusedException.Because(404, "not-found", "这份花名册已经删去。");
            if (standing.IsUnderWay) throw RefusedException.Because(409, "conflict", "这份花名册正在处理，请等它做完。");
            var changed = change(standing);
            Save(changed);
            jobs[job.Id] = changed;
            if (changed.IsUnderWay) queue.Writer.TryWrite(job.Id);
            return changed;
        }
    }

    /// <summary>Forgets the roll with its file. Refuses 409 one that is under way.</summary>
    public void Drop(RollJob job)
    {
        lock (gate)
        {
            if (jobs.TryGetValue(job.Id, out var standing) && standing.IsUnderWay) throw RefusedException.Because(409, "conflict", "这份花名册正在处理，请等它做完。");
            jobs.TryRemove(job.Id, out _);
        }

        if (Directory.Exists(Path.Combine(folder, job.Id))) Directory.Delete(Path.Combine(folder, job.Id), recursive: true);
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        Load();
        await foreach (var id in queue.Reader.ReadAllAsync(stoppingToken))
            if (jobs.TryGetValue(id, out var job) && job.IsUnderWay) await RunAsync(job, stoppingToken);
    }

    private async Task RunAsync(RollJob job, CancellationToken cancel)
    {
        try
        {
            Set(job = job with { State = RollState.Running });
            var lines = RollSheet.Read(await File.ReadAllBytesAsync(Path.Combine(folder, job.Id, FileName), cancel));
            var outcome = await import.HandleAsync(job.Caller, new(lines, job.Columns, job.Clinic, job.IsDryRun), new Count(done, job.Id), cancel);
            await using (var workbook = File.Create(Path.Combine(folder, job.Id, RefusedName))) RollReport.Write(workbook, job.Columns, outcome.Refused);
            Set(job with { State = RollState.Ended, Counts = RollCounts.Of(outcome, job.Columns), Why = null, Ended = clock.GetUtcNow() });
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The server is ending: the note says that it is under way, and the next start begins again.
        }
        catch (Exception broken)
        {
            if (broken is not RefusedException) Broke(broken, job.Id);
            var why = broken is RefusedException refused ? string.Join(' ', refused.Issues.Select(i => i.Diagnostics)) : "处理中断，已记入日志；可以再运行一次。";
            Set(job with { State = RollState.Failed, Why = why, Ended = clock.GetUtcNow() });
        }
        finally
        {
            done.TryRemove(job.Id, out _);
        }
    }

    private void Set(RollJob job)
    {
        lock (gate)
        {
            Save(job);
            jobs[job.Id] = job;
        }
    }

    // A note is written whole under another name first: a crash leaves the old one or the new one.
    private void Save(RollJob job)
    {
        var path = Path.Combine(Home(job.Id), Note);
        File.WriteAllBytes(path + ".part", JsonSerializer.SerializeToUtf8Bytes(job, RollJobJson.Default.RollJob));
        File.Move(path + ".part", path, overwrite: true);
    }

    // People's names and numbers: the owner's alone.
    private string Home(string id)
    {
        var home = Path.Combine(folder, id);
        if (OperatingSystem.IsWindows()) return Directory.CreateDirectory(home).FullName;
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return Directory.CreateDirectory(home, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
    }

    private void Load()
    {
        if (!Directory.Exists(folder)) return;
        foreach (var home in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            try
            {
                var job = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(home, Note)), RollJobJson.Default.RollJob);
                if (job is not null && jobs.TryAdd(job.Id, job) && job.IsUnderWay) queue.Writer.TryWrite(job.Id);
            }
            catch (Exception unreadable) when (unreadable is JsonException or IOException)
            {
                Broke(unreadable, Path.GetFileName(home));
            }
        }
    }

    private void Sweep()
    {
        foreach (var job in jobs.Values.Where(j => !j.IsUnderWay && clock.GetUtcNow() - (j.Ended ?? j.At) > Kept).ToList()) Drop(job);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Roll {Id} broke")]
    private partial void Broke(Exception exception, string id);

    private sealed class Count(ConcurrentDictionary<string, int> done, string id) : IProgress<int>
    {
        public void Report(int value) => done[id] = value;
    }
}
