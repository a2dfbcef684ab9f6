using System.Globalization;
using System.Text.Json;
using Tongxin.Fhir.Model;

namespace Tongxin.Fhir.Validation;

/// <summary>The invariants of FHIR R4 that are checked at the door, written out because the library's metadata carries none.</summary>
/// <remarks>Those about what is cared for daily and those that keep a bundle or a reference readable; ele-1, dom-2 to 5 and ref-1's target are in the walk itself.</remarks>
internal static class Invariants
{
    public static IReadOnlyList<Invariant> Of(TypeModel type) => type.Name switch
    {
        "Extension" => [new("ext-1", "An extension has either extensions or a value", e => Has(e, "extension") != HasChoice(e, "value"))],
        "Period" => [new("per-1", "A period does not end before it starts", PeriodHolds)],
        "Quantity" or "Age" or "Duration" or "Distance" or "Count" => [new("qty-3", "A coded unit has its system", e => !Has(e, "code") || Has(e, "system"))],
        "Range" => [new("rng-2", "A range's low is not above its high", RangeHolds)],
        "Ratio" => [new("rat-1", "A ratio has both numerator and denominator, or an extension instead", RatioHolds)],
        "ContactPoint" => [new("cpt-2", "A contact point with a value has a system", e => !Has(e, "value") || Has(e, "system"))],
        "Attachment" => [new("att-1", "An attachment with data has a contentType", e => !Has(e, "data") || Has(e, "contentType"))],
        "Timing.repeat" => Timing,
        "Observation" => [new("obs-6", "An observation with a value has no dataAbsentReason", e => !Has(e, "dataAbsentReason") || !HasChoice(e, "value")),
            new("obs-7", "A component with the observation's own code means that the observation has no value", OwnCodeHolds)],
        "Observation.referenceRange" => [new("obs-3", "A reference range has low, high or text", e => Has(e, "low") || Has(e, "high") || Has(e, "text"))],
        "Patient.contact" => [new("pat-1", "A contact has a name, telecom, address or organization",
            e => Has(e, "name") || Has(e, "telecom") || Has(e, "address") || Has(e, "organization"))],
        "Organization" => [new("org-1", "An organization has a name or an identifier", e => Has(e, "name") || Has(e, "identifier"))],
        "Condition" => Condition,
        "AllergyIntolerance" => Allergy,
        "CarePlan.activity" => [new("cpl-3", "An activity has a detail or a reference, not both", e => !(Has(e, "detail") && Has(e, "reference")))],
        "Goal.target" => [new("gol-1", "A target with a detail has a measure", e => !HasChoice(e, "detail") || Has(e, "measure"))],
        "Bundle" => Bundle,
        "CodeSystem" => CodeSystem,
        "Bundle.entry" => [
            new("bdl-5", "An entry has a resource, a request or a response", e => Has(e, "resource") || Has(e, "request") || Has(e, "response")),
            new("bdl-8", "A fullUrl names no version", e => !Contains(e, "fullUrl", "/_history/"))],
        "Questionnaire.item" => Item,
        "QuestionnaireResponse.item" => [new("qrs-1", "An item has answers or items, not both", e => !(Has(e, "answer") && Has(e, "item")))],
        "Parameters.parameter" => [new("inv-1", "A parameter has a value, a resource or parts, and only one of them",
            e => (HasChoice(e, "value") ? 1 : 0) + (Has(e, "resource") ? 1 : 0) + (Has(e, "part") ? 1 : 0) == 1)],
        "Task" => [new("inv-1", "lastModified is not before authoredOn", e => Ordered(e, "authoredOn", "lastModified"))],
        "Group" => [new("grp-1", "Only an actual group has members", e => !Has(e, "member") || IsTrue(e, "actual"))],
        "Immunization.education" => [new("imm-1", "Education has a document type or a reference", e => Has(e, "documentType") || Has(e, "reference"))],
        "ValueSet.compose.include" => [new("vsd-1", "An include has a system or a value set", e => Has(e, "system") || Has(e, "valueSet")),
            new("vsd-2", "Concepts and filters need a system", e => (!Has(e, "concept") && !Has(e, "filter")) || Has(e, "system")),
            new("vsd-3", "An include has concepts or filters, not both", e => !(Has(e, "concept") && Has(e, "filter")))],
        _ => [],
    };

    private static readonly Invariant[] Timing =
    [
        new("tim-1", "A duration has units", e => !Has(e, "duration") || Has(e, "durationUnit")),
        new("tim-2", "A period has units", e => !Has(e, "period") || Has(e, "periodUnit")),
        new("tim-4", "A duration is not negative", e => Number(e, "duration") is not < 0),
        new("tim-5", "A period is not negative", e => Number(e, "period") is not < 0),
        new("tim-6", "A periodMax needs a period", e => !Has(e, "periodMax") || Has(e, "period")),
        new("tim-7", "A durationMax needs a duration", e => !Has(e, "durationMax") || Has(e, "duration")),
        new("tim-8", "A countMax needs a count", e => !Has(e, "countMax") || Has(e, "count")),
        new("tim-10", "There is a time of day or a when, not both", e => !Has(e, "timeOfDay") || !Has(e, "when")),
    ];

    private static readonly Invariant[] Condition =
    [
        new("con-4", "An abated condition is inactive, resolved or in remission",
            e => !HasChoice(e, "abatement") || !Has(e, "clinicalStatus") || HasCode(e, "clinicalStatus", "resolved", "remission", "inactive")),
        new("con-5", "A condition entered in error has no clinicalStatus", e => !HasCode(e, "verificationStatus", "entered-in-error") || !Has(e, "clinicalStatus")),
    ];

    private static readonly Invariant[] Allergy =
    [
        new("ait-1", "An allergy that was not entered in error has a clinicalStatus", e => HasCode(e, "verificationStatus", "entered-in-error") || Has(e, "clinicalStatus")),
        new("ait-2", "An allergy entered in error has no clinicalStatus", e => !HasCode(e, "verificationStatus", "entered-in-error") || !Has(e, "clinicalStatus")),
    ];

    private static readonly Invariant[] Bundle =
    [
        new("bdl-1", "Only a searchset or history has a total", e => !Has(e, "total") || Text(e, "type") is "searchset" or "history"),
        new("bdl-3", "Every entry of a batch, transaction or history has a request, and no other has",
            e => EveryEntry(e, entry => Has(entry, "request") == Text(e, "type") is "batch" or "transaction" or "history")),
        new("bdl-4", "Every entry of a response or history has a response, and no other has",
            e => EveryEntry(e, entry => Has(entry, "response") == Text(e, "type") is "batch-response" or "transaction-response" or "history")),
        new("bdl-7", "A fullUrl occurs once in a bundle, or with different versions", FullUrlsHold),
        new("bdl-9", "A document has an identifier", e => Text(e, "type") is not "document" || Has(e, "identifier")),
        new("bdl-10", "A document has a timestamp", e => Text(e, "type") is not "document" || Has(e, "timestamp")),
        new("bdl-11", "A document begins with a Composition", e => Text(e, "type") is not "document" || FirstType(e) is "Composition"),
        new("bdl-12", "A message begins with a MessageHeader", e => Text(e, "type") is not "message" || FirstType(e) is "MessageHeader"),
    ];

    private static readonly Invariant[] CodeSystem = [new("csd-1", "Every code stands once in a code system", e => CodesDiffer(e, new(StringComparer.Ordinal)))];

    private static readonly Invariant[] Item =
    [
        new("que-1", "A group has items and a display has none",
            e => Text(e, "type") switch { "group" => Has(e, "item"), "display" => !Has(e, "item"), _ => true }),
        new("que-3", "A display has no code", e => Text(e, "type") is not "display" || !Has(e, "code")),
        new("que-4", "An item has answer options or an answer value set, not both", e => !(Has(e, "answerOption") && Has(e, "answerValueSet"))),
        new("que-5", "Only choices have options", e => !(Has(e, "answerOption") || Has(e, "answerValueSet")) ||
            Text(e, "type") is "choice" or "open-choice" or "decimal" or "integer" or "date" or "dateTime" or "time" or "string" or "quantity"),
        new("que-6", "A display is neither required nor repeated", e => Text(e, "type") is not "display" || !(Has(e, "required") || Has(e, "repeats"))),
        new("que-8", "A group or display has no initial value", e => Text(e, "type") is not ("group" or "display") || !Has(e, "initial")),
        new("que-9", "A display is not read-only", e => Text(e, "type") is not "display" || !Has(e, "readOnly")),
        new("que-11", "An item with answer options has no initial value", e => !(Has(e, "answerOption") && Has(e, "initial"))),
        new("que-12", "Several conditions need an enableBehavior", e => Count(e, "enableWhen") < 2 || Has(e, "enableBehavior")),
    ];

    // Compared only where both say the same precision in the same way; partial dates are equal to what they contain.
    private static bool PeriodHolds(JsonElement e) => Ordered(e, "start", "end");

    private static bool Ordered(JsonElement e, string first, string second)
    {
        if (Text(e, first) is not { } from || Text(e, second) is not { } to) return true;
        if (from.Length > 10 && to.Length > 10 && DateTimeOffset.TryParse(from, CultureInfo.InvariantCulture, out var start) &&
            DateTimeOffset.TryParse(to, CultureInfo.InvariantCulture, out var end)) return start <= end;
        // A time of day against a date: the zones may differ by a day, so only whole years and months are sure.
        var common = from.Length > 10 || to.Length > 10 ? Math.Min(7, Math.Min(from.Length, to.Length)) : Math.Min(from.Length, to.Length);
        return string.CompareOrdinal(from, 0, to, 0, common) <= 0 || from.Length > 10 != to.Length > 10;
    }

    private static bool RangeHolds(JsonElement e) =>
        Member(e, "low") is not { } low || Member(e, "high") is not { } high || Text(low, "code") != Text(high, "code") || Text(low, "unit") != Text(high, "unit") ||
        Number(low, "value") is not { } from || Number(high, "value") is not { } to || from <= to;

    private static bool RatioHolds(JsonElement e) =>
        Has(e, "numerator") == Has(e, "denominator") && (Has(e, "numerator") || Has(e, "extension"));

    private static bool OwnCodeHolds(JsonElement e)
    {
        if (!HasChoice(e, "value") || Member(e, "component") is not { ValueKind: JsonValueKind.Array } components) return true;
        var own = Codings(e, "code").ToList();
        return !components.EnumerateArray().Any(c => Codings(c, "code").Any(own.Contains));
    }

    private static bool CodesDiffer(JsonElement e, HashSet<string> seen) => Member(e, "concept") is not { ValueKind: JsonValueKind.Array } concepts
        || concepts.EnumerateArray().All(c => (Text(c, "code") is not { } code || seen.Add(code)) && CodesDiffer(c, seen));

    private static bool FullUrlsHold(JsonElement e)
    {
        if (Text(e, "type") is "history") return true;
        var seen = new HashSet<(string, string?)>();
        return EveryEntry(e, entry => Text(entry, "fullUrl") is not { } url ||
            seen.Add((url, Member(entry, "resource") is { } resource && Member(resource, "meta") is { } meta ? Text(meta, "versionId") : null)));
    }

    private static bool EveryEntry(JsonElement e, Func<JsonElement, bool> holds) =>
        Member(e, "entry") is not { ValueKind: JsonValueKind.Array } entries || entries.EnumerateArray().All(holds);

    private static string? FirstType(JsonElement e) =>
        Member(e, "entry") is { ValueKind: JsonValueKind.Array } entries && entries.GetArrayLength() > 0 && Member(entries[0], "resource") is { } resource
            ? Text(resource, "resourceType")
            : null;

    private static IEnumerable<(string?, string?)> Codings(JsonElement e, string name) =>
        Member(e, name) is { } concept && Member(concept, "coding") is { ValueKind: JsonValueKind.Array } codings
            ? codings.EnumerateArray().Where(c => Has(c, "code")).Select(c => (Text(c, "system"), Text(c, "code")))
            : [];

    private static bool HasCode(JsonElement e, string name, params ReadOnlySpan<string> codes)
    {
        foreach (var (_, code) in Codings(e, name))
            if (codes.Contains(code)) return true;
        return false;
    }

    // An element may be there through its extension alone.
    private static bool Has(JsonElement e, string name) => Member(e, name) is not null || Member(e, "_" + name) is not null;

    private static bool HasChoice(JsonElement e, string name)
    {
        if (e.ValueKind is not JsonValueKind.Object) return false;
        foreach (var member in e.EnumerateObject())
        {
            var bare = member.Name.AsSpan().TrimStart('_');
            if (bare.Length > name.Length && bare.StartsWith(name) && char.IsAsciiLetterUpper(bare[name.Length])) return true;
        }

        return false;
    }

    private static JsonElement? Member(JsonElement e, string name) => e.ValueKind is JsonValueKind.Object && e.TryGetProperty(name, out var found) ? found : null;

    private static string? Text(JsonElement e, string name) => Member(e, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static bool IsTrue(JsonElement e, string name) => Member(e, name) is { ValueKind: JsonValueKind.True };

    private static bool Contains(JsonElement e, string name, string part) => Text(e, name)?.Contains(part, StringComparison.Ordinal) is true;

    private static int Count(JsonElement e, string name) => Member(e, name) is { ValueKind: JsonValueKind.Array } list ? list.GetArrayLength() : 0;

    private static decimal? Number(JsonElement e, string name) =>
        Member(e, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetDecimal(out var value) ? value : null;
}
