using System.Reflection;

namespace Tongxin.Kernel.Terminology;

/// <summary>The small national value sets that ship with the platform (GB/T, WS 364, 国家基本公共卫生服务规范第三版), as code systems.</summary>
/// <remarks>
/// Authored in <c>definitions/*.tsv</c>: head lines <c># key: value</c> (url, title, source), then code, 中文, English. Canonicals are
/// <c>https://tongxin.health/cs/NAME</c>, or the national OID where one is certain.
/// </remarks>
public static class NationalSets
{
    /// <summary>Prefix of the canonicals of our own code systems.</summary>
    public const string Prefix = "https://tongxin.health/cs/";

    /// <summary>Reads them all; throws <see cref="InvalidDataException"/> with file and line when one is malformed, which a test would have found.</summary>
    public static IEnumerable<ConceptTable> Read(Pinyin pinyin)
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".tsv", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            yield return Parse(name, reader.ReadToEnd(), pinyin);
        }
    }

    private static ConceptTable Parse(string file, string text, Pinyin pinyin)
    {
        var head = new Dictionary<string, string>(StringComparer.Ordinal);
        var concepts = new List<Concept>();
        foreach (var (index, line) in text.Split('\n', StringSplitOptions.TrimEntries).Index())
        {
            if (line.Length is 0) continue;
            if (line.StartsWith('#') && line.Split(':', 2) is [var key, var value]) head[key[1..].Trim()] = value.Trim();
            else if (line.Split('\t') is [var code, var display, .. var rest]) concepts.Add(new(code, display, rest is [var english, ..] ? english : null));
            else throw new InvalidDataException($"{file} line {index + 1}: '{line}' is neither a head nor code, 中文 and English.");
        }

        return new(head["url"], head.GetValueOrDefault("version"), head["title"], concepts, pinyin);
    }
}
