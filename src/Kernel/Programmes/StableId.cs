using System.Security.Cryptography;
using System.Text;

namespace Tongxin.Kernel.Programmes;

/// <summary>Ids that follow from what a resource is about: the same derivation twice names the same resource, so that a replay makes no duplicate.</summary>
public static class StableId
{
    private const int Bytes = 16;

    public static string Of(string prefix, params ReadOnlySpan<string> parts)
    {
        var text = string.Join('\u001f', parts!);
        return $"{prefix}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, Bytes))}";
    }
}
