using System.Collections.Concurrent;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Tongxin.Kernel.Records.Engines;

/// <summary>How a body lies in its column: as it is when short, else as a marker byte and a Zstandard frame (RFC 8878) made with a shared dictionary.</summary>
/// <remarks>
/// One resource holds little that repeats within itself and much that repeats from one to the next: with a dictionary of such resources a body takes
/// a third to a half of what it takes without. A dictionary that was once used is never changed: a new one gets the next marker (docs/decisions/bodies.md).
/// </remarks>
internal static class BodyCodec
{
    // JSON starts with '{', so one byte tells stored bodies apart; it also names the dictionary.
    private const byte FirstDictionary = 0x02;
    private const int WorthCompressing = 64;
    private const int Level = 3;

    // More than run at once on the machines this is for; the rest are made and thrown away.
    private const int MostIdle = 8;

    private static readonly byte[] Dictionary = Read("bodies-1.dict");
    private static readonly Idle<Compressor> Compressors = new(NewCompressor);
    private static readonly Idle<Decompressor> Decompressors = new(NewDecompressor);

    public static byte[] Encode(ReadOnlySpan<byte> json)
    {
        if (json.Length < WorthCompressing) return json.ToArray();
        var compressor = Compressors.Take();
        try
        {
            var most = Compressor.GetCompressBound(json.Length) + 1;
            var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(most);
            buffer[0] = FirstDictionary;
            var length = compressor.Wrap(json, buffer.AsSpan(1)) + 1;
            var encoded = length < json.Length ? buffer.AsSpan(0, length).ToArray() : json.ToArray();
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
            return encoded;
        }
        finally
        {
            Compressors.Return(compressor);
        }
    }

    public static byte[] Decode(byte[] stored) => stored is [FirstDictionary, ..] ? Decode(stored.AsSpan()) : stored;

    /// <summary>Throws <see cref="InvalidDataException"/> when the bytes are not what was written.</summary>
    public static byte[] Decode(ReadOnlySpan<byte> stored)
    {
        if (stored is not [FirstDictionary, .. var frame]) return stored.ToArray();
        var decompressor = Decompressors.Take();
        try
        {
            // Every frame says how long its body is.
            var length = Decompressor.GetDecompressedSize(frame);
            if (length > BodyReader.LargestBody * 2) throw new InvalidDataException("A stored body says that it is longer than any can be: the database is damaged.");
            var body = new byte[length];
            return decompressor.Unwrap(frame, body) == body.Length ? body
                : throw new InvalidDataException("A stored body is not as long as it says: the database is damaged.");
        }
        catch (ZstdException damaged)
        {
            throw new InvalidDataException("A stored body does not decompress: the database is damaged.", damaged);
        }
        finally
        {
            Decompressors.Return(decompressor);
        }
    }

    private static Compressor NewCompressor()
    {
        var compressor = new Compressor(Level);
        // The marker names the dictionary; four bytes in each frame need not say it again.
        compressor.SetParameter(ZSTD_cParameter.ZSTD_c_dictIDFlag, 0);
        compressor.LoadDictionary(Dictionary);
        return compressor;
    }

    private static Decompressor NewDecompressor()
    {
        var decompressor = new Decompressor();
        decompressor.LoadDictionary(Dictionary);
        return decompressor;
    }

    private static byte[] Read(string name)
    {
        using var stream = typeof(BodyCodec).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not in the program.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Contexts between two uses. Counted here, because the bag stops all threads to count.</summary>
    private sealed class Idle<T>(Func<T> make)
        where T : IDisposable
    {
        private readonly ConcurrentBag<T> bag = [];
        private int count;

        public T Take()
        {
            if (!bag.TryTake(out var one)) return make();
            Interlocked.Decrement(ref count);
            return one;
        }

        public void Return(T one)
        {
            if (Interlocked.Increment(ref count) <= MostIdle)
            {
                bag.Add(one);
                return;
            }

            Interlocked.Decrement(ref count);
            one.Dispose();
        }
    }
}
