using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Tongxin.Web.Components;

/// <summary>The words of a module's pages in one language, from <c>words/LANGUAGE.json</c> of its folder; zh-CN unless the reader's cookie says English.</summary>
/// <remarks>Not for what is written into the record: that stays as it was written. A word that is missing shows its key, so that it is seen.</remarks>
public sealed class Texts
{
    public const string Cookie = "language";
    public const string Chinese = "zh-CN";
    public const string English = "en";

    private static readonly ConcurrentDictionary<(Assembly, string, string), Texts> Loaded = new();

    private readonly FrozenDictionary<string, string> words;

    private Texts(FrozenDictionary<string, string> words, string culture) => (this.words, Culture) = (words, culture);

    public string Culture { get; }

    public string this[string key] => words.GetValueOrDefault(key, key);

    /// <summary>Null when there is no such word.</summary>
    public string? Maybe(string key) => words.GetValueOrDefault(key);

    public IEnumerable<string> Keys => words.Keys;

    /// <summary>The words of the module that <paramref name="assembly"/> holds under this name, in the reader's language.</summary>
    public static Texts Of(HttpContext? http, Assembly assembly, string module) => Of(http?.Request.Cookies[Cookie] is English ? English : Chinese, assembly, module);

    public static Texts Of(string culture, Assembly assembly, string module) => Loaded.GetOrAdd((assembly, module, culture), static k =>
    {
        using var stream = k.Item1.GetManifestResourceStream($"words.{k.Item2}.{k.Item3}.json")
            ?? throw new InvalidOperationException($"The module {k.Item2} has no words in {k.Item3}.");
        return new(JsonSerializer.Deserialize<Dictionary<string, string>>(stream)!.ToFrozenDictionary(StringComparer.Ordinal), k.Item3);
    });
}
