using System.Security.Cryptography;
using System.Text;

namespace Tongxin.Web.Fhir.Bulk;

/// <summary>Which units of which files are in the record already: a text file with one name in each line, only ever appended to.</summary>
/// <remarks>A file that has changed since (other size or time) is another file and is imported anew.</remarks>
public sealed class ImportState : IDisposable
{
    private readonly HashSet<string> done;
    private readonly StreamWriter notes;
    private readonly Lock gate = new();

    private ImportState(string run, HashSet<string> done, StreamWriter notes) => (Run, this.done, this.notes) = (run, done, notes);

    /// <summary>Name of this set of files, in front of every idempotency key.</summary>
    public string Run { get; }

    /// <param name="where">Which record it goes into: the same files into another record are another import.</param>
    /// <param name="anew">Forget what an earlier run noted.</param>
    public static ImportState Open(string folder, string where, IReadOnlyList<string> files, bool anew)
    {
        var what = where + '\n' + string.Join('\n', files.Select(f => new FileInfo(f)).Select(f => $"{f.FullName} {f.Length} {f.LastWriteTimeUtc.Ticks}"));
        var run = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(what)))[..16];
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"import-{run}.state");
        if (anew) File.Delete(path);
        var known = File.Exists(path) ? File.ReadAllLines(path).ToHashSet(StringComparer.Ordinal) : [];
        return new(run, known, new StreamWriter(path, append: true) { AutoFlush = true });
    }

    public int Known => done.Count;

    public bool IsDone(string unit) => done.Contains(unit);

    public void Note(string unit)
    {
        lock (gate) notes.WriteLine(unit);
    }

    public void Dispose() => notes.Dispose();
}
