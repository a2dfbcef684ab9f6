using System.Globalization;
using System.Text;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;

namespace Tongxin.Kernel.People;

/// <summary>The electronic health card (电子健康卡): card id and dynamic code by the national derivation (SM3, SM4).</summary>
/// <remarks>
/// ECB without padding is what the derivation prescribes for interoperability; it is used nowhere else. The keys live in a cryptographic
/// machine in production; what is given here is the root key for a demonstration or a test.
/// </remarks>
public static class HealthCard
{
    private const int Block = 16;

    /// <summary>FHIR identifier system of a card id.</summary>
    public const string System = "https://tongxin.health/id/health-card";

    /// <summary>The 64 hex digits of a person's master index (主索引): SM3 of identity type and number.</summary>
    public static string MasterIndex(string identityType, string identityNumber)
    {
        var digest = new SM3Digest();
        var text = Encoding.UTF8.GetBytes(identityType + identityNumber);
        digest.BlockUpdate(text, 0, text.Length);
        var hash = new byte[digest.GetDigestSize()];
        digest.DoFinal(hash, 0);
        return Convert.ToHexString(hash);
    }

    /// <summary>Card id in hex: SM4 of type and number under a key of the person's own.</summary>
    /// <param name="masterIndex">64 hex digits.</param>
    /// <param name="rootKey">32 hex digits.</param>
    public static string CardId(string masterIndex, string identityType, string identityNumber, string rootKey) =>
        Convert.ToHexString(Encrypt(PersonalKey(masterIndex, rootKey), Padded(Encoding.ASCII.GetBytes(identityType + identityNumber))));

    /// <summary>What stands after the card id in a dynamic code: until when it is valid, under the protection key.</summary>
    public static string Validity(DateTimeOffset until, string protectionKey) =>
        Convert.ToHexString(Encrypt(Convert.FromHexString(protectionKey), Padded(Convert.FromHexString(until.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture)))));

    /// <summary>When a dynamic code ends; null when it was not made with this key.</summary>
    public static DateTimeOffset? ReadValidity(string hex, string protectionKey, TimeSpan zone)
    {
        if (hex.Length is not 2 * Block || !hex.All(char.IsAsciiHexDigit)) return null;
        var plain = Convert.ToHexString(Run(Convert.FromHexString(protectionKey), Convert.FromHexString(hex), encrypt: false))[..14];
        return DateTime.TryParseExact(plain, "yyyyMMddHHmmss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var until) ? new(until, zone) : null;
    }

    /// <summary>The user authentication key: the four groups of the index folded into one, with its complement, under the root key.</summary>
    internal static byte[] PersonalKey(string masterIndex, string rootKey)
    {
        var index = Convert.FromHexString(masterIndex);
        var factor = new byte[Block];
        for (var i = 0; i < 8; i++)
        {
            factor[i] = (byte)(index[i] ^ index[8 + i] ^ index[16 + i] ^ index[24 + i]);
            factor[8 + i] = (byte)~factor[i];
        }

        return Encrypt(Convert.FromHexString(rootKey), factor);
    }

    private static byte[] Padded(byte[] plain)
    {
        var padded = new byte[(plain.Length + Block - 1) / Block * Block];
        plain.CopyTo(padded, 0);
        return padded;
    }

    private static byte[] Encrypt(byte[] key, byte[] plain) => Run(key, plain, encrypt: true);

    private static byte[] Run(byte[] key, byte[] input, bool encrypt)
    {
        var cipher = new SM4Engine();
        cipher.Init(encrypt, new KeyParameter(key));
        var output = new byte[input.Length];
        for (var at = 0; at < input.Length; at += Block) cipher.ProcessBlock(input, at, output, at);
        return output;
    }
}
