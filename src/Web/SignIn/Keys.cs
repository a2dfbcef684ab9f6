using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.IdentityModel.Tokens;
using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>The keys of the platform, in files of the data folder that only its owner can read; made at first use.</summary>
/// <remarks>Whoever can read the folder can make tokens, and could read the record beside it anyway.</remarks>
public static class Keys
{
    private const string SigningFile = "signing.key";
    private const string EncryptionFile = "encryption.key";
    private const string CertificateFile = "protection.key";
    private const string CertificateVariable = "TONGXIN_KEY_CERTIFICATE";
    private const int CertificateBits = 3072;
    private const int CertificateYears = 200;

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

    /// <summary>
    /// Encrypts the keys of cookies and forms at rest. The certificate is made here and lies beside them, readable by the owner only: it keeps the keys out of
    /// a copied folder of keys, not from whoever can read the whole data folder. An operator who has a better place for it names its file in the environment.
    /// </summary>
    public static X509Certificate2 ProtectionCertificate(RecordEngine engine)
    {
        var bytes = Environment.GetEnvironmentVariable(CertificateVariable) is { Length: > 0 } elsewhere ? File.ReadAllBytes(elsewhere)
            : Load(engine, CertificateFile, MakeCertificate);
        return X509CertificateLoader.LoadPkcs12(bytes, Environment.GetEnvironmentVariable(CertificateVariable + "_PASSWORD"), X509KeyStorageFlags.EphemeralKeySet);
    }

    private static byte[] MakeCertificate()
    {
        using var key = RSA.Create(CertificateBits);
        var wish = new CertificateRequest("CN=Tongxin key protection", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        // It proves nothing to anybody and so need not end.
        using var made = wish.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(CertificateYears));
        return made.Export(X509ContentType.Pkcs12);
    }

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
