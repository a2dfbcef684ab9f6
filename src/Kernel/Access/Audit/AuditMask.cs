using System.Security.Cryptography;
using System.Text;

namespace Tongxin.Kernel.Access;

/// <summary>What the trail keeps of a name or number that was searched for: enough to find out later whether somebody looked for this very one, not what it was.</summary>
/// <remarks>HMAC-SHA256 by a key in a file beside the database; without the key a name could be found by trying all names.</remarks>
public sealed class AuditMask
{
    private const string File = "audit-mask.key";
    private const int Digits = 12;
    private readonly byte[] key;

    private AuditMask(byte[] key) => this.key = key;

    public static AuditMask Of(RecordEngine engine)
    {
        Directory.CreateDirectory(engine.Folder);
        var file = Path.Combine(engine.Folder, File);
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using var stream = new FileStream(file, options);
            stream.Write(RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes));
        }
        catch (IOException) when (System.IO.File.Exists(file))
        {
            // It was made before.
        }

        return new(System.IO.File.ReadAllBytes(file));
    }

    /// <summary>The same text always gives the same mask; case and blanks at the ends do not count.</summary>
    public string Of(string text) =>
        "#" + Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text.Trim().ToLowerInvariant())))[..Digits];
}
