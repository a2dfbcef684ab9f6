using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text;
using Icu;

namespace Tongxin.Kernel.Terminology;

/// <summary>How Chinese text is typed on a keyboard: whole pinyin and initials, without tones, lower case.</summary>
/// <remarks>
/// Readings come from the system's ICU (Han-Latin), one character at a time, remembered. Family names have readings of their own
/// (单 shàn, 曾 zēng, 仇 qiú): a small table here. Not a dictionary of words: 重庆 reads "zhongqing".
/// </remarks>
public sealed class Pinyin : IDisposable
{
    /// <summary>Longer texts are cut: nobody searches by the pinyin of an essay.</summary>
    public const int LongestText = 256;

    private static readonly FrozenDictionary<string, string> FamilyNames = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["单"] = "shan", ["曾"] = "zeng", ["仇"] = "qiu", ["区"] = "ou", ["解"] = "xie", ["查"] = "zha", ["盖"] = "ge", ["任"] = "ren", ["华"] = "hua",
        ["燕"] = "yan", ["宁"] = "ning", ["乐"] = "yue", ["朴"] = "piao", ["洗"] = "xian", ["冼"] = "xian", ["员"] = "yun", ["秘"] = "bi", ["折"] = "she",
        ["缪"] = "miao", ["翟"] = "zhai", ["黑"] = "he", ["尉"] = "wei", ["万俟"] = "moqi", ["尉迟"] = "yuchi", ["长孙"] = "zhangsun", ["澹台"] = "tantai",
        ["种"] = "chong", ["覃"] = "qin", ["召"] = "shao", ["逄"] = "pang", ["祭"] = "zhai", ["过"] = "guo", ["哈"] = "ha", ["那"] = "na", ["隗"] = "kui",
        ["葛"] = "ge", ["纪"] = "ji", ["应"] = "ying", ["晟"] = "cheng", ["钭"] = "tou", ["撒"] = "sa", ["呙"] = "guo", ["俞"] = "yu", ["佴"] = "nai",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // Characters of names that the system's table leaves out.
    private static readonly FrozenDictionary<string, string> Rare = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["𠮷"] = "ji",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<int, string> readings = new();
    private readonly Lazy<Transliterator> transliterator = new(() => Transliterator.CreateInstance("Han-Latin; Latin-ASCII; Lower"));
    private readonly Lock gate = new();

    /// <summary>A person's name: 张三 → (zhangsan, zs); the family name by its own reading.</summary>
    public PinyinReading OfName(string name)
    {
        var trimmed = name.Trim();
        foreach (var length in (ReadOnlySpan<int>)[2, 1])
            if (trimmed.Length > length && FamilyNames.TryGetValue(trimmed[..length], out var reading))
            {
                var rest = Of(trimmed[length..]);
                var initials = length is 2 ? Of(trimmed[..2]).Initials : reading[..1];
                return new(reading + rest.Full, initials + rest.Initials);
            }

        return Of(trimmed);
    }

    /// <summary>Any text: Latin letters and digits stay (lower case), everything else but Han characters falls away.</summary>
    public PinyinReading Of(string text)
    {
        var full = new StringBuilder(text.Length * 4);
        var initials = new StringBuilder(text.Length);
        foreach (var rune in (text.Length > LongestText ? text[..LongestText] : text).EnumerateRunes())
        {
            if (rune.IsAscii)
            {
                if (!Rune.IsLetterOrDigit(rune)) continue;
                full.Append(char.ToLowerInvariant((char)rune.Value));
                initials.Append(char.ToLowerInvariant((char)rune.Value));
            }
            else if (Syllable(rune) is { Length: > 0 } syllable)
            {
                full.Append(syllable);
                initials.Append(syllable[0]);
            }
        }

        return new(full.ToString(), initials.ToString());
    }

    public void Dispose()
    {
        if (transliterator.IsValueCreated) transliterator.Value.Dispose();
    }

    private string Syllable(Rune rune)
    {
        if (readings.TryGetValue(rune.Value, out var known)) return known;
        if (!IsHan(rune)) return readings[rune.Value] = "";
        if (Rare.TryGetValue(rune.ToString(), out var rare)) return readings[rune.Value] = rare;

        // ICU's transliterator is not thread-safe; a miss happens once per character of the language.
        lock (gate)
        {
            var latin = transliterator.Value.Transliterate(rune.ToString());
            var letters = new string([.. latin.Where(char.IsAsciiLetter)]);
            return readings[rune.Value] = letters;
        }
    }

    private static bool IsHan(Rune rune) => rune.Value is >= 0x3400 and <= 0x9FFF or >= 0xF900 and <= 0xFAFF or >= 0x20000 and <= 0x3FFFF or 0x3007;
}

/// <summary>How a text is typed.</summary>
/// <param name="Full">Syllables without spaces, e.g. <c>zhangsan</c>.</param>
/// <param name="Initials">First letters, e.g. <c>zs</c>.</param>
public readonly record struct PinyinReading(string Full, string Initials);
