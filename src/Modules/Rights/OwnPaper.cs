using System.Text.Json;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.Rights;

/// <summary>The resident's record as a paper to read: who she is, then every entry by kind and day. Pure. The bundle has what a line leaves out.</summary>
internal static class OwnPaper
{
    private static readonly string[] Days =
        ["effectiveDateTime", "authoredOn", "authored", "occurrenceDateTime", "recordedDate", "date", "dateTime", "sent", "recorded", "created", "issued", "start"];

    public static byte[] Of(IReadOnlyList<Stored> resources, Texts words, DateOnly today)
    {
        var pdf = new PlainPdf();
        var person = JsonReading.Parse(resources[0]);
        pdf.Title($"{words["paper.title"]} · {person.First("name")?.Text("text")}");
        pdf.Line($"{words["paper.made"]} {JsonWriting.Day(today)} · {resources.Count} {words["paper.entries"]}");
        foreach (var number in person.Each("identifier")) pdf.Line($"{words["paper.number"]} {number.Text("value")}");
        pdf.Line($"{words["paper.birth"]} {person.Text("birthDate")} · {words["paper.phone"]} {person.First("telecom")?.Text("value")}");
        pdf.Line($"{words["paper.address"]} {person.First("address")?.Text("text")}");
        foreach (var kind in resources.Skip(1).GroupBy(r => r.Key.Type).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            pdf.Title($"{words.Maybe($"type.{kind.Key}") ?? kind.Key} ({kind.Count()})");
            foreach (var (day, text) in kind.Select(r => Line(JsonReading.Parse(r))).OrderByDescending(l => l.Day, StringComparer.Ordinal)) pdf.Line($"{day,-10}  {text}");
        }

        return pdf.End($"{words["paper.title"]} {JsonWriting.Day(today)}");
    }

    internal static (string Day, string Text) Line(JsonElement body)
    {
        var day = Days.Select(d => body.Text(d)).Append(body.Member("period")?.Text("start")).Select(JsonReading.Day).FirstOrDefault(d => d is not null);
        string?[] parts =
        [
            Named(body, "code") ?? Named(body, "type") ?? Named(body, "category") ?? Named(body, "vaccineCode") ?? Named(body, "medicationCodeableConcept"),
            body.Text("description"), Value(body), .. body.Each("component").Select(c => $"{Named(c, "code")} {Value(c)}"),
            .. body.Each("note").Select(n => n.Text("text")), .. body.Each("payload").Select(p => p.Text("contentString")), body.Text("status"),
        ];
        return (day is { } d ? JsonWriting.Day(d) : "", string.Join(" · ", parts.Where(p => !string.IsNullOrWhiteSpace(p))));
    }

    private static string? Named(JsonElement body, string name) => body.Member(name) switch
    {
        { ValueKind: JsonValueKind.Array } => body.First(name) is { } first ? Named(first) : null,
        { ValueKind: JsonValueKind.Object } one => Named(one),
        _ => null,
    };

    private static string? Named(JsonElement concept) => concept.Text("text") ?? concept.Display() ?? concept.Code();

    private static string? Value(JsonElement body) =>
        body.Quantity() is { } quantity ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{quantity} {body.Member("valueQuantity")?.Text("unit")}")
        : body.Text("valueString") ?? (body.Member("valueCodeableConcept") is { } concept ? Named(concept) : body.Member("valueInteger")?.GetRawText());
}
