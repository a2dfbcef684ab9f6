using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;
using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>The keys of the platform, in files of the data folder that only its owner can read; made at first use.</summary>
/// <remarks>Whoever can read the folder can make tokens, and could read the record beside it anyway.</remarks>
public static class Keys
{
    private const string SigningFile = "signing.key";
    private const string EncryptionFile = "encryption.key";

    /// <summary>ECDSA P-256 for tokens (ES256).</summary>
    public static ECDsaSecurityKey Signing(RecordEngine engine)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(Load(engine, SigningFile, () => ECDsa.Create(ECCurve.NamedCurves.nistP256).ExportPkcs8PrivateKey()), out _);
        var id = Base64UrlEncoder.Encode(SHA256.HashData(key.ExportSubjectPublicKeyInfo())[..8]);
        return new(key) { KeyId = id };
    }

    public static SymmetricSecurityKey Encryption(RecordEngine engine) => new(Load(engine, EncryptionFile, () => RandomNumberGenerator.GetBytes(32)));

    /// <summary>The folder of the keys that protect cookies and forms.</summary>
    public static DirectoryInfo Protection(RecordEngine engine) => Directory.CreateDirectory(Path.Combine(engine.Folder, "protection"));

    private static byte[] Load(RecordEngine engine, string name, Func<byte[]> make)
    {
        Directory.CreateDirectory(engine.Folder);
        var file = Path.Combine(engine.Folder, name);
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using var stream = new FileStream(file, options);
            stream.Write(make());
        }
        catch (IOException) when (File.Exists(file))
        {
            // It was made before, or by another process this moment.
        }

        return File.ReadAllBytes(file);
    }
}
