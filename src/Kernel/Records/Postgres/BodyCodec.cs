using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>How a body lies in its column: as it is when short, else Brotli behind a marker byte and its length.</summary>
/// <remarks>PostgreSQL compresses only rows beyond 2 KB, and most resources are shorter; compressed here they cost a third of the disk and of the journal.</remarks>
internal static class BodyCodec
{
    private const byte Compressed = 0x01; // JSON starts with '{', so one byte tells the two apart.
    private const int HeadLength = 5;
    private const int WorthCompressing = 200;
    private const int Quality = 3;
    private const int Window = 18;

    public static byte[] Encode(ReadOnlySpan<byte> json)
    {
        if (json.Length < WorthCompressing) return json.ToArray();
        var buffer = ArrayPool<byte>.Shared.Rent(json.Length);
        try
        {
            if (!BrotliEncoder.TryCompress(json, buffer.AsSpan(0, json.Length - HeadLength), out var written, Quality, Window)) return json.ToArray();
            var encoded = new byte[HeadLength + written];
            encoded[0] = Compressed;
            BinaryPrimitives.WriteInt32LittleEndian(encoded.AsSpan(1), json.Length);
            buffer.AsSpan(0, written).CopyTo(encoded.AsSpan(HeadLength));
            return encoded;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public static byte[] Decode(byte[] stored) => stored.Length is 0 || stored[0] is not Compressed ? stored : Decode(stored.AsSpan());

    public static byte[] Decode(ReadOnlySpan<byte> stored)
    {
        if (stored is [] || stored[0] is not Compressed) return stored.ToArray();
        var json = new byte[BinaryPrimitives.ReadInt32LittleEndian(stored[1..])];
        return BrotliDecoder.TryDecompress(stored[HeadLength..], json, out var written) && written == json.Length
            ? json
            : throw new InvalidDataException("A stored body does not decompress to its length: the database is damaged.");
    }
}
