using System.Security.Cryptography;
using Tongxin.Fhir;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>The audit rows that are too old for the table, in signed files outside the database; with the table one unbroken chain.</summary>
/// <remarks>
/// 网络安全法 §21 asks for logs of six months at least, GB/T 22239-2019 8.1.4.3 that they are kept from being lost or changed. Whoever holds the machine
/// holds the key too: what a forger cannot make is the chain, whose head is anchored, and copies of the files elsewhere. The public key lies with the
/// files, so that a copy can be checked by itself.
/// </remarks>
internal sealed class AuditArchive(string folder, string keyFile)
{
    public const string FolderName = "audit-archive", KeyName = "audit-archive.key";
    private const string PublicKey = "public-key.pem";

    public static AuditArchive Of(RecordEngine engine) => new(Path.Combine(engine.Folder, FolderName), Path.Combine(engine.Folder, KeyName));

    /// <summary>Files in the order of their rows.</summary>
    public IReadOnlyList<string> Files => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, ArchiveFile.Pattern).Where(f => ArchiveFile.LastIn(f) is not null).Order(StringComparer.Ordinal)] : [];

    /// <summary>Number of the last archived row; 0 when there is none.</summary>
    public long Last => Files is [.., var newest] ? ArchiveFile.LastIn(newest)!.Value : 0;

    /// <summary>What the newest file says of all; null when nothing is archived.</summary>
    public ArchiveHeader? Newest => Files is [.., var newest] ? ArchiveFile.HeaderIn(newest) : null;

    /// <summary>Null when nothing is archived.</summary>
    public ArchivedTrail? Told => Newest is { } newest && ArchiveFile.HeaderIn(Files[0]) is { } oldest ? new(newest.Passages, oldest.From, newest.Until) : null;

    /// <exception cref="InvalidDataException">The file is not what was signed, or the key is gone; one sentence says so.</exception>
    public (ArchiveHeader Header, IReadOnlyList<AuditRow> Rows) Read(string file)
    {
        if (!File.Exists(keyFile)) throw new InvalidDataException($"{KeyName} is missing, so that no archive file can be checked.");
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(keyFile));
        return ArchiveFile.Read(file, key);
    }

    /// <summary>The archived rows before a number that lie in one file, newest first; empty when there are none.</summary>
    /// <exception cref="RefusedException">409 when the file was changed.</exception>
    public IReadOnlyList<AuditRow> RowsBefore(long before)
    {
        if (Files.LastOrDefault(f => ArchiveFile.HeaderIn(f) is not { } header || header.First < before) is not { } file) return [];
        try
        {
            return [.. Read(file).Rows.Where(r => r.Sequence < before).Reverse()];
        }
        catch (InvalidDataException changed)
        {
            throw RefusedException.Because(409, "conflict", $"归档的审计文件不可信，请运行 tongxin verify。{changed.Message}");
        }
    }

    /// <summary>Adds the rows that come next; they must follow the last archived one.</summary>
    public void Add(IReadOnlyList<AuditRow> rows, ReadOnlyMemory<byte> before, int passages)
    {
        Directory.CreateDirectory(folder);
        using var key = Key();
        var header = new ArchiveHeader(
            0, rows[0].Sequence, rows[^1].Sequence, rows[0].At, rows[^1].At, ArchiveFile.Hex(before), ArchiveFile.Hex(rows[^1].Seal!.Value), (Newest?.Passages ?? 0) + passages);
        ArchiveFile.Write(folder, header, rows, key);
    }

    private ECDsa Key()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(keyFile))
        {
            key.ImportFromPem(File.ReadAllText(keyFile));
            return key;
        }

        if (Files.Count > 0) throw new InvalidDataException($"{KeyName} is missing: a new key would make two archives of one.");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(keyFile, options)) writer.Write(key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Path.Combine(folder, PublicKey), key.ExportSubjectPublicKeyInfoPem());
        return key;
    }
}

/// <summary>How far back the archive goes: for the pages that show what is not archived yet.</summary>
public sealed record ArchivedTrail(long Passages, DateTimeOffset From, DateTimeOffset Until);
