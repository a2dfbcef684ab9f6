using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>Every passage through the door, on record: reads within a second, writes with their own transaction, all sealed into one chain.</summary>
/// <remarks>The queue is bounded: when the database cannot follow, callers wait; nothing is dropped. One per server; several may share a database.</remarks>
public sealed partial class AuditTrail : BackgroundService
{
    public const int LongestQueue = 10_000;
    private const int EntriesPerRow = 100;
    private const int RowsAtOnce = 1_000;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan PaceAfterFailure = TimeSpan.FromSeconds(1);

    private readonly Channel<AuditEntry> queue = Channel.CreateBounded<AuditEntry>(new BoundedChannelOptions(LongestQueue) { SingleReader = true });
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly List<AuditEntry> taken = [];
    private readonly IAuditStore store;
    private readonly AuditAnchor anchor;
    private readonly TimeProvider clock;
    private readonly ILogger<AuditTrail> logger;
    private AuditSeal? head;

    internal AuditTrail(IAuditStore store, AuditAnchor anchor, TimeProvider clock, ILogger<AuditTrail> logger) =>
        (this.store, this.anchor, this.clock, this.logger) = (store, anchor, clock, logger);

    /// <summary>Told of each entry after it is on record; alert rules listen here. Must not throw.</summary>
    public Action<AuditEntry>? Recorded { get; set; }

    /// <summary>Waits when the queue is full.</summary>
    public ValueTask NoteAsync(AuditEntry entry, CancellationToken cancel) =>
        queue.Writer.TryWrite(entry) ? ValueTask.CompletedTask : queue.Writer.WriteAsync(entry, cancel);

    /// <summary>Who looked at this person's record or changed it, newest first (谁看过我的档案); at most a second behind.</summary>
    public async Task<AuditPage> OfPersonAsync(string patientId, CancellationToken cancel, long? before = null, int rows = 200)
    {
        var found = await store.LatestAsync(patientId, before ?? long.MaxValue, rows, cancel);
        return Page(found, rows, e => e.People.Contains(patientId));
    }

    /// <summary>The whole trail, newest first: for the auditor.</summary>
    public async Task<AuditPage> LatestAsync(CancellationToken cancel, long? before = null, int rows = 50) =>
        Page(await store.LatestAsync(null, before ?? long.MaxValue, rows, cancel), rows, _ => true);

    /// <summary>Finds the first broken link.</summary>
    public Task<AuditVerdict> VerifyAsync(CancellationToken cancel) => AuditChain.VerifyAsync(store, anchor, cancel);

    /// <summary>Writes what is queued and seals what is written, now.</summary>
    public async Task FlushAsync(CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            while (await AppendAsync(cancel)) { }
            await SealAsync(cancel);
        }
        finally
        {
            turn.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var wait = Pace;
            try
            {
                await FlushAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                NotWritten(failure);
                wait = PaceAfterFailure;
            }

            try
            {
                await Task.Delay(wait, clock, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Writer.TryComplete();
        await base.StopAsync(cancellationToken);
        await FlushAsync(cancellationToken);
    }

    // What was taken from the queue stays in hand until it is stored, so a failure loses nothing.
    private async Task<bool> AppendAsync(CancellationToken cancel)
    {
        while (taken.Count < EntriesPerRow * RowsAtOnce && queue.Reader.TryRead(out var entry)) taken.Add(entry);
        if (taken.Count is 0) return false;
        await store.AppendAsync([.. taken.Chunk(EntriesPerRow).Select(c => (ReadOnlyMemory<byte>)AuditEntry.Row(c))], clock.GetUtcNow(), cancel);
        if (Recorded is { } listeners)
            foreach (var entry in taken) listeners(entry);
        taken.Clear();
        return true;
    }

    private async Task SealAsync(CancellationToken cancel)
    {
        head ??= await store.HeadAsync(cancel);
        while (await store.RowsAsync(head?.Sequence ?? 0, RowsAtOnce, cancel) is { Count: > 0 } rows)
        {
            var seals = new List<AuditSeal>(rows.Count);
            var last = head;
            foreach (var row in rows)
            {
                last = new(row.Sequence, AuditChain.Seal((last?.Hash ?? AuditChain.Beginning).Span, row), People(row));
                seals.Add(last);
            }

            // Another server may have sealed these; its seals are the same, since the rows are.
            if (await store.SealAsync(seals, cancel)) head = last;
            else head = await store.HeadAsync(cancel);
            anchor.Write(head!);
        }
    }

    private static IReadOnlyCollection<string> People(AuditRow row)
    {
        try
        {
            return [.. AuditEntry.Read(row.Entry).SelectMany(e => e.People)];
        }
        catch (System.Text.Json.JsonException)
        {
            // A row that somebody put there by hand is sealed as it is and names nobody; it must not stop the chain.
            return [];
        }
    }

    private static AuditPage Page(IReadOnlyList<AuditRow> rows, int asked, Func<AuditEntry, bool> wanted) => new(
        [.. rows.SelectMany(r => AuditEntry.Read(r.Entry).Index().Where(e => wanted(e.Item)).Select(e => new AuditedPassage($"{r.Sequence}.{e.Index}", e.Item)).Reverse())],
        rows.Count == asked ? rows[^1].Sequence : null);

    [LoggerMessage(Level = LogLevel.Error, Message = "Audit entries could not be written; they are kept and tried again")]
    private partial void NotWritten(Exception failure);
}

/// <summary>A page of the trail, newest first.</summary>
/// <param name="Next">Pass as <c>before</c> for the next page; null on the last.</param>
public sealed record AuditPage(IReadOnlyList<AuditedPassage> Passages, long? Next);

/// <summary>An entry and its place in the chain, row and position in the row.</summary>
public sealed record AuditedPassage(string Id, AuditEntry Entry);
