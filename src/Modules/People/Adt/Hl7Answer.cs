using System.Globalization;
using Tongxin.Fhir;
using Tongxin.Kernel.Programmes;

namespace Tongxin.Modules.People.Adt;

/// <summary>The acknowledgement of a message (HL7 v2.5.1 §2.9.2, original mode): AA taken, AE wrong content, AR not taken for what it is or for no fault of its own.</summary>
internal static class Hl7Answer
{
    private const int LongestSaying = 200;

    /// <param name="asked">Null when nothing could be read.</param>
    public static string Accept(Hl7Message asked, string id, DateTimeOffset now, string? saying = null) => Write(asked, "AA", id, now, saying, []);

    public static string Refuse(Hl7Message? asked, RefusedException refused, string id, DateTimeOffset now) =>
        Write(asked, IsRejected(refused) ? "AR" : "AE", id, now, refused.Issues.Count > 0 ? refused.Issues[0].Diagnostics : null, refused.Issues);

    // What no mending of the content could change: the type, the header, or this server at the moment.
    private static bool IsRejected(RefusedException refused) => refused.Status is 400 or 413 or 415 or 503;

    private static string Write(Hl7Message? asked, string code, string id, DateTimeOffset now, string? saying, IReadOnlyList<Issue> issues)
    {
        var (separators, header) = (asked?.Header.Separators ?? Hl7Separators.Usual, asked?.Header);
        var bar = separators.Field;
        string Field(int n) => header?.Raw(n) ?? "";
        string Said(string? text) => separators.Escaped(text is { Length: > LongestSaying } ? text[..LongestSaying] : text ?? "");
        var trigger = header?[9, 2] is { Length: > 0 } t ? $"{separators.Component}{Said(t)}{separators.Component}ACK" : "";
        var version = Field(12) is { Length: > 0 } v ? v : "2.5";
        var lines = new List<string>
        {
            string.Join(bar, "MSH", separators.Encoding, Or(Field(5), "TONGXIN"), Field(6), Field(3), Field(4), Hl7Separators.Time(now.ToOffset(LocalTime.Offset)), "",
                $"ACK{trigger}", Said(id), Or(Field(11), "P"), version, "", "", "", "", "", Field(18)).TrimEnd(bar),
            string.Join(bar, "MSA", code, Field(10), Said(saying)).TrimEnd(bar),
        };
        lines.AddRange(issues.Select(i => Error(i, separators, HasErrorFields(version), Said)));
        return string.Join('\r', lines) + "\r";
    }

    // ERR-2 to ERR-8 came with 2.5; before, ERR-1 holds place and code.
    private static bool HasErrorFields(string version) =>
        decimal.TryParse(string.Join('.', version.Split('^')[0].Split('.').Take(2)), NumberStyles.Number, CultureInfo.InvariantCulture, out var number) && number >= 2.5m;

    private static string Error(Issue issue, Hl7Separators separators, bool hasFields, Func<string?, string> said)
    {
        var (code, text) = CodeOf(issue);
        var (place, sentence) = ((issue.Expression ?? "").Replace('^', separators.Component), said(issue.Diagnostics));
        return hasFields
            ? string.Join(separators.Field, "ERR", "", place, $"{code}{separators.Component}{text}{separators.Component}HL70357", "E", "", "", sentence, sentence)
            : string.Join(separators.Field, "ERR", $"{place}{separators.Component}{code}{separators.Subcomponent}{text}");
    }

    /// <summary>Table 0357 of what is wrong.</summary>
    internal static (string Code, string Text) CodeOf(Issue issue) => (issue.Code, issue.Expression) switch
    {
        ("not-supported", "MSH^1^9^1") => ("200", "Unsupported message type"),
        ("not-supported", "MSH^1^9^2") => ("201", "Unsupported event code"),
        ("not-supported", "MSH^1^11") => ("202", "Unsupported processing id"),
        ("not-supported", "MSH^1^12") => ("203", "Unsupported version id"),
        ("structure", _) => ("100", "Segment sequence error"),
        ("required", _) => ("101", "Required field missing"),
        ("value" or "date", _) => ("102", "Data type error"),
        ("code-invalid", _) => ("103", "Table value not found"),
        ("too-long", _) => ("104", "Value too long"),
        ("not-found", _) => ("204", "Unknown key identifier"),
        ("duplicate" or "conflict" or "multiple-matches", _) => ("205", "Duplicate key identifier"),
        ("transient", _) => ("206", "Application record locked"),
        _ => ("207", "Application internal error"),
    };

    private static string Or(string text, string otherwise) => text.Length > 0 ? text : otherwise;
}
