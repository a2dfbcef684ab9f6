using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Engines;

namespace Tongxin.Kernel.Access;

/// <summary>One file of the audit archive: a line that says what is in it, a line for each row with its seal, and a signature over all that.</summary>
/// <remarks>Text, so that it can be read in twenty years without this program: number, milliseconds since 1970, row (base64 of the bytes that were sealed), seal.</remarks>
internal static class ArchiveFile
{
    public const string Pattern = "audit-*.log";
    private const int Format = 1;
    private const string SignatureMark = "signature\t";

    public static string NameOf(long first, long last) => string.Create(CultureInfo.InvariantCulture, $"audit-{first:D12}-{last:D12}.log");

    /// <summary>Number of the last row, by the name alone; null for what is no archive file.</summary>
    public static long? LastIn(string file) =>
        Path.GetFileNameWithoutExtension(file).Split('-') is [_, _, var last] && long.TryParse(last, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Whole or not at all: written beside, flushed to the disk, renamed. Overwrites nothing.</summary>
    public static void Write(string folder, ArchiveHeader header, IReadOnlyList<AuditRow> rows, ECDsa key)
    {
        var file = Path.Combine(folder, NameOf(header.First, header.Last));
        using (var stream = new FileStream(file + ".new", FileMode.Create, FileAccess.Write))
        {
            var text = new StringBuilder(JsonSerializer.Serialize(header with { Format = Format }, ArchiveJson.Default.ArchiveHeader)).Append('\n');
            foreach (var row in rows)
                text.Append(CultureInfo.InvariantCulture, $"{row.Sequence}\t{row.At.ToUnixTimeMilliseconds()}\t{Convert.ToBase64String(row.Kept.Span)}\t{Hex(row.Seal!.Value)}\n");
            var body = Encoding.ASCII.GetBytes(text.ToString());
            stream.Write(body);
            stream.Write(Encoding.ASCII.GetBytes($"{SignatureMark}{Convert.ToBase64String(key.SignData(body, HashAlgorithmName.SHA256))}\n"));
            stream.Flush(flushToDisk: true);
        }

        File.Move(file + ".new", file);
    }

    /// <exception cref="InvalidDataException">The file is not what was signed; one sentence says so.</exception>
    public static (ArchiveHeader Header, IReadOnlyList<AuditRow> Rows) Read(string file, ECDsa key)
    {
        var bytes = File.ReadAllBytes(file);
        var end = bytes.AsSpan().LastIndexOf(Encoding.ASCII.GetBytes('\n' + SignatureMark)) + 1;
        try
        {
            var signature = Convert.FromBase64String(Encoding.ASCII.GetString(bytes.AsSpan(end + SignatureMark.Length)).Trim());
            if (end > 0 && key.VerifyData(bytes.AsSpan(0, end), signature, HashAlgorithmName.SHA256))
            {
                var lines = Encoding.ASCII.GetString(bytes.AsSpan(0, end - 1)).Split('\n');
                return (Header(lines[0]), [.. lines.Skip(1).Select(Row)]);
            }
        }
        catch (Exception changed) when (changed is FormatException or JsonException or IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            // Told below, like any other change.
        }

        throw new InvalidDataException($"The archive file {Path.GetFileName(file)} is not what was signed.");
    }

    /// <summary>What the file says of itself, unchecked: for a page that tells how far back the archive goes.</summary>
    public static ArchiveHeader? HeaderIn(string file)
    {
        try
        {
            return Header(File.ReadLines(file).FirstOrDefault() ?? "");
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ArchiveHeader Header(string line) => JsonSerializer.Deserialize(line, ArchiveJson.Default.ArchiveHeader) ?? throw new JsonException();

    private static AuditRow Row(string line)
    {
        var parts = line.Split('\t');
        var kept = Convert.FromBase64String(parts[2]);
        return new(
            long.Parse(parts[0], CultureInfo.InvariantCulture), DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(parts[1], CultureInfo.InvariantCulture)),
            BodyCodec.Decode(kept), kept, Convert.FromHexString(parts[3]));
    }

    public static string Hex(ReadOnlyMemory<byte> hash) => Convert.ToHexStringLower(hash.Span);
}

/// <summary>What one archive file holds.</summary>
/// <param name="Before">Seal of the row before the first, which ties the file to the one before it.</param>
/// <param name="After">Seal of the last row.</param>
/// <param name="Passages">Passages in this file and in all before it.</param>
internal sealed record ArchiveHeader(int Format, long First, long Last, DateTimeOffset From, DateTimeOffset Until, string Before, string After, long Passages);

[JsonSerializable(typeof(ArchiveHeader))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class ArchiveJson : JsonSerializerContext;
