using System.Globalization;
using System.Security.Cryptography;
using Tongxin.Kernel.Records;

namespace Tongxin.Faults;

/// <summary>What the store acknowledged, written outside it after each acknowledgement: the oracle that no fault may contradict.</summary>
internal sealed class History : IDisposable
{
    private readonly Lock gate = new();
    private readonly StreamWriter file;

    public History(string path) => file = new(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };

    public int Count { get; private set; }

    public void Acknowledged(IReadOnlyList<Committed> answer)
    {
        lock (gate)
        {
            foreach (var stored in answer.Select(c => c.Stored))
                file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{stored.Key} {stored.Version} {Digest(stored)}"));
            Count++;
        }
    }

    public void Dispose() => file.Dispose();

    /// <summary>The lines that were written whole.</summary>
    public static IEnumerable<(ResourceKey Key, long Version, string Digest)> Read(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite));
        var text = reader.ReadToEnd();
        foreach (var line in text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = line.Split(' ');
            yield return (ResourceKey.Parse(parts[0]), long.Parse(parts[1], CultureInfo.InvariantCulture), parts[2]);
        }
    }

    public static string Digest(Stored stored) => stored.IsDeleted ? "deleted" : Convert.ToHexStringLower(SHA256.HashData(stored.Body.Span))[..16];
}
