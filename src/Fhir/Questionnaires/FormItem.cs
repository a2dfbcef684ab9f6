using System.Text.Json;
using Tongxin.Fhir.FhirPath;

namespace Tongxin.Fhir.Questionnaires;

/// <summary>Item types of a Questionnaire (FHIR R4 item-type).</summary>
public enum ItemType { Group, Display, Boolean, Decimal, Integer, Date, DateTime, Time, String, Text, Url, Choice, OpenChoice, Attachment, Reference, Quantity }

/// <summary>One question, group or text of a form with everything SDC says about it, read once from its Questionnaire. Not an answer.</summary>
public sealed record FormItem
{
    public required string LinkId { get; init; }
    public required ItemType Type { get; init; }
    public string Text { get; init; } = "";

    /// <summary>English text (translation extension); null when the form has none.</summary>
    public string? TextInEnglish { get; init; }

    public string? Prefix { get; init; }
    public bool Required { get; init; }
    public bool Repeats { get; init; }
    public bool ReadOnly { get; init; }
    public bool Hidden { get; init; }
    public int? MaxLength { get; init; }

    /// <summary>questionnaire-itemControl code (<c>radio-button</c>, <c>check-box</c>, <c>gtable</c>, <c>signature</c>…); null when the form leaves it open.</summary>
    public string? Control { get; init; }

    public IReadOnlyList<FormItem> Items { get; init; } = [];
    public IReadOnlyList<EnableWhen> EnableWhen { get; init; } = [];
    public bool EnableWhenAny { get; init; }
    public FhirPathExpression? EnableWhenExpression { get; init; }
    public IReadOnlyList<FormChoice> Choices { get; init; } = [];
    public string? ValueSet { get; init; }
    public IReadOnlyList<Answer> Initial { get; init; } = [];
    public FhirPathExpression? InitialExpression { get; init; }
    public FhirPathExpression? Calculated { get; init; }
    public IReadOnlyList<FormConstraint> Constraints { get; init; } = [];

    /// <summary>Outside these the answer is refused.</summary>
    public FormRange Possible { get; init; }

    /// <summary>Outside these the answer is questioned (a warning) and kept.</summary>
    public FormRange Usual { get; init; }

    /// <summary>Coding of the unit (UCUM) of a number or quantity; null when it has none.</summary>
    public JsonElement? Unit { get; init; }

    /// <summary>What the question means, as codes; the first is the Observation's code when it is extracted.</summary>
    public IReadOnlyList<JsonElement> Codes { get; init; } = [];

    public bool ExtractsObservation { get; init; }

    /// <summary>Element that the answer fills in definition-based extraction, e.g. <c>…#MedicationStatement.dosage.text</c>.</summary>
    public string? Definition { get; init; }

    /// <summary>Resource type made from each instance of this item (definitionExtract); null when none.</summary>
    public string? ExtractsResource { get; init; }

    /// <summary>Fixed values that go into the extracted resource: path and value.</summary>
    public IReadOnlyList<(string Path, JsonElement Value)> ExtractedValues { get; init; } = [];

    public bool IsQuestion => Type is not (ItemType.Group or ItemType.Display);

    /// <summary>Shown unit text, e.g. mmHg.</summary>
    public string? UnitText => Unit is { } unit ? unit.Text("display") ?? unit.Text("code") : null;

    public IEnumerable<FormItem> SelfAndBelow() => Items.SelectMany(i => i.SelfAndBelow()).Prepend(this);
}

/// <summary>One condition under which an item is asked (FHIR R4 Questionnaire.item.enableWhen).</summary>
/// <param name="Operator"><c>exists</c>, <c>=</c>, <c>!=</c>, <c>&gt;</c>, <c>&lt;</c>, <c>&gt;=</c>, <c>&lt;=</c>.</param>
public sealed record EnableWhen(string Question, string Operator, Answer Answer);

/// <summary>One permitted answer of a choice.</summary>
/// <param name="Exclusive">Excludes every other choice, as 无症状 does (questionnaire-optionExclusive).</param>
public sealed record FormChoice(Answer Answer, bool Exclusive)
{
    public string Code => Answer.Code ?? Answer.ToString();

    public string Display => Answer.Value is { ValueKind: JsonValueKind.Object } coding ? coding.Text("display") ?? Code : Answer.ToString();
}

/// <summary>A rule about answers that is told to the person who fills the form (questionnaire-constraint).</summary>
/// <param name="IsWarning">A warning is told and kept; otherwise the form is refused.</param>
public sealed record FormConstraint(string Key, bool IsWarning, string Message, FhirPathExpression Expression);

/// <summary>Limits of a number, both inclusive; null is open.</summary>
public readonly record struct FormRange(decimal? Low, decimal? High)
{
    public bool Contains(decimal value) => !(value < Low) && !(value > High);
}

/// <summary>One answer: the suffix of its <c>value[x]</c> and the JSON value.</summary>
public readonly record struct Answer(string Type, JsonElement Value)
{
    /// <summary>The code of a Coding; null for everything else.</summary>
    public string? Code => Type is "Coding" ? Value.Text("code") : null;

    public decimal? Number => Value.ValueKind switch
    {
        JsonValueKind.Number when Value.TryGetDecimal(out var number) => number,
        JsonValueKind.Object when Type is "Quantity" && Value.TryGetProperty("value", out var inner) && inner.TryGetDecimal(out var number) => number,
        _ => null,
    };

    public bool Same(Answer other) => (Type, other.Type) switch
    {
        ("Coding", "Coding") => Code == other.Code && (Value.Text("system") ?? "") == (other.Value.Text("system") ?? ""),
        _ when Number is { } mine && other.Number is { } its => mine == its,
        _ => ToString() == other.ToString(),
    };

    public override string ToString() => Value.ValueKind switch
    {
        JsonValueKind.String => Value.GetString()!,
        JsonValueKind.Object when Type is "Coding" => Value.Text("display") ?? Value.Text("code") ?? "",
        JsonValueKind.Undefined => "",
        _ => Value.GetRawText(),
    };

    public static Answer Of(string type, object value) => new(type, JsonSerializer.SerializeToElement(value));
}

/// <summary>Reading of JSON members that may be absent.</summary>
internal static class JsonMembers
{
    extension(JsonElement element)
    {
        public string? Text(string name) =>
            element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

        public bool Flag(string name) =>
            element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True;

        public JsonElement? Member(string name) =>
            element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;

        public IEnumerable<JsonElement> Each(string name) =>
            element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Array ? value.EnumerateArray() : [];

        /// <summary>The first extension with the url; null when there is none.</summary>
        public JsonElement? Extension(string url)
        {
            foreach (var extension in element.Each("extension"))
                if (extension.Text("url") == url) return extension;
            return null;
        }

        /// <summary>The <c>value[x]</c> of an extension, an answer or an initial value.</summary>
        public Answer? Choice(string stem = "value")
        {
            if (element.ValueKind is not JsonValueKind.Object) return null;
            foreach (var member in element.EnumerateObject())
                if (member.Name.Length > stem.Length && member.Name.StartsWith(stem, StringComparison.Ordinal) && char.IsAsciiLetterUpper(member.Name[stem.Length]))
                    return new(member.Name[stem.Length..], member.Value);
            return null;
        }
    }
}
