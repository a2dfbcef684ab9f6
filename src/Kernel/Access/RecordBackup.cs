using System.Security.Cryptography;
using System.Text.Json;
using Tongxin.Kernel.Records.Postgres;
using Tongxin.Kernel.Records.Sqlite;

namespace Tongxin.Kernel.Access;

/// <summary>The record with its history, audit trail, accounts and keys in one folder, made while others work, and back again.</summary>
/// <remarks>
/// What is derived and lies beside the record (flat views, indicators) stays out: it is made again. The folder holds the keys, so it must be kept as
/// safely as the record itself. <c>backup.json</c> names every file with its length and SHA-256; nothing is restored that does not agree with it.
/// </remarks>
public static class RecordBackup
{
    private const string ManifestFile = "backup.json";
    private const string DumpFile = "record.pgdump";
    private const string AnchorFile = "audit.head";
    private const int Format = 1;

    // What lies beside the record and cannot be made anew; patterns of the data folder.
    private static readonly string[] Beside = [AnchorFile, "*.key", "protection/*.xml"];
    private static readonly string[] Archive = [$"{AuditArchive.FolderName}/*"];
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    /// <summary>The files of a backup, and when and of what it was made.</summary>
    public sealed record Manifest(int Format, string Engine, DateTimeOffset At, IReadOnlyList<Entry> Files);

    /// <param name="Name">Path in the folder, with slashes.</param>
    /// <param name="Sha256">Lower-case hexadecimal.</param>
    public sealed record Entry(string Name, long Bytes, string Sha256);

    /// <summary>Writes the backup into a folder, which is made; the manifest comes last, so that a folder without one is no backup.</summary>
    /// <exception cref="IOException">The folder is not empty, or something could not be read or written.</exception>
    public static async Task<Manifest> WriteAsync(RecordEngine engine, string folder, DateTimeOffset at, CancellationToken cancel)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()) throw new IOException($"{folder} is not empty: a backup overwrites nothing.");
        Directory.CreateDirectory(folder);
        // The anchor of the audit chain first: a copy of the record that is newer than it still holds it, an older one would seem cut off.
        foreach (var name in NamesIn(engine.Folder, Beside)) CopyFile(Path.Combine(engine.Folder, name), Path.Combine(folder, name));
        if (engine is RecordEngine.Postgres postgres) await PostgresDump.WriteAsync(postgres.Connection, Path.Combine(folder, DumpFile), cancel);
        else
            foreach (var name in NamesIn(engine.Folder, ["*.db"])) SqliteFile.Copy(Path.Combine(engine.Folder, name), Path.Combine(folder, name));

        // The archive last: what moved there meanwhile is in both, which is no harm; the other way round it would be in neither.
        foreach (var name in NamesIn(engine.Folder, Archive).Where(n => !n.EndsWith(".new", StringComparison.Ordinal)))
            CopyFile(Path.Combine(engine.Folder, name), Path.Combine(folder, name));
        // The key that the archive is signed with may have been made meanwhile.
        if (!File.Exists(Path.Combine(folder, AuditArchive.KeyName)))
            foreach (var name in NamesIn(engine.Folder, [AuditArchive.KeyName])) CopyFile(Path.Combine(engine.Folder, name), Path.Combine(folder, name));

        var manifest = new Manifest(Format, NameOf(engine), at, [.. NamesIn(folder, ["*", "protection/*", .. Archive]).Select(name => Described(folder, name))]);
        await File.WriteAllTextAsync(Path.Combine(folder, ManifestFile), JsonSerializer.Serialize(manifest, Readable), cancel);
        return manifest;
    }

    /// <summary>Puts a backup where no record is yet.</summary>
    /// <exception cref="InvalidOperationException">The folder is no backup, was changed, is of the other engine, or a record is there already.</exception>
    public static async Task<Manifest> RestoreAsync(RecordEngine engine, string folder, CancellationToken cancel)
    {
        var manifest = await CheckedAsync(folder, cancel);
        if (manifest.Engine != NameOf(engine))
            throw new InvalidOperationException($"The backup is of {manifest.Engine}; moving to {NameOf(engine)} goes by 'tongxin export' and 'tongxin import'.");
        if (NamesIn(engine.Folder, [.. Beside, .. Archive, "*.db"]).FirstOrDefault() is { } there)
            throw new InvalidOperationException($"{engine.Folder} holds a record already ({there}): restore into an empty folder.");
        Directory.CreateDirectory(engine.Folder);
        if (engine is RecordEngine.Postgres postgres) await PostgresDump.RestoreAsync(postgres.Connection, Path.Combine(folder, DumpFile), cancel);
        // The record last: a folder with only half of it must not look like a whole one.
        foreach (var file in manifest.Files.Where(f => f.Name is not DumpFile).OrderBy(f => f.Name is SqliteStore.FileName))
            CopyFile(Path.Combine(folder, file.Name), Path.Combine(engine.Folder, file.Name));
        return manifest;
    }

    private static async Task<Manifest> CheckedAsync(string folder, CancellationToken cancel)
    {
        var path = Path.Combine(folder, ManifestFile);
        if (!File.Exists(path)) throw new InvalidOperationException($"{folder} is no backup, or one that was not finished: it has no {ManifestFile}.");
        var manifest = JsonSerializer.Deserialize<Manifest>(await File.ReadAllTextAsync(path, cancel))
            ?? throw new InvalidOperationException($"{path} is empty.");
        if (manifest.Format > Format) throw new InvalidOperationException($"The backup has format {manifest.Format}, this program knows {Format}: use a newer program.");
        foreach (var file in manifest.Files)
        {
            var full = Path.GetFullPath(Path.Combine(folder, file.Name));
            if (!full.StartsWith(Path.GetFullPath(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                throw new InvalidOperationException($"{path} names '{file.Name}', which is outside the backup.");
            if (!File.Exists(full)) throw new InvalidOperationException($"{file.Name} is missing in the backup.");
            if (Described(folder, file.Name) != file) throw new InvalidOperationException($"{file.Name} is not what was backed up: its length or SHA-256 differs.");
        }

        return manifest;
    }

    private static string NameOf(RecordEngine engine) => engine is RecordEngine.Postgres ? "PostgreSQL" : "SQLite";

    private static IEnumerable<string> NamesIn(string folder, string[] patterns) => !Directory.Exists(folder) ? [] :
        from pattern in patterns
        let below = Path.GetDirectoryName(pattern) ?? ""
        where Directory.Exists(Path.Combine(folder, below))
        from file in Directory.EnumerateFiles(Path.Combine(folder, below), Path.GetFileName(pattern))
        select Path.GetRelativePath(folder, file).Replace('\\', '/');

    private static Entry Described(string folder, string name)
    {
        using var stream = File.OpenRead(Path.Combine(folder, name));
        return new(name, stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
    }

    private static void CopyFile(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to);
        // Keys are nobody else's to read, whatever the folder was made with.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(to, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
