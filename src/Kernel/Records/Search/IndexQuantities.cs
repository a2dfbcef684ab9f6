using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Tongxin.Kernel.Records.Search;

/// <summary>Rows of numbers, quantities, ranges, money and sampled data (FHIR R4 §3.1.1.4.8–9).</summary>
internal static class IndexQuantities
{
    private const string Currencies = "urn:iso:std:iso:4217";

    /// <summary>Null when there is no number in it.</summary>
    public static QuantityEntry? Read(SearchParameter parameter, string type, JsonElement value) => (type, value.ValueKind) switch
    {
        (_, JsonValueKind.Number) => Number(value) is { } number ? Row(parameter, QuantityRange.Point(number)) : null,
        ("Range", JsonValueKind.Object) => Span(parameter, value, "low", "high"),
        ("SampledData", JsonValueKind.Object) => Sampled(parameter, value),
        ("Money", JsonValueKind.Object) => Member(value, "value") is { } amount
            ? Row(parameter, QuantityRange.Point(amount)) with { System = value.Text("currency") is null ? null : Currencies, Code = value.Text("currency") }
            : null,
        (_, JsonValueKind.Object) => Quantity(parameter, value),
        _ => null,
    };

    private static QuantityEntry? Quantity(SearchParameter parameter, JsonElement quantity)
    {
        if (Member(quantity, "value") is not { } value) return null;
        var point = QuantityRange.Point(value);
        var range = quantity.Text("comparator") switch
        {
            "<" => new QuantityRange(decimal.MinValue, point.Low),
            "<=" => new QuantityRange(decimal.MinValue, point.High),
            ">" => new QuantityRange(point.High, decimal.MaxValue),
            ">=" => new QuantityRange(point.Low, decimal.MaxValue),
            _ => point,
        };
        return Row(parameter, range) with { System = quantity.Text("system"), Code = quantity.Text("code"), Unit = quantity.Text("unit") };
    }

    private static QuantityEntry? Span(SearchParameter parameter, JsonElement range, string low, string high)
    {
        var from = range.TryGetProperty(low, out var lower) && lower.ValueKind is JsonValueKind.Object ? Quantity(parameter, lower) : null;
        var to = range.TryGetProperty(high, out var upper) && upper.ValueKind is JsonValueKind.Object ? Quantity(parameter, upper) : null;
        if (from is null && to is null) return null;
        return (from ?? to)!.Value with { Low = from?.Low ?? decimal.MinValue, High = to?.High ?? decimal.MaxValue };
    }

    // A series of samples lies where its limits or, without them, its origin lies.
    private static QuantityEntry? Sampled(SearchParameter parameter, JsonElement data)
    {
        var origin = data.TryGetProperty("origin"u8, out var found) && found.ValueKind is JsonValueKind.Object ? Quantity(parameter, found) : null;
        if (Member(data, "lowerLimit") is { } low && Member(data, "upperLimit") is { } high)
            return (origin ?? Row(parameter, default)) with { Low = low, High = QuantityRange.Point(high).High };
        return origin;
    }

    private static QuantityEntry Row(SearchParameter parameter, QuantityRange range) => new(parameter, range.Low, range.High);

    private static decimal? Member(JsonElement value, string name) =>
        value.TryGetProperty(name, out var member) && member.ValueKind is JsonValueKind.Number ? Number(member) : null;

    private static decimal? Number(JsonElement number)
    {
        if (number.TryGetDecimal(out var exact)) return Math.Clamp(exact, -QuantityRange.Largest, QuantityRange.Largest);
        return QuantityRange.TryNumber(Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(number)), out var value) ? value : null;
    }
}
