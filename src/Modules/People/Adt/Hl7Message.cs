using System.Globalization;
using System.Text;
using Tongxin.Fhir;

namespace Tongxin.Modules.People.Adt;

/// <summary>An HL7 v2 message as its segments and fields (HL7 v2.5.1 chapter 2); knows no segment by meaning, so that unknown ones are no fault.</summary>
internal sealed class Hl7Message
{
    private const int MostSegments = 1_000;
    private const int MostFields = 500;

    private Hl7Message(IReadOnlyList<Hl7Segment> segments) => Segments = segments;

    /// <summary>MSH first; never empty.</summary>
    public IReadOnlyList<Hl7Segment> Segments { get; }

    public Hl7Segment Header => Segments[0];

    public IEnumerable<Hl7Segment> All(string name) => Segments.Where(s => s.Name == name);

    public Hl7Segment? First(string name) => All(name).FirstOrDefault();

    /// <summary>Refuses 400 what is no message at all.</summary>
    public static Hl7Message Parse(string text)
    {
        var lines = text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length is 0 || !lines[0].StartsWith("MSH", StringComparison.Ordinal) || lines[0].Length < 8)
            throw RefusedException.Because(400, "structure", "A message begins with an MSH segment.", "MSH^1");
        if (lines.Length > MostSegments) throw RefusedException.Because(400, "structure", $"A message has at most {MostSegments} segments.", "MSH^1");
        var separators = Hl7Separators.Of(lines[0]);
        var segments = new List<Hl7Segment>(lines.Length);
        foreach (var line in lines)
        {
            var fields = line.Split(separators.Field);
            if (fields.Length > MostFields) throw RefusedException.Because(400, "structure", $"A segment has at most {MostFields} fields.", $"{Shown(fields[0])}^1");
            // MSH-1 is the separator itself, so that its fields count one further.
            segments.Add(new(fields[0], fields[0] is "MSH" ? [fields[0], separators.Field.ToString(), .. fields[1..]] : fields, separators));
        }

        return new(segments);
    }

    private static string Shown(string name) => name.Length <= 3 ? name : name[..3];
}

/// <summary>One segment.</summary>
/// <param name="Fields">Index 1 is the first field.</param>
internal sealed record Hl7Segment(string Name, IReadOnlyList<string> Fields, Hl7Separators Separators)
{
    /// <summary>As it was written, escapes and all; empty when it is not there.</summary>
    public string Raw(int field) => field < Fields.Count ? Fields[field] : "";

    /// <summary>Components of the first repetition's component, 1 the first; without escapes.</summary>
    public string this[int field, int component = 1] => Repeats(field).Select(r => r[component]).FirstOrDefault() ?? "";

    /// <summary>The repetitions of a field that hold anything. MSH-2 is not for this: it is the separators.</summary>
    public IEnumerable<Hl7Value> Repeats(int field) =>
        Raw(field).Split(Separators.Repetition).Where(r => r.Length > 0).Select(r => new Hl7Value(r.Split(Separators.Component), Separators));

    /// <summary>True when the sender says that the value is to be taken away (two quotation marks), as opposed to not saying anything.</summary>
    public bool IsTakenAway(int field) => Raw(field) is "\"\"";
}

/// <summary>One repetition of a field.</summary>
internal sealed record Hl7Value(IReadOnlyList<string> Components, Hl7Separators Separators)
{
    /// <summary>1 the first; its first subcomponent.</summary>
    public string this[int component] => this[component, 1];

    public string this[int component, int sub]
    {
        get
        {
            if (component > Components.Count) return "";
            var parts = Components[component - 1].Split(Separators.Subcomponent);
            var text = sub > parts.Length ? "" : Separators.Plain(parts[sub - 1]);
            return text is "\"\"" ? "" : text.Trim();
        }
    }
}

/// <summary>The characters that a message declares in MSH-1 and MSH-2.</summary>
internal sealed record Hl7Separators(char Field, char Component, char Repetition, char Escape, char Subcomponent)
{
    public static Hl7Separators Usual { get; } = new('|', '^', '~', '\\', '&');

    private const int LongestEscape = 200;

    public string Encoding => string.Concat(Component, Repetition, Escape, Subcomponent);

    public static Hl7Separators Of(string header)
    {
        var field = header[3];
        var told = header.AsSpan(4, Math.Min(4, header.Length - 4));
        if (told.IndexOf(field) is >= 0 and var end) told = told[..end];
        char at(ReadOnlySpan<char> t, int i, char usual) => i < t.Length ? t[i] : usual;
        var found = new Hl7Separators(field, at(told, 0, '^'), at(told, 1, '~'), at(told, 2, '\\'), at(told, 3, '&'));
        char[] all = [found.Field, found.Component, found.Repetition, found.Escape, found.Subcomponent];
        return all.Distinct().Count() == all.Length && !all.Any(c => char.IsLetterOrDigit(c) || char.IsWhiteSpace(c)) && told.Length > 0 ? found
            : throw RefusedException.Because(400, "structure", "The encoding characters of MSH-2 must be four different marks.", "MSH^1^2");
    }

    /// <summary>Without escape sequences (chapter 2.7): separators, hexadecimal text and line breaks are read, emphasis is left out.</summary>
    public string Plain(string text)
    {
        if (!text.Contains(Escape, StringComparison.Ordinal)) return text;
        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var end = text[i] == Escape ? text.IndexOf(Escape, i + 1) : -1;
            if (end < 0 || end - i > LongestEscape)
            {
                plain.Append(text[i]);
                continue;
            }

            plain.Append(Sequence(text[(i + 1)..end]));
            i = end;
        }

        return plain.ToString();
    }

    /// <summary>With escape sequences for what would be read as a separator.</summary>
    public string Escaped(string text)
    {
        var written = new StringBuilder(text.Length);
        foreach (var c in text)
            written.Append(c == Field ? $"{Escape}F{Escape}" : c == Component ? $"{Escape}S{Escape}" : c == Repetition ? $"{Escape}R{Escape}"
                : c == Escape ? $"{Escape}E{Escape}" : c == Subcomponent ? $"{Escape}T{Escape}" : char.IsControl(c) ? " " : c.ToString());
        return written.ToString();
    }

    private string Sequence(string code) => code switch
    {
        "F" => Field.ToString(),
        "S" => Component.ToString(),
        "R" => Repetition.ToString(),
        "E" => Escape.ToString(),
        "T" => Subcomponent.ToString(),
        "H" or "N" => "",
        ".br" or ".sp" => " ",
        ['X', .. var hex] when hex.Length % 2 is 0 && hex.All(char.IsAsciiHexDigit) => System.Text.Encoding.UTF8.GetString(Convert.FromHexString(hex)),
        _ => "",
    };

    /// <summary>Time as HL7 writes it, with the county's offset.</summary>
    public static string Time(DateTimeOffset at) =>
        at.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture) + at.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal);
}
