using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Web.Fhir.Bulk;

/// <summary>The bulk jobs of this server: taken, worked one after the other, kept a day after they ended. What a restart stopped goes on.</summary>
internal sealed partial class BulkJobs : StandingWork
{
    /// <summary>Jobs of one caller that are not over.</summary>
    public const int MostOpenEach = 3;

    /// <summary>Jobs on the disk, over or not.</summary>
    public const int Most = 200;

    private static readonly TimeSpan KeptAfter = TimeSpan.FromHours(24);
    private const string Note = "job.json";

    private readonly string folder;
    private readonly string inbox;
    private readonly RecordAccess record;
    private readonly TimeProvider clock;
    private readonly IdSource ids;
    private readonly ILogger<BulkJobs> logger;
    private readonly ConcurrentDictionary<string, BulkJob> jobs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, CancellationTokenSource> running = new(StringComparer.Ordinal);
    private readonly Channel<string> queue = Channel.CreateUnbounded<string>();

    public BulkJobs(RecordEngine engine, RecordAccess record, TimeProvider clock, ILogger<BulkJobs> logger)
    {
        (this.record, this.clock, this.logger) = (record, clock, logger);
        ids = new(clock);
        folder = Path.Combine(engine.Folder, "bulk");
        inbox = Path.Combine(engine.Folder, "inbox");
    }

    /// <summary>Folder from which files are imported.</summary>
    public string Inbox => inbox;

    /// <summary>Null when there is none of this caller: another's job looks like no job.</summary>
    public BulkJob? Find(Caller caller, string id) => jobs.TryGetValue(id, out var job) && job.IsOf(caller) ? job : null;

    /// <summary>Path of a file of the job; null when the job has no such file.</summary>
    public string? PathOf(BulkJob job, string name) =>
        job.Files.Concat(job.Errors).Any(f => f.Name == name) ? Path.Combine(folder, job.Id, name) : null;

    /// <summary>Resources written so far, as far as they were counted.</summary>
    public static long Progress(BulkJob job) => job.Files.Sum(f => f.Count);

    /// <summary>Throws <see cref="RefusedException"/> (429) when the caller has too many that are not over.</summary>
    public BulkJob Take(Func<string, BulkJob> make)
    {
        Sweep();
        var job = make(ids.Next());
        if (jobs.Count >= Most || jobs.Values.Count(j => !j.IsOver && j.Caller.Subject == job.Caller.Subject) >= MostOpenEach)
            throw RefusedException.Because(429, "throttled", $"There are exports or imports under way already; {MostOpenEach} at once are taken from one caller.");
        Save(job);
        queue.Writer.TryWrite(job.Id);
        return job;
    }

    /// <summary>Stops the job if it runs and forgets it with its files.</summary>
    public void Drop(BulkJob job)
    {
        if (!jobs.TryRemove(job.Id, out _)) return;
        if (running.TryGetValue(job.Id, out var stop)) stop.Cancel();
        else DeleteFolder(job.Id);
    }

    protected override async Task RunAsync(CancellationToken stopping)
    {
        await Task.Yield();
        Load();
        await foreach (var id in queue.Reader.ReadAllAsync(stopping))
        {
            if (!jobs.TryGetValue(id, out var job)) continue;
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            running[id] = stop;
            try
            {
                await RunAsync(job, stop.Token);
            }
            finally
            {
                running.TryRemove(id, out _);
                if (!jobs.ContainsKey(id)) DeleteFolder(id);
            }
        }
    }

    private async Task RunAsync(BulkJob job, CancellationToken cancel)
    {
        try
        {
            job = Save(job with { State = BulkState.Running });
            job = job.Kind is BulkKind.Export
                ? await new BulkExport(record, Path.Combine(folder, job.Id), Save).RunAsync(job, cancel)
                : await BulkImport.RunAsync(record, job, inbox, Path.Combine(folder, job.Id), cancel);
            Save(job with { State = BulkState.Done, Ended = clock.GetUtcNow() });
        }
        catch (OperationCanceledException)
        {
            // Dropped, or the server stops; in the second case the note says Running and the next start goes on.
        }
        catch (Exception broken)
        {
            var why = broken is RefusedException or IOException ? broken.Message : "Something broke here; the server's log says what.";
            Broke(broken, job.Id);
            Save(jobs.GetValueOrDefault(job.Id, job) with { State = BulkState.Failed, Ended = clock.GetUtcNow(), Why = why });
        }
    }

    // A note is written whole under another name first: a crash leaves the old one or the new one.
    private BulkJob Save(BulkJob job)
    {
        var home = Directory.CreateDirectory(Path.Combine(folder, job.Id)).FullName;
        var path = Path.Combine(home, Note);
        File.WriteAllBytes(path + ".part", JsonSerializer.SerializeToUtf8Bytes(job, BulkJobJson.Default.BulkJob));
        File.Move(path + ".part", path, overwrite: true);
        if (job.State is BulkState.Waiting || jobs.ContainsKey(job.Id)) jobs[job.Id] = job;
        return job;
    }

    private void Load()
    {
        if (!Directory.Exists(folder)) return;
        foreach (var home in Directory.EnumerateDirectories(folder))
        {
            try
            {
                var job = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(home, Note)), BulkJobJson.Default.BulkJob);
                if (job is null || !jobs.TryAdd(job.Id, job)) continue;
                if (!job.IsOver) queue.Writer.TryWrite(job.Id);
            }
            catch (Exception unreadable) when (unreadable is JsonException or IOException)
            {
                Broke(unreadable, Path.GetFileName(home));
            }
        }
    }

    private void Sweep()
    {
        foreach (var job in jobs.Values.Where(j => j.Ended is { } ended && clock.GetUtcNow() - ended > KeptAfter).ToList()) Drop(job);
    }

    private void DeleteFolder(string id)
    {
        try
        {
            Directory.Delete(Path.Combine(folder, id), recursive: true);
        }
        catch (IOException stays)
        {
            Broke(stays, id);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Bulk job {Id} broke")]
    private partial void Broke(Exception exception, string id);
}
