using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>Every passage through the door, on record: reads within a second, writes with their own transaction, all sealed into one chain.</summary>
/// <remarks>The queue is bounded: when the database cannot follow, callers wait; nothing is dropped. One per server; several may share a database.</remarks>
public sealed partial class AuditTrail : BackgroundService, IAsyncDisposable
{
    public const int LongestQueue = 10_000;
    private const int EntriesPerRow = 250;
    private const int RowsAtOnce = 1_000;

    /// <summary>Rows that one page of a search may walk; it says where it stopped.</summary>
    public const int MostWalked = 20_000;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan PaceAfterFailure = TimeSpan.FromSeconds(1);

    private readonly Channel<AuditEntry> queue = Channel.CreateBounded<AuditEntry>(new BoundedChannelOptions(LongestQueue) { SingleReader = true });
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly List<AuditEntry> taken = [];

    // Rows that this server wrote and nobody sealed yet: sealing them need not read them again.
    private readonly List<(byte[] Row, AuditEntry[] Entries)> own = [];
    private readonly IAuditStore store;
    private readonly AuditAnchor anchor;
    private readonly AuditArchive archive;
    private readonly TimeProvider clock;
    private readonly ILogger<AuditTrail> logger;
    private AuditSeal? head;
    private volatile bool isRunning, isStopped;

    internal AuditTrail(IAuditStore store, AuditAnchor anchor, AuditArchive archive, TimeProvider clock, ILogger<AuditTrail> logger) =>
        (this.store, this.anchor, this.archive, this.clock, this.logger) = (store, anchor, archive, clock, logger);

    /// <summary>Told of each row that this server sealed, by its number; alert rules listen here. Must not throw.</summary>
    public Action<long, IReadOnlyList<AuditEntry>>? Sealed { get; set; }

    /// <summary>What no longer stands in the table but in the archive; null when that is nothing.</summary>
    public ArchivedTrail? Archived => archive.Told;

    /// <summary>Waits when the queue is full.</summary>
    public ValueTask NoteAsync(AuditEntry entry, CancellationToken cancel) =>
        queue.Writer.TryWrite(entry) ? ValueTask.CompletedTask : WhenThereIsRoomAsync(entry, cancel);

    // A command serves nothing and runs no background service: it writes itself.
    private async ValueTask WhenThereIsRoomAsync(AuditEntry entry, CancellationToken cancel)
    {
        if (!isRunning) await FlushAsync(cancel);
        await queue.Writer.WriteAsync(entry, cancel);
    }

    /// <summary>Sealed rows after a number, in order; for rules that catch up.</summary>
    internal async Task<IReadOnlyList<(long Sequence, IReadOnlyList<AuditEntry> Entries)>> SealedAfterAsync(long after, int rows, CancellationToken cancel) =>
        [.. (await store.RowsAsync(after, rows, cancel)).TakeWhile(r => r.Seal is not null).Select(r => (r.Sequence, EntriesIn(r)))];

    /// <summary>Who looked at this person's record or changed it, newest first (谁看过我的档案); at most a second behind, and not what is <see cref="Archived"/>.</summary>
    public async Task<AuditPage> OfPersonAsync(string patientId, CancellationToken cancel, long? before = null, int rows = 200)
    {
        var found = await store.LatestAsync(patientId, before ?? long.MaxValue, rows, cancel);
        return Page(found, rows, e => e.People.Contains(patientId));
    }

    /// <summary>The whole trail, newest first: for the auditor.</summary>
    public async Task<AuditPage> LatestAsync(CancellationToken cancel, long? before = null, int rows = 50) =>
        Page(await store.LatestAsync(null, before ?? long.MaxValue, rows, cancel), rows, _ => true);

    /// <summary>What an auditor looks for, newest first, on into the archive; walks back through about <see cref="MostWalked"/> rows for one page.</summary>
    public async Task<AuditPage> FindAsync(Func<AuditEntry, bool> wanted, string? person, int passages, CancellationToken cancel, long? before = null)
    {
        var (found, at, walked, archived) = (new List<AuditedPassage>(), before ?? long.MaxValue, 0, archive.Last);
        while (found.Count < passages && walked < MostWalked)
        {
            var inArchive = at <= archived + 1;
            var rows = inArchive ? archive.RowsBefore(at) : await store.LatestAsync(person, at, RowsAtOnce, cancel);
            foreach (var row in rows)
            {
                at = row.Sequence;
                walked++;
                found.AddRange(Passages(row, e => (person is null || e.People.Contains(person)) && wanted(e)));
                if (found.Count >= passages) return new(found, at);
            }

            if (inArchive ? rows.Count is 0 : rows.Count < RowsAtOnce && archived is 0) return new(found, null);
            if (!inArchive && rows.Count < RowsAtOnce) at = Math.Min(at, archived + 1);
        }

        return new(found, at);
    }

    /// <summary>Finds the first broken link.</summary>
    public Task<AuditVerdict> VerifyAsync(CancellationToken cancel) => AuditChain.VerifyAsync(store, archive, anchor, cancel);

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
        isRunning = true;
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
        isStopped = true;
    }

    /// <summary>What a command did is on record before it ends.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        if (!isRunning && !isStopped) await FlushAsync(default);
        Dispose();
    }

    // What was taken from the queue stays in hand until it is stored, so a failure loses nothing.
    private async Task<bool> AppendAsync(CancellationToken cancel)
    {
        while (taken.Count < EntriesPerRow * RowsAtOnce && queue.Reader.TryRead(out var entry)) taken.Add(entry);
        if (taken.Count is 0) return false;
        var rows = taken.Chunk(EntriesPerRow).Select(c => (Row: AuditEntry.Row(c), Entries: c)).ToList();
        await store.AppendAsync([.. rows.Select(r => (ReadOnlyMemory<byte>)r.Row)], clock.GetUtcNow(), cancel);
        own.AddRange(rows);
        taken.Clear();
        return true;
    }

    private async Task SealAsync(CancellationToken cancel)
    {
        head ??= await store.HeadAsync(cancel);
        while (await store.RowsAsync(head?.Sequence ?? 0, RowsAtOnce, cancel) is { Count: > 0 } rows)
        {
            var seals = new List<AuditSeal>(rows.Count);
            var (last, told) = (head, new List<(long, IReadOnlyList<AuditEntry>)>(rows.Count));
            foreach (var row in rows)
            {
                var entries = OwnEntriesIn(row) ?? EntriesIn(row);
                last = new(row.Sequence, AuditChain.Seal((last?.Hash ?? AuditChain.Beginning).Span, row), [.. entries.SelectMany(e => e.People)]);
                seals.Add(last);
                told.Add((row.Sequence, entries));
            }

            // Another server may have sealed these; its seals are the same, since the rows are.
            var areOurs = await store.SealAsync(seals, cancel);
            head = areOurs ? last : await store.HeadAsync(cancel);
            anchor.Write(head!);
            if (areOurs && Sealed is { } listener)
                foreach (var (sequence, entries) in told) listener(sequence, entries);
        }

        own.Clear();
    }

    // Null for what a commit or another server wrote, and for what somebody changed meanwhile.
    private IReadOnlyList<AuditEntry>? OwnEntriesIn(AuditRow row)
    {
        var at = own.FindIndex(o => row.Entry.Span.SequenceEqual(o.Row));
        if (at < 0) return null;
        var entries = own[at].Entries;
        own.RemoveRange(0, at + 1);
        return entries;
    }

    internal static IReadOnlyList<AuditEntry> EntriesIn(AuditRow row)
    {
        try
        {
            return AuditEntry.Read(row.Entry);
        }
        catch (System.Text.Json.JsonException)
        {
            // A row that somebody put there by hand is sealed as it is and names nobody; it must not stop the chain.
            return [];
        }
    }

    private static AuditPage Page(IReadOnlyList<AuditRow> rows, int asked, Func<AuditEntry, bool> wanted) =>
        new([.. rows.SelectMany(r => Passages(r, wanted))], rows.Count == asked ? rows[^1].Sequence : null);

    private static IEnumerable<AuditedPassage> Passages(AuditRow row, Func<AuditEntry, bool> wanted) =>
        EntriesIn(row).Index().Where(e => wanted(e.Item)).Select(e => new AuditedPassage($"{row.Sequence}.{e.Index}", e.Item)).Reverse();

    [LoggerMessage(Level = LogLevel.Error, Message = "Audit entries could not be written; they are kept and tried again")]
    private partial void NotWritten(Exception failure);
}

/// <summary>A page of the trail, newest first.</summary>
/// <param name="Next">Pass as <c>before</c> for the next page; null on the last.</param>
public sealed record AuditPage(IReadOnlyList<AuditedPassage> Passages, long? Next);

/// <summary>An entry and its place in the chain, row and position in the row.</summary>
public sealed record AuditedPassage(string Id, AuditEntry Entry);
