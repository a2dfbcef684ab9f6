using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Tongxin.Kernel.Programmes.Packages;

/// <summary>Which packages have passed their golden cases together, so that a start does not try again what this very program has tried.</summary>
/// <remarks>
/// Known by the digests of all packages and the build of the engine: whoever changes a file or the program is tried anew. Kept beside the
/// packages, whose owner may change them as well; where that cannot be written, every process tries once.
/// </remarks>
internal sealed class PassedCases(string folder)
{
    private const string FileName = "passed-cases";
    private const int LongestFile = 10_000;
    private static readonly ConcurrentDictionary<string, bool> InThisProcess = new(StringComparer.Ordinal);

    private string Place => Path.Combine(folder, FileName);

    public static string Key(IEnumerable<ProgrammePackage> packages)
    {
        var text = new StringBuilder();
        foreach (var type in new[] { typeof(PassedCases), typeof(Fhir.Issue) }) text.Append(type.Module.ModuleVersionId).Append('\n');
        foreach (var digest in packages.Select(p => $"{p.Source.Name} {p.Source.Digest}").Order(StringComparer.Ordinal)) text.Append(digest).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    public bool Contains(string key)
    {
        if (InThisProcess.ContainsKey(key)) return true;
        try
        {
            return new FileInfo(Place) is { Exists: true, Length: < LongestFile } && File.ReadAllText(Place).Trim() == key;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    public void Add(string key)
    {
        InThisProcess.TryAdd(key, true);
        try
        {
            File.WriteAllText(Place, key + "\n");
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            // An installation that is read-only: the next process tries again.
        }
    }
}
