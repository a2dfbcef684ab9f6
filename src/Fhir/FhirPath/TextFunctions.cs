using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Tongxin.Fhir.FhirPath;

/// <summary>Strings (§5.6, and the additional string functions of FHIRPath 3.0 that the suite holds).</summary>
internal static class TextFunctions
{
    private const int LongestPattern = 2_000;

    // What a pattern may cost in steps: making the automaton of one, running the other under its clock.
    private const int StepsOfPattern = 200, StepsOfBacktracking = 10_000;
    private static readonly TimeSpan RegexTime = TimeSpan.FromMilliseconds(100);

    public static IReadOnlyDictionary<string, Functions.Entry> All { get; } = new Dictionary<string, Functions.Entry>(StringComparer.Ordinal)
    {
        ["indexOf"] = new(1, 1, (c, s, f) => On(f, c.Text(0, s), (t, x) => Items.Of((long)t.IndexOf(x, StringComparison.Ordinal)))),
        ["lastIndexOf"] = new(1, 1, (c, s, f) => On(f, c.Text(0, s), (t, x) => Items.Of((long)t.LastIndexOf(x, StringComparison.Ordinal)))),
        ["substring"] = new(1, 2, Substring),
        ["startsWith"] = new(1, 1, (c, s, f) => On(f, c.Text(0, s), (t, x) => Items.Of(t.StartsWith(x, StringComparison.Ordinal)))),
        ["endsWith"] = new(1, 1, (c, s, f) => On(f, c.Text(0, s), (t, x) => Items.Of(t.EndsWith(x, StringComparison.Ordinal)))),
        ["contains"] = new(1, 1, (c, s, f) => On(f, c.Text(0, s), (t, x) => Items.Of(t.Contains(x, StringComparison.Ordinal)))),
        ["upper"] = new(0, 0, (_, _, f) => Items.Of(Items.Text(f)?.ToUpperInvariant())),
        ["lower"] = new(0, 0, (_, _, f) => Items.Of(Items.Text(f)?.ToLowerInvariant())),
        ["trim"] = new(0, 0, (_, _, f) => Items.Of(Items.Text(f)?.Trim())),
        ["length"] = new(0, 0, (_, _, f) => Items.Text(f) is { } t ? Items.Of((long)t.Length) : Items.None),
        ["toChars"] = new(0, 0, (_, s, f) => Items.Text(f) is { } t && Paid(s, t.Length) ? [.. t.Select(x => new PathValue("String", default, x.ToString()))] : Items.None),
        ["replace"] = new(2, 2, (c, s, f) => Items.Text(f) is { } t && c.Text(0, s) is { } p && c.Text(1, s) is { } w ? Items.Of(Replace(c, t, p, w)) : Items.None),
        ["matches"] = new(1, 2, (c, s, f) => On(f, c.Text(0, s), (t, p) => Items.Of(Matching(c, s, t, p)))),
        ["matchesFull"] = new(1, 2, (c, s, f) => On(f, c.Text(0, s), (t, p) => Items.Of(Matching(c, s, t, $"^(?:{p})$")))),
        ["replaceMatches"] = new(2, 3, (c, s, f) => Items.Text(f) is { } t && c.Text(0, s) is { } p && c.Text(1, s) is { } w
            ? Items.Of(p.Length is 0 ? t : Replaced(c, s, t, p, w)) : Items.None),
        ["split"] = new(1, 1, (c, s, f) => On(f, c.Text(0, s), (t, x) => Paid(s, t.Length) ? [.. t.Split(x).Select(p => new PathValue("String", default, p))] : Items.None)),
        ["join"] = new(0, 1, (c, s, f) => f.Count is 0 ? Items.None : Items.Of(Joined(c, f, c.Text(0, s) ?? ""))),
        ["encode"] = new(1, 1, (c, s, f) => On(f, c.Text(0, s), (t, k) => Items.Of(Encode(Growing(c, t), k)))),
        ["decode"] = new(1, 1, (c, s, f) => On(f, c.Text(0, s), (t, k) => Items.Of(Decode(t, k)))),
        ["escape"] = new(1, 1, (c, s, f) => On(f, c.Text(0, s), (t, k) => Items.Of(Escape(Growing(c, t), k)))),
        ["unescape"] = new(1, 1, (c, s, f) => On(f, c.Text(0, s), (t, k) => Items.Of(Unescape(t, k)))),
    };

    private static List<PathValue> On(List<PathValue> focus, string? argument, Func<string, string, List<PathValue>> work) =>
        Items.Text(focus) is { } text && argument is not null ? work(text, argument) : Items.None;

    private static List<PathValue> Substring(Call call, Scope scope, List<PathValue> focus)
    {
        if (Items.Text(focus) is not { } text || call.Whole(0, scope) is not { } start || start < 0 || start >= text.Length) return Items.None;
        var length = call.Whole(1, scope) ?? text.Length;
        return Items.Of(length <= 0 ? "" : text.Substring((int)start, (int)Math.Min(length, text.Length - start)));
    }

    private static string Replace(Call call, string text, string pattern, string with)
    {
        long places = pattern.Length is 0 ? text.Length + 1 : with.Length > pattern.Length ? Count(text, pattern) : 0;
        Limit(call, text.Length + (places * with.Length));
        return pattern.Length > 0 ? text.Replace(pattern, with, StringComparison.Ordinal)
            : with + string.Join(with, text.Select(c => c.ToString())) + with;
    }

    private static string Joined(Call call, List<PathValue> items, string between)
    {
        var parts = items.ConvertAll(i => Items.Text([i]) ?? "");
        Limit(call, parts.Sum(p => (long)p.Length) + ((long)between.Length * (parts.Count - 1)));
        return string.Join(between, parts);
    }

    private static long Count(string text, string pattern)
    {
        var (count, at) = (0L, 0);
        for (; (at = text.IndexOf(pattern, at, StringComparison.Ordinal)) >= 0; at += pattern.Length) count++;
        return count;
    }

    private static void Limit(Call call, long length)
    {
        if (length > Items.LongestText) throw call.Wrong($"the text would have more than {Items.LongestText} characters.");
    }

    // &quot; for a quotation mark: nothing grows more.
    private static string Growing(Call call, string text)
    {
        Limit(call, text.Length * 6L);
        return text;
    }

    private static bool Paid(Scope scope, int steps)
    {
        scope.Step(steps);
        return true;
    }

    private static bool Matching(Call call, Scope scope, string text, string pattern)
    {
        try
        {
            return Pattern(call, scope, pattern).IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            throw call.Wrong("the pattern takes too long.");
        }
    }

    private static string Replaced(Call call, Scope scope, string text, string pattern, string with)
    {
        var regex = Pattern(call, scope, pattern);
        try
        {
            // A place may take in all of the text again ($&): what is made is counted, not what is written.
            var length = (long)text.Length;
            return regex.Replace(text, match =>
            {
                var made = match.Result(with);
                Limit(call, length += made.Length);
                return made;
            });
        }
        catch (RegexMatchTimeoutException)
        {
            throw call.Wrong("the pattern takes too long.");
        }
    }

    // .NET's engine without backtracking takes linear time; what it cannot do runs under a clock.
    private static Regex Pattern(Call call, Scope scope, string pattern)
    {
        if (pattern.Length > LongestPattern) throw call.Wrong($"a pattern has at most {LongestPattern} characters.");
        scope.Step(StepsOfPattern);
        try
        {
            return new(pattern, RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant, RegexTime);
        }
        catch (NotSupportedException)
        {
            scope.Step(StepsOfBacktracking);
            return new(pattern, RegexOptions.Singleline | RegexOptions.CultureInvariant, RegexTime);
        }
        catch (ArgumentException broken)
        {
            throw call.Wrong(broken.Message);
        }
    }

    private static string? Encode(string text, string kind) => kind switch
    {
        "hex" => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text)),
        "base64" => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)),
        "urlbase64" => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).Replace('+', '-').Replace('/', '_'),
        _ => null,
    };

    private static string? Decode(string text, string kind)
    {
        try
        {
            return kind switch
            {
                "hex" => Encoding.UTF8.GetString(Convert.FromHexString(text)),
                "base64" => Encoding.UTF8.GetString(Convert.FromBase64String(text)),
                "urlbase64" => Encoding.UTF8.GetString(Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/'))),
                _ => null,
            };
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static string? Escape(string text, string kind) => kind switch
    {
        "html" => WebUtility.HtmlEncode(text),
        "json" => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal),
        _ => null,
    };

    private static string? Unescape(string text, string kind) => kind switch
    {
        "html" => WebUtility.HtmlDecode(text),
        "json" => text.Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal),
        _ => null,
    };
}
