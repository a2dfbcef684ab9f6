namespace Tongxin.Kernel.People.Matching;

/// <summary>How alike two short texts are. Pure; no allocation beyond the stack for texts up to 64 characters.</summary>
internal static class Similarity
{
    private const int LongestText = 64;

    /// <summary>Edits (insert, delete, replace, swap of neighbours) between two texts; stops counting past <paramref name="most"/>.</summary>
    public static int Edits(ReadOnlySpan<char> a, ReadOnlySpan<char> b, int most)
    {
        a = a.Length > LongestText ? a[..LongestText] : a;
        b = b.Length > LongestText ? b[..LongestText] : b;
        if (Math.Abs(a.Length - b.Length) > most) return most + 1;
        Span<int> before = stackalloc int[LongestText + 1], last = stackalloc int[LongestText + 1], row = stackalloc int[LongestText + 1];
        for (var j = 0; j <= b.Length; j++) last[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            var least = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                row[j] = Math.Min(Math.Min(last[j] + 1, row[j - 1] + 1), last[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = Math.Min(row[j], before[j - 2] + 1);
                least = Math.Min(least, row[j]);
            }

            if (least > most) return most + 1;
            var spare = before;
            before = last;
            last = row;
            row = spare;
        }

        return last[b.Length];
    }

    /// <summary>Jaro–Winkler, 0–1 (Winkler 1990, prefix weight 0.1 up to four characters).</summary>
    public static double JaroWinkler(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        a = a.Length > LongestText ? a[..LongestText] : a;
        b = b.Length > LongestText ? b[..LongestText] : b;
        if (a.SequenceEqual(b)) return 1;
        if (a.Length is 0 || b.Length is 0) return 0;
        var window = Math.Max(0, Math.Max(a.Length, b.Length) / 2 - 1);
        Span<bool> inA = stackalloc bool[LongestText], inB = stackalloc bool[LongestText];
        var common = 0;
        for (var i = 0; i < a.Length; i++)
            for (var j = Math.Max(0, i - window); j < Math.Min(b.Length, i + window + 1); j++)
            {
                if (inB[j] || a[i] != b[j]) continue;
                inA[i] = inB[j] = true;
                common++;
                break;
            }

        if (common is 0) return 0;
        var (swapped, at) = (0, 0);
        for (var i = 0; i < a.Length; i++)
        {
            if (!inA[i]) continue;
            while (!inB[at]) at++;
            if (a[i] != b[at++]) swapped++;
        }

        var m = (double)common;
        var jaro = (m / a.Length + m / b.Length + (m - swapped / 2.0) / m) / 3;
        var prefix = 0;
        while (prefix < Math.Min(4, Math.Min(a.Length, b.Length)) && a[prefix] == b[prefix]) prefix++;
        return jaro + prefix * 0.1 * (1 - jaro);
    }

    /// <summary>Share of common pairs of neighbouring characters, 0–1 (Dice): robust to words that changed places.</summary>
    public static double Bigrams(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        a = a.Length > LongestText ? a[..LongestText] : a;
        b = b.Length > LongestText ? b[..LongestText] : b;
        if (a.Length < 2 || b.Length < 2) return a.SequenceEqual(b) ? 1 : 0;
        Span<bool> used = stackalloc bool[LongestText];
        var common = 0;
        for (var i = 0; i + 1 < a.Length; i++)
            for (var j = 0; j + 1 < b.Length; j++)
            {
                if (used[j] || a[i] != b[j] || a[i + 1] != b[j + 1]) continue;
                used[j] = true;
                common++;
                break;
            }

        return 2.0 * common / (a.Length + b.Length - 2);
    }
}
