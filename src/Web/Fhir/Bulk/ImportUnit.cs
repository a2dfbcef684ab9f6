using System.Buffers;
using System.IO.Compression;

namespace Tongxin.Web.Fhir.Bulk;

/// <summary>What is imported in one commit: a whole JSON file, or some lines of an NDJSON file.</summary>
/// <param name="File">Path as it was found.</param>
/// <param name="FirstLine">Number of the first line, from 1; 0 when the unit is the whole file.</param>
/// <param name="Texts">One JSON text each.</param>
/// <param name="End">Bytes of the file that are read when this unit is.</param>
public sealed record ImportUnit(string File, long FirstLine, IReadOnlyList<ImportUnit.Line> Texts, long End)
{
    /// <summary>Lines of NDJSON in one commit: enough to share a disk flush, few enough to find a bad one by trying each.</summary>
    public const int LinesPerUnit = 250;

    /// <summary>One JSON text and the line it stands in, from 1.</summary>
    public readonly record struct Line(long Number, ReadOnlyMemory<byte> Text);

    public bool IsLines => FirstLine > 0;

    /// <summary>The same unit of the same file is the same name in the next run.</summary>
    public string Name => $"{File}:{FirstLine}";

    public static bool IsImportable(string path)
    {
        var name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        return name.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".ndjson", StringComparison.OrdinalIgnoreCase);
    }

    public static async IAsyncEnumerable<ImportUnit> ReadAsync(string path, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        var length = file.Length;
        var isPacked = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        await using var stream = isPacked ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
        if ((isPacked ? path[..^3] : path).EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            using var whole = new MemoryStream(isPacked ? 1 << 20 : (int)Math.Min(file.Length, BundleChanges.LargestFile));
            await stream.CopyToAsync(whole, cancel);
            yield return new(path, 0, [new(0, whole.ToArray())], length);
            yield break;
        }

        var lines = new List<Line>(LinesPerUnit);
        long number = 0, first = 1;
        await foreach (var line in LinesAsync(stream, cancel))
        {
            number++;
            if (!IsBlank(line)) lines.Add(new(number, line));
            if (number - first + 1 < LinesPerUnit) continue;
            yield return new(path, first, lines, file.Position);
            lines = new(LinesPerUnit);
            first = number + 1;
        }

        if (lines.Count > 0) yield return new(path, first, lines, length);
    }

    /// <summary>Lines as bytes of their own; a line longer than a resource may be is cut there and refused later.</summary>
    private static async IAsyncEnumerable<byte[]> LinesAsync(Stream stream, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var reader = System.IO.Pipelines.PipeReader.Create(stream, new(bufferSize: 1 << 16, leaveOpen: true));
        while (true)
        {
            var read = await reader.ReadAsync(cancel);
            var buffer = read.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                yield return buffer.Slice(0, end).ToArray();
                buffer = buffer.Slice(buffer.GetPosition(1, end));
            }

            if (buffer.Length > BundleChanges.LargestFile) throw new IOException("The file has a line that is longer than any resource may be.");
            if (read.IsCompleted)
            {
                if (buffer.Length > 0) yield return buffer.ToArray();
                break;
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
        }

        await reader.CompleteAsync();
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => !line.ContainsAnyExcept(" \t\r"u8);
}
