using System.Globalization;
using System.Text.RegularExpressions;

namespace Tongxin.Fhir.FhirPath;

/// <summary><c>toX</c> and <c>convertsToX</c> (§5.5).</summary>
internal static partial class ConversionFunctions
{
    public static IReadOnlyDictionary<string, Functions.Entry> All { get; } = Pairs().ToDictionary(StringComparer.Ordinal);

    private static IEnumerable<KeyValuePair<string, Functions.Entry>> Pairs()
    {
        (string Name, Func<PathValue, string?, List<PathValue>> To)[] conversions =
        [
            ("Boolean", (i, _) => Items.Of(ToBoolean(i.Value))),
            ("Integer", (i, _) => ToWhole(i.Value, int.MaxValue) is { } w ? Items.Of(w) : Items.None),
            ("Long", (i, _) => ToWhole(i.Value, long.MaxValue) is { } w ? Items.Of(w) : Items.None),
            ("Decimal", (i, _) => ToDecimal(i.Value) is { } d ? Items.Of(d) : Items.None),
            ("String", (i, _) => i.Value is null ? Items.None : Items.Of(Items.Format(i.Value))),
            ("Date", (i, _) => Items.Of(ToTime(i.Value, PathTimeKind.Date))),
            ("DateTime", (i, _) => Items.Of(ToTime(i.Value, PathTimeKind.DateTime))),
            ("Time", (i, _) => Items.Of(ToTime(i.Value, PathTimeKind.Time))),
            ("Quantity", (i, unit) => Items.Of(ToQuantity(i, unit))),
        ];
        foreach (var (name, to) in conversions)
        {
            yield return new($"to{name}", new(0, 1, (c, s, f) => Items.Single(f) is { } item ? to(item, c.Text(0, s)) : Items.None));
            yield return new($"convertsTo{name}", new(0, 1, (c, s, f) => Items.Single(f) is { } item ? Items.Of(to(item, c.Text(0, s)).Count > 0) : Items.None));
        }
    }

    private static bool? ToBoolean(object? value) => value switch
    {
        bool flag => flag,
        string text => text.ToLowerInvariant() switch { "true" or "t" or "yes" or "y" or "1" or "1.0" => true, "false" or "f" or "no" or "n" or "0" or "0.0" => false, _ => null },
        _ => Items.Number(value) switch { 1 => true, 0 => false, _ => null },
    };

    private static long? ToWhole(object? value, long most) => value switch
    {
        long whole => whole,
        bool flag => flag ? 1 : 0,
        string text when WholeShape.IsMatch(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
            && Math.Abs((decimal)whole) <= most => whole,
        _ => null,
    };

    private static decimal? ToDecimal(object? value) => value switch
    {
        bool flag => flag ? 1.0m : 0.0m,
        string text when NumberShape.IsMatch(text) && decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) => number,
        _ => Items.Number(value),
    };

    private static PathTime? ToTime(object? value, PathTimeKind kind) => value switch
    {
        PathTime time => time.As(kind),
        string text => PathTime.Parse(kind, text) ?? (kind is PathTimeKind.Date && PathTime.Parse(PathTimeKind.DateTime, text) is { } whole ? whole.As(kind) : null),
        _ => null,
    };

    private static PathQuantity? ToQuantity(PathValue item, string? unit)
    {
        var quantity = item.Value switch
        {
            bool flag => new(flag ? 1.0m : 0.0m, "1"),
            string text when QuantityShape.Match(text) is { Success: true } m
                && decimal.TryParse(m.Groups["n"].ValueSpan, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) =>
                m.Groups["u"].Success ? new(number, m.Groups["u"].Value) : m.Groups["w"].Success
                    ? PathQuantity.CalendarWord(m.Groups["w"].Value) is { } word ? new(number, word) : null
                    : new PathQuantity(number, "1"),
            string => null,
            _ => Items.Quantity(item),
        };
        if (quantity is null || unit is null || quantity.Unit == unit) return quantity;
        return Units.Canonical(quantity) is { } x && Units.Canonical(new(1, unit)) is { } y && x.Dimension == y.Dimension ? new(x.Value / y.Value, unit) : null;
    }

    [GeneratedRegex(@"^[+-]?\d+$", RegexOptions.None, 100)]
    private static partial Regex WholeShape { get; }

    [GeneratedRegex(@"^[+-]?\d+(\.\d+)?$", RegexOptions.None, 100)]
    private static partial Regex NumberShape { get; }

    [GeneratedRegex(@"^(?<n>[+-]?\d+(\.\d+)?)\s*('(?<u>[^']+)'|(?<w>[a-zA-Z]+))?$", RegexOptions.None, 100)]
    private static partial Regex QuantityShape { get; }
}
