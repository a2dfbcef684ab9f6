using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>The hash chain over the audit rows: each seal is SHA-256 of the seal before, the row's number, its time and its bytes.</summary>
/// <remarks>Who can write to the database can make a whole new chain; the head, kept in a file outside it, tells.</remarks>
internal static class AuditChain
{
    private const int RowsAtOnce = 1_000;

    /// <summary>Seal before the first row.</summary>
    public static readonly ReadOnlyMemory<byte> Beginning = new byte[SHA256.HashSizeInBytes];

    public static byte[] Seal(ReadOnlySpan<byte> before, AuditRow row)
    {
        Span<byte> numbers = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(numbers, row.Sequence);
        BinaryPrimitives.WriteInt64BigEndian(numbers[8..], row.At.ToUnixTimeMilliseconds());
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(before);
        hash.AppendData(numbers);
        hash.AppendData(row.Kept.Span);
        return hash.GetHashAndReset();
    }

    /// <summary>Walks the whole chain from the first row, through the archive into the table; stops at the first link that does not hold.</summary>
    public static async Task<AuditVerdict> VerifyAsync(IAuditStore store, AuditArchive archive, AuditAnchor anchor, CancellationToken cancel)
    {
        var walk = new Walk(anchor.Read());
        foreach (var file in archive.Files)
            if (await InArchiveAsync(store, archive, file, walk, cancel) is { } broken) return broken;
        while (await store.RowsAsync(walk.Last, RowsAtOnce, cancel) is { Count: > 0 } rows)
            foreach (var row in rows)
                if (walk.Step(row) is { } broken) return broken;
        return walk.IsAnchorSeen ? new(walk.Last, null, null)
            : new(walk.Last, walk.Last + 1, "The end of the audit trail is missing: the file outside the database knows of more rows.");
    }

    /// <summary>Number of the first of some rows whose seal is missing or not what it must be; null when all hold.</summary>
    public static long? FirstBroken(IReadOnlyList<AuditRow> rows, ReadOnlyMemory<byte> before)
    {
        foreach (var row in rows)
        {
            var expected = Seal(before.Span, row);
            if (row.Seal is not { } seal || !seal.Span.SequenceEqual(expected)) return row.Sequence;
            before = expected;
        }

        return null;
    }

    private static async Task<AuditVerdict?> InArchiveAsync(IAuditStore store, AuditArchive archive, string file, Walk walk, CancellationToken cancel)
    {
        IReadOnlyList<AuditRow> rows;
        try
        {
            rows = archive.Read(file).Rows;
        }
        catch (InvalidDataException changed)
        {
            return new(walk.Last, walk.Last + 1, changed.Message);
        }

        var first = walk.Last + 1;
        foreach (var row in rows)
            if (walk.Step(row) is { } broken) return broken;
        // A row may lie in both for a while: then it is the same.
        var archived = rows.ToDictionary(r => r.Sequence);
        foreach (var twice in await store.RowsAsync(first - 1, rows.Count, cancel))
            if (archived.TryGetValue(twice.Sequence, out var row) && (row.At != twice.At || !row.Kept.Span.SequenceEqual(twice.Kept.Span)))
                return new(walk.Last, twice.Sequence, "The row in the table is not the one in the archive.");
        return null;
    }

    /// <summary>Where a walk along the chain has come to.</summary>
    private sealed class Walk(AuditSeal? anchored)
    {
        private ReadOnlyMemory<byte> before = Beginning;

        public long Last { get; private set; }
        public bool IsAnchorSeen { get; private set; } = anchored is null;

        /// <summary>Null when the link holds. A row that is not sealed yet counts with the seal it will get.</summary>
        public AuditVerdict? Step(AuditRow row)
        {
            if (row.Sequence != Last + 1) return new(Last, Last + 1, "A row is missing from the audit trail.");
            Last = row.Sequence;
            var expected = Seal(before.Span, row);
            before = expected;
            if (row.Seal is not { } seal) return anchored?.Sequence >= Last ? new(Last, Last, "A row that was sealed has lost its seal.") : null;
            if (!seal.Span.SequenceEqual(expected)) return new(Last, Last, "The row or its seal was changed.");
            if (anchored?.Sequence != Last) return null;
            IsAnchorSeen = anchored.Hash.Span.SequenceEqual(expected);
            return IsAnchorSeen ? null : new(Last, Last, "The chain was made anew: its seal is not the one kept outside the database.");
        }
    }
}

/// <summary>What verifying the audit trail found.</summary>
/// <param name="Rows">Rows walked.</param>
/// <param name="FirstBroken">Number of the first row that is missing or changed; null when the chain holds.</param>
/// <param name="Problem">One sentence; null when the chain holds.</param>
public sealed record AuditVerdict(long Rows, long? FirstBroken, string? Problem)
{
    public bool Holds => FirstBroken is null;
}

/// <summary>The head of the chain in a file outside the database.</summary>
internal sealed class AuditAnchor(string file)
{
    public AuditSeal? Read()
    {
        if (!File.Exists(file)) return null;
        var parts = File.ReadAllText(file).Split(' ', StringSplitOptions.TrimEntries);
        return new(long.Parse(parts[0], CultureInfo.InvariantCulture), Convert.FromHexString(parts[1]), []);
    }

    /// <summary>Whole or not at all: written beside, flushed to the disk, renamed.</summary>
    public void Write(AuditSeal head)
    {
        var beside = file + ".new";
        using (var stream = File.Create(beside))
        {
            stream.Write(System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{head.Sequence} {Convert.ToHexStringLower(head.Hash.Span)}\n")));
            stream.Flush(flushToDisk: true);
        }

        File.Move(beside, file, overwrite: true);
    }
}
