using System.Globalization;
using System.Text.Json;
using Tongxin.Fhir.FhirPath;

namespace Tongxin.Fhir.Questionnaires;

/// <summary>Answers, days and resources as FHIRPath items, and results of FHIRPath as answers.</summary>
public static class PathValues
{
    public static PathValue Of(JsonElement resource) => new(resource.Text("resourceType"), resource, null);

    public static PathValue Of(DateOnly day) => Time(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

    public static PathValue Of(Answer answer) => answer.Type switch
    {
        "Boolean" => new("boolean", answer.Value, answer.Value.ValueKind is JsonValueKind.True),
        "Integer" when answer.Value.TryGetInt64(out var whole) => new("integer", answer.Value, whole),
        "Integer" or "Decimal" when answer.Number is { } number => new("decimal", answer.Value, number),
        "Date" or "DateTime" => Time(answer.ToString()),
        "Time" => Time("T" + answer.ToString()),
        "Coding" or "Quantity" or "Attachment" or "Reference" => new(answer.Type, answer.Value, null),
        _ => new("string", answer.Value, answer.ToString()),
    };

    /// <summary>A time as the engine itself reads it from a literal; text that is no time stays text.</summary>
    private static PathValue Time(string text)
    {
        try
        {
            return FhirPathExpression.Compile("@" + text).Evaluate(default(JsonElement), NoContext) is [var only] ? only : new("string", default, text);
        }
        catch (FhirPathException)
        {
            return new("string", default, text);
        }
    }

    internal static IReadOnlyList<PathValue> Of(FilledItem item) => [new("QuestionnaireResponse.item", ResponseWriter.Write(item), null)];

    /// <summary>Null when the value does not fit the item's type.</summary>
    public static Answer? ToAnswer(PathValue value, FormItem item) => item.Type switch
    {
        ItemType.Decimal when Number(value) is { } number => Answer.Of("Decimal", number),
        ItemType.Integer when Number(value) is { } number && decimal.Truncate(number) == number => Answer.Of("Integer", (long)number),
        ItemType.Quantity when Number(value) is { } number => Quantity(number, item.Unit),
        ItemType.Boolean when Truth(value) is { } truth => Answer.Of("Boolean", truth),
        ItemType.Choice or ItemType.OpenChoice => Coding(value, item),
        ItemType.Date => Text(value) is { Length: >= 10 } day ? Answer.Of("Date", day[..10]) : null,
        ItemType.DateTime => Answer.Of("DateTime", Text(value)),
        ItemType.Time => Answer.Of("Time", Text(value)),
        ItemType.String or ItemType.Text => Answer.Of("String", Text(value)),
        ItemType.Url => Answer.Of("Uri", Text(value)),
        ItemType.Attachment when value.Json.ValueKind is JsonValueKind.Object => new("Attachment", value.Json),
        ItemType.Reference when value.Json.ValueKind is JsonValueKind.Object => new("Reference", value.Json),
        _ => null,
    };

    public static decimal? Number(PathValue value) => value switch
    {
        { Value: decimal number } => number,
        { Value: long number } => number,
        { Value: int number } => number,
        { Json.ValueKind: JsonValueKind.Number } when value.Json.TryGetDecimal(out var number) => number,
        { Json.ValueKind: JsonValueKind.Object } => value.Json.Member("value") is { ValueKind: JsonValueKind.Number } inner
            && inner.TryGetDecimal(out var number) ? number : null,
        _ => null,
    };

    public static bool? Truth(PathValue value) => value switch
    {
        { Value: bool truth } => truth,
        { Json.ValueKind: JsonValueKind.True } => true,
        { Json.ValueKind: JsonValueKind.False } => false,
        _ => null,
    };

    /// <summary>The value as a person reads it: the display of a coding, a number without trailing zeros, the ISO text of a day.</summary>
    public static string Text(PathValue value) => value switch
    {
        { Value: string text } => text,
        { Json.ValueKind: JsonValueKind.String } => value.Json.GetString()!,
        { Json.ValueKind: JsonValueKind.Object } => value.Json.Text("display") ?? value.Json.Text("text") ?? value.Json.Text("code")
            ?? value.Json.Each("coding").Select(c => c.Text("display") ?? c.Text("code")).FirstOrDefault()
                ?? Number(value)?.ToString("0.####", CultureInfo.InvariantCulture) ?? "",
        _ when Number(value) is { } number => number.ToString("0.####", CultureInfo.InvariantCulture),
        _ when Truth(value) is { } truth => truth ? "是" : "否",
        _ => value.Value?.ToString() ?? "",
    };

    private static Answer? Coding(PathValue value, FormItem item)
    {
        var coding = value.Json.ValueKind is JsonValueKind.Object && value.Json.TryGetProperty("coding", out var inner) && inner.GetArrayLength() > 0 ? inner[0] : value.Json;
        var code = coding.ValueKind is JsonValueKind.Object ? coding.Text("code") : Text(value);
        foreach (var choice in item.Choices)
            if (choice.Code == code) return choice.Answer;
        if (coding.ValueKind is JsonValueKind.Object && item.Choices.Count is 0) return new("Coding", coding);
        return item.Type is ItemType.OpenChoice && coding.ValueKind is not JsonValueKind.Object ? Answer.Of("String", Text(value)) : null;
    }

    private static Answer Quantity(decimal number, JsonElement? unit) => Answer.Of("Quantity", unit is { } coding
        ? new Dictionary<string, object?>
        {
            ["value"] = number, ["unit"] = coding.Text("display") ?? coding.Text("code"), ["system"] = coding.Text("system"), ["code"] = coding.Text("code"),
        }
        : new Dictionary<string, object?> { ["value"] = number });

    private static FhirPathContext NoContext { get; } = new() { Model = new NoModel() };

    private sealed class NoModel : Model.IFhirModel
    {
        public Model.TypeModel? Type(string name) => null;
    }
}
