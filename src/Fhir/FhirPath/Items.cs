using System.Globalization;
using System.Text.Json;

namespace Tongxin.Fhir.FhirPath;

/// <summary>Making items and reading them as what an operator needs (§4.5 singleton evaluation).</summary>
internal static class Items
{
    public static readonly List<PathValue> None = [];
    public static readonly List<PathValue> True = [new("Boolean", default, true)];
    public static readonly List<PathValue> False = [new("Boolean", default, false)];

    public static List<PathValue> Of(bool? value) => value switch { true => True, false => False, null => None };

    public static List<PathValue> Of(string? text) => text is null ? None : [new("String", default, text)];

    /// <summary>Characters of a text that an expression may make.</summary>
    public const int LongestText = 4_000_000;

    public static List<PathValue> Joined(string a, string b) => a.Length + b.Length <= LongestText ? Of(a + b)
        : throw new FhirPathException($"The text would have more than {LongestText} characters.");

    public static List<PathValue> Of(long whole) => [new("Integer", default, whole)];

    public static List<PathValue> Of(decimal number) => [new("Decimal", default, number)];

    public static List<PathValue> Of(PathTime? time) => time is null ? None : [new(time.Kind.ToString(), default, time)];

    public static List<PathValue> Of(PathQuantity? quantity) => quantity is null ? None : [new("Quantity", default, quantity)];

    /// <summary>Null when empty; several are an error.</summary>
    public static PathValue? Single(List<PathValue> items) => items.Count switch
    {
        0 => null,
        1 => items[0],
        _ => throw new FhirPathException($"One value was expected where there are {items.Count}."),
    };

    /// <summary>A single value that is no boolean counts as true.</summary>
    public static bool? Boolean(List<PathValue> items) => Single(items) switch { null => null, { Value: bool flag } => flag, _ => true };

    public static string? Text(List<PathValue> items) => Single(items) switch
    {
        null => null,
        { Value: string text } => text,
        { Value: PathTime time, Type: not ("Date" or "DateTime" or "Time") } => time.ToString(),
        _ => throw new FhirPathException("A string was expected."),
    };

    public static long? Whole(List<PathValue> items) => Single(items) switch
    {
        null => null,
        { Value: long whole } => whole,
        _ => throw new FhirPathException("A whole number was expected."),
    };

    /// <summary>The number of an item; null when it is none.</summary>
    public static decimal? Number(object? value) => value switch { long whole => whole, decimal number => number, _ => null };

    /// <summary>The quantity of an item: a System quantity, a FHIR Quantity, or a number with unit 1.</summary>
    public static PathQuantity? Quantity(PathValue item, bool fromNumbers = true)
    {
        if (item.Value is PathQuantity quantity) return quantity;
        if (fromNumbers && Number(item.Value) is { } number) return new(number, "1");
        if (item.Json.ValueKind is not JsonValueKind.Object || !item.Json.TryGetProperty("value", out var value) || value.ValueKind is not JsonValueKind.Number) return null;
        if (!value.TryGetDecimal(out var amount)) return null;
        var system = item.Json.TryGetProperty("system", out var s) ? s.GetString() : null;
        var unit = item.Json.TryGetProperty("code", out var code) && system is null or "http://unitsofmeasure.org" ? code.GetString()
            : item.Json.TryGetProperty("unit", out var shown) ? shown.GetString() : null;
        return new(amount, unit switch { null or "" => "1", "a" => "year", "mo" => "month", _ => unit });
    }

    public static string Format(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
