namespace Tongxin.Modules.People.Adt;

/// <summary>Frames of the Minimal Lower Layer Protocol: 0B, message, 1C 0D. What stands between frames is skipped, a frame that is begun anew before its end is dropped.</summary>
internal sealed class MllpFrames(Stream stream)
{
    public const byte Start = 0x0B, End = 0x1C, Return = 0x0D;
    public const int LargestFrame = 1 << 20;

    /// <summary>Bytes outside of frames that are skipped at a time; a peer that sends more speaks something else.</summary>
    private const int MostBetween = 1_024;

    private const int Piece = 16 << 10;
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly byte[] buffer = new byte[Piece];
    private int at;
    private int length;

    /// <summary>Frames that were begun and never ended.</summary>
    public int Truncated { get; private set; }

    /// <summary>The next message; null when the peer has left or is to be left: it fell silent within a frame, sent too much, or speaks another protocol.</summary>
    public async Task<MllpFrame?> NextAsync(CancellationToken cancel)
    {
        using var frame = new MemoryStream();
        var (isInside, between) = (false, 0);
        while (true)
        {
            if (at == length && !await FillAsync(isInside ? Patience : Idle, cancel))
            {
                if (isInside) Truncated++;
                return null;
            }

            var rest = buffer.AsSpan(at, length - at);
            if (!isInside)
            {
                var start = rest.IndexOf(Start);
                between += start < 0 ? rest.Length : start;
                if (between > MostBetween) return null;
                at += start < 0 ? rest.Length : start + 1;
                isInside = start >= 0;
                continue;
            }

            var mark = rest.IndexOfAny(Start, End);
            frame.Write(mark < 0 ? rest : rest[..mark]);
            at += mark < 0 ? rest.Length : mark + 1;
            if (frame.Length > LargestFrame) return new([], IsTooLarge: true);
            if (mark < 0) continue;
            if (rest[mark] is End) return new(frame.ToArray());
            Truncated++;
            frame.SetLength(0);
        }
    }

    private async Task<bool> FillAsync(TimeSpan patience, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        try
        {
            (at, length) = (0, await stream.ReadAsync(buffer, limit.Token));
            return length > 0;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
        catch (IOException)
        {
            return false;
        }
    }
}

/// <summary>One message as bytes.</summary>
/// <param name="IsTooLarge">True: it was larger than <see cref="MllpFrames.LargestFrame"/> and was not read.</param>
internal sealed record MllpFrame(byte[] Bytes, bool IsTooLarge = false);
