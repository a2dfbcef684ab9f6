namespace Tongxin.Kernel.Records;

/// <summary>The audit rows of one engine: append-only, numbered in commit order without gaps. What a row says is Access's; here it is bytes.</summary>
/// <remarks>The oldest are moved to an archive and forgotten. Commits write their row themselves (<see cref="PreparedCommit.Audit"/>), in the same sequence.</remarks>
internal interface IAuditStore : IAsyncDisposable
{
    /// <summary>Appends rows in one durable transaction.</summary>
    Task AppendAsync(IReadOnlyList<ReadOnlyMemory<byte>> entries, DateTimeOffset at, CancellationToken cancel);

    /// <summary>Rows after a sequence number, in order, with their seals where they have one.</summary>
    Task<IReadOnlyList<AuditRow>> RowsAsync(long after, int limit, CancellationToken cancel);

    /// <summary>The last seal; null when nothing was sealed yet.</summary>
    Task<AuditSeal?> HeadAsync(CancellationToken cancel);

    /// <summary>Stores seals and the people each row is about. False when another server sealed one of them first: nothing is stored then.</summary>
    Task<bool> SealAsync(IReadOnlyList<AuditSeal> seals, CancellationToken cancel);

    /// <summary>Forgets rows that are archived, with their seals and people, in one durable transaction; the newest row is never among them.</summary>
    Task ForgetAsync(IReadOnlyList<AuditSeal> archived, CancellationToken cancel);

    /// <summary>Sealed rows, newest first, of one person or (null) of all, before a sequence number.</summary>
    Task<IReadOnlyList<AuditRow>> LatestAsync(string? person, long before, int limit, CancellationToken cancel);
}

/// <summary>One audit row.</summary>
/// <param name="Entry">What was written.</param>
/// <param name="Kept">The bytes as the engine keeps them, which are what is sealed: a changed byte tells even where it changes no word.</param>
/// <param name="Seal">Hash of this row and of all before it; null in the second before the row is sealed.</param>
internal sealed record AuditRow(long Sequence, DateTimeOffset At, ReadOnlyMemory<byte> Entry, ReadOnlyMemory<byte> Kept, ReadOnlyMemory<byte>? Seal);

/// <summary>The seal of one row.</summary>
/// <param name="People">Ids of the Patients whom the row is about.</param>
internal sealed record AuditSeal(long Sequence, ReadOnlyMemory<byte> Hash, IReadOnlyCollection<string> People);
