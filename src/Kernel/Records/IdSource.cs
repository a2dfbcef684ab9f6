using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Tongxin.Kernel.Records;

/// <summary>Makes ids for new resources: UUID version 7 (RFC 9562 §5.7), so that ids sort by the time they were made and index pages stay warm.</summary>
/// <remarks>
/// Within one millisecond a counter keeps the order. Time and randomness come in, so that a run can be replayed from a seed.
/// An id says when it was made and nothing else; it is no secret. Thread-safe.
/// </remarks>
public sealed class IdSource(TimeProvider clock, Random? seeded = null)
{
    private const int CounterBits = 12;

    private readonly Lock gate = new();
    private long last;

    public string Next()
    {
        Span<byte> bytes = stackalloc byte[16];
        lock (gate)
        {
            // 48 bits of milliseconds and a 12-bit counter; a clock that stands still or runs back only lets the counter run on.
            last = Math.Max(last + 1, clock.GetUtcNow().ToUnixTimeMilliseconds() << CounterBits);
            if (seeded is null) RandomNumberGenerator.Fill(bytes[8..]);
            else seeded.NextBytes(bytes[8..]);
            BinaryPrimitives.WriteInt64BigEndian(bytes, ((last >> CounterBits) << 16) | (last & ((1 << CounterBits) - 1)));
        }

        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x70);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }
}
