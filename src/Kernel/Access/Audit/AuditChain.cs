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

    /// <summary>Walks the whole chain from the first row; stops at the first link that does not hold.</summary>
    public static async Task<AuditVerdict> VerifyAsync(IAuditStore store, AuditAnchor anchor, CancellationToken cancel)
    {
        var (before, last, unsealed) = (Beginning, 0L, 0L);
        var anchored = anchor.Read();
        var anchorSeen = anchored is null;
        while (await store.RowsAsync(last, RowsAtOnce, cancel) is { Count: > 0 } rows)
            foreach (var row in rows)
            {
                if (row.Sequence != last + 1) return new(last, last + 1, "A row is missing from the audit trail.");
                last = row.Sequence;
                if (row.Seal is not { } seal)
                {
                    if (anchored is { } a && a.Sequence >= row.Sequence) return new(last, last, "A row that was sealed has lost its seal.");
                    unsealed++;
                    continue;
                }

                if (unsealed > 0) return new(last, last - unsealed, "A row before sealed ones has no seal.");
                var expected = Seal(before.Span, row);
                if (!seal.Span.SequenceEqual(expected)) return new(last, last, "The row or its seal was changed.");
                before = expected;
                if (anchored is { } head && head.Sequence == last)
                {
                    if (!head.Hash.Span.SequenceEqual(expected)) return new(last, last, "The chain was made anew: its seal is not the one kept outside the database.");
                    anchorSeen = true;
                }
            }

        return anchorSeen ? new(last, null, null) : new(last, last + 1, "The end of the audit trail is missing: the file outside the database knows of more rows.");
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
