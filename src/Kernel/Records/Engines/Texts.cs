using System.Security.Cryptography;
using System.Text;

namespace Tongxin.Kernel.Records.Engines;

/// <summary>Keeps values within what an index entry may hold (2,704 bytes in a PostgreSQL B-tree), the same way on write and on read.</summary>
internal static class Texts
{
    /// <summary>Characters of a value that an index entry holds; at three bytes each it stays far below the limit.</summary>
    public const int Indexed = 256;

    /// <summary>An exact value: long ones keep their beginning and get a digest, so that equal stays equal and different stays different.</summary>
    public static string Exact(string value) => value.Length <= Indexed
        ? Clean(value)
        : $"{Beginning(value, Indexed - 64)}…{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)))}";

    /// <summary>A display as <c>:text</c> compares it.</summary>
    public static string Display(string text) => Beginning(Search.Folding.Fold(text));

    public static string Beginning(string value) => Beginning(value, Indexed);

    /// <summary>PostgreSQL's text knows no U+0000; JSON allows it escaped.</summary>
    public static string Clean(string value) => value.Contains('\0', StringComparison.Ordinal) ? value.Replace('\0', '\uFFFD') : value;

    /// <summary>For LIKE with the default escape.</summary>
    public static string Like(string value) => Clean(value)
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);

    private static string Beginning(string value, int length)
    {
        if (value.Length <= length) return Clean(value);
        var end = char.IsHighSurrogate(value[length - 1]) ? length - 1 : length;
        return Clean(value[..end]);
    }
}
