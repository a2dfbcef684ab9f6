using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;

namespace Tongxin.Host.Shell;

/// <summary>The words of the pages in one language: zh-CN first, English beside it. Texts stand in <c>Words/*.json</c>, none in pages.</summary>
public sealed class Words
{
    public const string Cookie = "language";

    private static readonly FrozenDictionary<string, Words> All = new[] { "zh-CN", "en" }.ToFrozenDictionary(c => c, Load, StringComparer.Ordinal);

    private readonly FrozenDictionary<string, string> texts;

    private Words(string culture, FrozenDictionary<string, string> texts) => (Culture, this.texts) = (culture, texts);

    public string Culture { get; }

    public bool IsChinese => Culture is "zh-CN";

    /// <summary>A missing word shows its key, so that it is seen.</summary>
    public string this[string key] => texts.GetValueOrDefault(key, key);

    public static Words Of(HttpContext? http) => All[http?.Request.Cookies[Cookie] is "en" ? "en" : "zh-CN"];

    /// <summary>The words that begin with one of these, as JSON for a page's script.</summary>
    public string Json(params IReadOnlyList<string> beginnings) =>
        JsonSerializer.Serialize(texts.Where(t => beginnings.Any(b => t.Key.StartsWith(b, StringComparison.Ordinal))).ToDictionary(StringComparer.Ordinal));

    /// <summary>Keys of one language, for the test that the two agree.</summary>
    internal static IEnumerable<string> Keys(string culture) => All[culture].texts.Keys;

    private static Words Load(string culture)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"words.{culture}.json")!;
        return new(culture, JsonSerializer.Deserialize<Dictionary<string, string>>(stream)!.ToFrozenDictionary(StringComparer.Ordinal));
    }
}
