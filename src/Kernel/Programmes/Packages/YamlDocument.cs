using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tongxin.Fhir;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Tongxin.Kernel.Programmes.Packages;

/// <summary>One YAML file as JSON that still knows on which line each part stood, so that a fault is told by file and line.</summary>
/// <remarks>YAML 1.2 core schema without tags, anchors or several documents. Codes and ids are text even when they look like numbers.</remarks>
public sealed partial class YamlDocument
{
    public const int LongestFile = 1 << 20;
    public const int MostNodes = 60_000;
    public const int MostDepth = 40;

    // Elements that FHIR or a package types as text: `code: 1` means "1".
    private static readonly HashSet<string> TextMembers = new(StringComparer.Ordinal)
    {
        "id", "code", "linkId", "version", "edition", "display", "text", "title", "short", "system", "class", "row", "clause", "name", "key", "url", "value-set", "question",
    };

    private readonly Dictionary<JsonNode, int> lines = new(ReferenceEqualityComparer.Instance);
    private int nodes;

    private YamlDocument(string file) => File = file;

    public string File { get; }

    public JsonObject Root { get; private set; } = [];

    /// <summary>Throws <see cref="RefusedException"/> (422) with file and line when the text is not YAML or breaks a limit.</summary>
    public static YamlDocument Parse(string file, string text)
    {
        var document = new YamlDocument(file);
        if (text.Length > LongestFile) throw document.Refuse(null, "too-long", $"文件超过 {LongestFile} 字符。");
        try
        {
            var stream = new YamlStream();
            stream.Load(new Parser(new StringReader(text)));
            if (stream.Documents.Count is not 1 || document.Convert(stream.Documents[0].RootNode, "", 0) is not JsonObject root)
                throw document.Refuse(null, "structure", "应为一个 YAML 对象。");
            document.Root = root;
            return document;
        }
        catch (YamlException wrong)
        {
            throw RefusedException.Because(422, "structure", $"{file}:{wrong.Start.Line}: 不是有效的 YAML：{wrong.Message}", $"{file}:{wrong.Start.Line}");
        }
        catch (Exception wrong) when (wrong is InvalidOperationException or ArgumentException or InvalidCastException)
        {
            // The parser's own surprise at text that ends in the middle, keys that repeat, keys that are lists.
            throw RefusedException.Because(422, "structure", $"{file}: 不是有效的 YAML：{wrong.Message}", file);
        }
    }

    /// <summary>A fault with its place.</summary>
    public Issue Fault(JsonNode? at, string code, string sentence) => Issue.Error(code, $"{Place(at)}: {sentence}", Place(at));

    public RefusedException Refuse(JsonNode? at, string code, string sentence) => new(422, Fault(at, code, sentence));

    private string Place(JsonNode? at)
    {
        for (var node = at; node is not null; node = node.Parent)
            if (lines.TryGetValue(node, out var line)) return $"{File}:{line}";
        return File;
    }

    private JsonNode? Convert(YamlNode node, string member, int depth)
    {
        if (depth > MostDepth) throw Refuse(null, "too-costly", $"第 {node.Start.Line} 行嵌套超过 {MostDepth} 层。");
        // An alias makes the same node again: counting every visit keeps a small file from becoming a large one.
        if (++nodes > MostNodes) throw Refuse(null, "too-costly", $"内容超过 {MostNodes} 项。");
        JsonNode? made = node switch
        {
            YamlMappingNode mapping => Mapping(mapping, depth),
            YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(c => Convert(c, member, depth + 1))]),
            YamlScalarNode scalar => Scalar(scalar, member),
            _ => throw Refuse(null, "structure", $"第 {node.Start.Line} 行的写法不支持。"),
        };
        if (made is not null) lines[made] = (int)node.Start.Line;
        return made;
    }

    private JsonObject Mapping(YamlMappingNode mapping, int depth)
    {
        var made = new JsonObject();
        foreach (var (key, value) in mapping.Children)
            made[((YamlScalarNode)key).Value ?? ""] = Convert(value, ((YamlScalarNode)key).Value ?? "", depth + 1);
        return made;
    }

    private static JsonNode? Scalar(YamlScalarNode scalar, string member)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style is not ScalarStyle.Plain) return text;
        if (text is "" or "null" or "~") return null;
        if (text is "true") return true;
        if (text is "false") return false;
        if (TextMembers.Contains(member)) return text;
        // Read as JSON reads it, so that every number type can be taken from it; 007 is a code, not a number.
        return IsNumber.IsMatch(text) ? JsonNode.Parse(text) : text;
    }

    [GeneratedRegex(@"^-?(0|[1-9]\d{0,17})(\.\d{1,18})?$", RegexOptions.CultureInvariant)]
    private static partial Regex IsNumber { get; }
}
