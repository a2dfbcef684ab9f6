using System.Globalization;
using System.Text;

namespace Tongxin.Kernel.Records.Search;

/// <summary>How strings are made comparable for search: the index and the question are folded alike.</summary>
/// <remarks>Not a collation and not for display. Case, accents and width go; traditional characters stay what they are (FHIR R4 §3.1.1.4.6).</remarks>
public static class Folding
{
    /// <summary>Longer strings are indexed by their beginning.</summary>
    public const int LongestFolded = 256;

    /// <summary>Longest text after a Chinese character that is kept as a row of its own.</summary>
    public const int LongestTail = 16;

    /// <summary>Tails of one value; an essay is found by its beginning.</summary>
    public const int MostTails = 64;

    public static string Fold(string text)
    {
        if (text.Length > LongestFolded) text = text[..(char.IsHighSurrogate(text[LongestFolded - 1]) ? LongestFolded - 1 : LongestFolded)];
        return IsPlain(text) ? text.Trim().ToLowerInvariant() : FoldUnicode(text);
    }

    /// <summary>What follows each Chinese character of a folded text, from its second character on.</summary>
    public static IEnumerable<string> Tails(string folded)
    {
        var found = 0;
        for (var i = 1; i < folded.Length && found < MostTails; i++)
        {
            if (char.IsLowSurrogate(folded[i]) || !IsHan(folded, i)) continue;
            found++;
            var end = Math.Min(folded.Length, i + LongestTail);
            if (end < folded.Length && char.IsHighSurrogate(folded[end - 1])) end--;
            yield return folded[i..end];
        }
    }

    public static bool HasHan(string text)
    {
        for (var i = 0; i < text.Length; i++)
            if (IsHan(text, i)) return true;
        return false;
    }

    private static bool IsHan(string text, int at) =>
        text[at] is (>= '\u3400' and <= '\u9FFF') or (>= '\uF900' and <= '\uFAFF') or '\u3007' ||
        (char.IsHighSurrogate(text[at]) && text[at] is >= '\uD840' and <= '\uD8BF');

    private static bool IsPlain(string text)
    {
        foreach (var c in text)
            if (c is > '\u007e' and not (>= '\u4e00' and <= '\u9fff')) return false;
        return true;
    }

    private static string FoldUnicode(string text)
    {
        // A lone surrogate makes Normalize throw; it cannot be stored either, but a question may carry one.
        var scrubbed = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) scrubbed.Append(rune);
        var folded = new StringBuilder(text.Length);
        foreach (var rune in scrubbed.ToString().Normalize(NormalizationForm.FormKD).EnumerateRunes())
            if (Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Control))
                folded.Append(Rune.ToLowerInvariant(rune));
        return folded.ToString().Trim();
    }
}
