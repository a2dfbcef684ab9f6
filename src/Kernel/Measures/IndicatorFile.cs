using System.Globalization;
using System.Text.RegularExpressions;
using Tongxin.Fhir;
using Tongxin.Kernel.Records;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Tongxin.Kernel.Measures;

/// <summary>Reads an indicator from its file: YAML in the leading <c>--</c> lines, then one SELECT.</summary>
public static partial class IndicatorFile
{
    public const int LongestFile = 64 * 1024;

    private static readonly IDeserializer Yaml = new DeserializerBuilder().Build();

    /// <summary>Throws <see cref="RefusedException"/> (422) that names file and line.</summary>
    public static Indicator Parse(string module, string file, string text)
    {
        if (text.Length > LongestFile) throw Refuse(file, 1, $"An indicator file has at most {LongestFile} characters.");
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var head = lines.TakeWhile(l => l.StartsWith("--", StringComparison.Ordinal)).Select(l => l.Length > 2 && l[2] is ' ' ? l[3..] : l[2..]).ToArray();
        var fields = Head(file, string.Join('\n', head));
        var sql = string.Join('\n', lines.Skip(head.Length)).Trim().TrimEnd(';');
        if (!OneSelect.IsMatch(sql) || sql.Contains(';', StringComparison.Ordinal))
            throw Refuse(file, head.Length + 1, "After the head comes exactly one SELECT (it may begin with WITH).");
        return new()
        {
            Module = module,
            Id = Text(fields, "id", file) is var id && LegalId.IsMatch(id) ? id : throw Refuse(file, 1, "'id' is small letters, digits and hyphens, at most 64."),
            Title = Text(fields, "title", file),
            TitleInEnglish = Text(fields, "english", file),
            Norm = Text(fields, "norm", file),
            Edition = Text(fields, "edition", file),
            ValidFrom = Date(fields, "valid-from", file),
            ValidTo = Date(fields, "valid-to", file),
            HigherIsBetter = !fields.TryGetValue("direction", out var direction) || direction is not "lower",
            Target = fields.TryGetValue("target", out var target) ? double.Parse((string)target, CultureInfo.InvariantCulture) : null,
            Denominator = Text(fields, "denominator", file),
            Exclusion = fields.TryGetValue("exclusion", out var exclusion) ? (string)exclusion : null,
            Numerator = Text(fields, "numerator", file),
            Sensitivity = fields.TryGetValue("sensitivity", out var label)
                ? Enum.TryParse<SensitivityLabels>((string)label, out var known) ? known : throw Refuse(file, 1, $"'{label}' is no sensitivity.")
                : SensitivityLabels.None,
            Headline = fields.TryGetValue("headline", out var place) ? int.Parse((string)place, CultureInfo.InvariantCulture) : null,
            IsDetector = fields.TryGetValue("kind", out var kind) && kind is "detector",
            Reasons = fields.TryGetValue("reasons", out var reasons) && reasons is Dictionary<object, object> map
                ? map.ToDictionary(r => (string)r.Key, r => (string)r.Value, StringComparer.Ordinal)
                : throw Refuse(file, 1, "The head has no 'reasons': a code and a sentence for each."),
            Sql = sql,
        };
    }

    private static Dictionary<string, object> Head(string file, string yaml)
    {
        try
        {
            return Yaml.Deserialize<Dictionary<string, object>>(yaml) ?? throw Refuse(file, 1, "The file has no head.");
        }
        catch (YamlException broken)
        {
            throw Refuse(file, (int)broken.Start.Line, broken.Message);
        }
    }

    private static string Text(Dictionary<string, object> fields, string name, string file) =>
        fields.TryGetValue(name, out var value) && value is string { Length: > 0 } text ? text : throw Refuse(file, 1, $"The head has no '{name}'.");

    private static DateOnly? Date(Dictionary<string, object> fields, string name, string file)
    {
        if (!fields.TryGetValue(name, out var value)) return null;
        return DateOnly.TryParseExact((string)value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? date
            : throw Refuse(file, 1, $"'{name}' is not a date of the form 2026-01-31.");
    }

    private static RefusedException Refuse(string file, int line, string why) => RefusedException.Because(422, "structure", $"{file} line {line}: {why}");

    [GeneratedRegex(@"^(SELECT|WITH)\s", RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 2000)]
    private static partial Regex OneSelect { get; }

    [GeneratedRegex("^[a-z0-9-]{1,64}$", RegexOptions.None, matchTimeoutMilliseconds: 2000)]
    private static partial Regex LegalId { get; }
}
