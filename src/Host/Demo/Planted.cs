using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tongxin.Host.Demo;

/// <summary>One thing that was planted in the synthetic county and that somebody should find: a line of the truth file.</summary>
/// <remarks>Members that say nothing of a kind are null and not written. What each kind says stands in docs/use/demo-county.md.</remarks>
internal sealed record Planted
{
    public const string Duplicate = "duplicate", NoNumber = "no-number", Lost = "lost", MovedVillage = "moved-village", MergedTownship = "merged-township",
        OldAddress = "old-address", FalsifiedReadings = "falsified-readings", Cluster = "cluster", ClusterCase = "cluster-case";

    public required string Kind { get; init; }

    /// <summary>Id of the Patient.</summary>
    public string? Person { get; init; }

    /// <summary>Of a duplicate: the Patient that is the same person.</summary>
    public string? Of { get; init; }

    /// <summary>Of a duplicate: in what the second registration differs (number, name, birth, phone).</summary>
    public IReadOnlyList<string>? Differs { get; init; }

    /// <summary>Id of the Organization: the clinic, the village, the township.</summary>
    public string? Organisation { get; init; }

    /// <summary>Id of the township a village came from.</summary>
    public string? From { get; init; }

    /// <summary>Id of the township it belongs to now.</summary>
    public string? Into { get; init; }

    /// <summary>The day of it: of the move, of the last visit of the lost, of the onset.</summary>
    public DateOnly? On { get; init; }

    /// <summary>ICD-10 code of a cluster's illness.</summary>
    public string? Illness { get; init; }
}

/// <summary>The truth beside the county: NDJSON, one <see cref="Planted"/> a line, so that detectors can be scored.</summary>
internal static class TruthFile
{
    private static readonly JsonSerializerOptions Lines = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Beside the folder, not in it: who looks for defects in the record shall not stumble over the answers.</summary>
    public static string Beside(string folder) => $"{Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))}.truth.ndjson";

    /// <summary>Whole or not at all. Returns how many lines it has.</summary>
    public static async Task<int> WriteAsync(string path, IEnumerable<Planted> truth, CancellationToken cancel)
    {
        var lines = 0;
        await using (var text = new StreamWriter(path + ".part"))
            foreach (var planted in truth)
            {
                await text.WriteLineAsync(JsonSerializer.Serialize(planted, Lines).AsMemory(), cancel);
                lines++;
            }

        File.Move(path + ".part", path, overwrite: true);
        return lines;
    }

    public static IEnumerable<Planted> Read(string path) => File.ReadLines(path).Select(line => JsonSerializer.Deserialize<Planted>(line, Lines)!);
}
