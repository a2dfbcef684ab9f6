using Microsoft.Extensions.Logging;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>Once a day moves the audit rows that are older than <see cref="Hot"/> out of the table into the <see cref="AuditArchive"/>.</summary>
/// <remarks>
/// A row is forgotten by the table only when its file is on the disk. Rows whose chain does not hold are moved nowhere: first somebody must look.
/// Several servers of one database must share the folder; one that has not the files that came before stops and says so.
/// </remarks>
internal sealed partial class AuditArchiving(IAuditStore store, AuditArchive archive, TimeProvider clock, ILogger<AuditArchiving> logger) : StandingWork
{
    /// <summary>网络安全法 §21: six months at least; the longest six months have 184 days.</summary>
    public static readonly TimeSpan Hot = TimeSpan.FromDays(184);
    public const int RowsPerFile = 5_000;
    private static readonly TimeSpan Every = TimeSpan.FromDays(1);

    protected override Task RunAsync(CancellationToken stoppingToken) => AgainAsync(MoveAsync, Every, clock, Failed, stoppingToken);

    /// <returns>Rows moved.</returns>
    /// <exception cref="InvalidDataException">The chain does not hold, or the files that came before are not here.</exception>
    internal async Task<long> MoveAsync(CancellationToken cancel)
    {
        var moved = 0L;
        await ForgetArchivedAsync(cancel);
        while (await NextAsync(cancel) is { Count: > 0 } rows)
        {
            var newest = archive.Newest;
            var before = newest is null ? AuditChain.Beginning : Convert.FromHexString(newest.After);
            if (AuditChain.FirstBroken(rows, before) is { } broken) throw new InvalidDataException($"Row {broken} of the audit trail does not hold; nothing is archived.");
            archive.Add(rows, before, rows.Sum(r => AuditTrail.EntriesIn(r).Count));
            await ForgetAsync(rows, cancel);
            moved += rows.Count;
        }

        return moved;
    }

    // The newest row stays, so that the table always knows its own place.
    private async Task<List<AuditRow>> NextAsync(CancellationToken cancel)
    {
        var last = archive.Last;
        var rows = await store.RowsAsync(last, RowsPerFile + 1, cancel);
        if (rows is [var first, ..] && first.Sequence != last + 1)
            throw new InvalidDataException($"The table begins with row {first.Sequence} and the archive ends with {last}: the files between are elsewhere.");
        var until = clock.GetUtcNow() - Hot;
        return [.. rows.SkipLast(1).TakeWhile(r => r.At < until && r.Seal is not null)];
    }

    // A file was written, and then the power went.
    private async Task ForgetArchivedAsync(CancellationToken cancel)
    {
        if (archive.Files is not [.., var newest] || (await store.RowsAsync(0, 1, cancel)) is not [var first] || first.Sequence > archive.Last) return;
        await ForgetAsync(archive.Read(newest).Rows, cancel);
    }

    private Task ForgetAsync(IReadOnlyList<AuditRow> rows, CancellationToken cancel) => store.ForgetAsync(
        [.. rows.Select(r => new AuditSeal(r.Sequence, r.Seal!.Value, [.. AuditTrail.EntriesIn(r).SelectMany(e => e.People).Distinct()]))], cancel);

    [LoggerMessage(Level = LogLevel.Error, Message = "Old audit rows could not be archived; they stay in the table and it is tried again tomorrow")]
    private partial void Failed(Exception failure);
}
