using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Tongxin.Kernel.Records.Search;

/// <summary>Reads the small part of FHIRPath in which search parameters are written. Null for anything more: that is the FHIRPath engine's.</summary>
internal static partial class PathSteps
{
    /// <summary>Steps after the type name (<c>Patient.name</c> and <c>name</c> are the same path of a Patient).</summary>
    public static PathStep[]? Read(string path, string type)
    {
        var rest = path.Trim();
        if (rest == type || rest is "$this") return [];
        if (rest.StartsWith(type + ".", StringComparison.Ordinal)) rest = rest[(type.Length + 1)..];
        var steps = new List<PathStep>();
        while (rest.Length > 0)
        {
            if (Step.Match(rest) is not { Success: true } match) return null;
            steps.Add(Of(match));
            rest = rest[match.Length..];
            if (rest.StartsWith('.')) rest = rest[1..];
            else if (rest.Length > 0 && rest[0] is not '[') return null;
        }

        return [.. steps];
    }

    /// <summary>The path X of <c>X.exists() and X != false</c>.</summary>
    public static bool IsPresence(string path, [NotNullWhen(true)] out string? of)
    {
        var match = Presence.Match(path);
        of = match.Success ? match.Groups[1].Value : null;
        return match.Success;
    }

    private static PathStep Of(Match match) => match switch
    {
        _ when match.Groups["type"].Success => new PathStep.OfType(match.Groups["type"].Value),
        _ when match.Groups["target"].Success => new PathStep.Target(match.Groups["target"].Value),
        _ when match.Groups["name"].Success => new PathStep.Where(match.Groups["name"].Value, match.Groups["literal"].Value),
        _ when match.Groups["index"].Success => new PathStep.At(int.Parse(match.Groups["index"].Value, CultureInfo.InvariantCulture)),
        _ => new PathStep.Member(match.Groups["member"].Value),
    };

    [GeneratedRegex(
        @"^(?:ofType\((?<type>\w+)\)|where\(resolve\(\) is (?<target>\w+)\)|where\((?<name>\w+)\s*=\s*'(?<literal>[^']*)'\)|\[(?<index>\d{1,4})\]|(?<member>[a-z]\w*)(?![\w(]))",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Step { get; }

    [GeneratedRegex(@"^([\w.]+)\.exists\(\) and \1 != false$")]
    private static partial Regex Presence { get; }
}
