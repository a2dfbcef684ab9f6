using System.Globalization;

namespace Tongxin.Kernel.Records.Search;

/// <summary>A stretch of numbers, Low inclusive, High exclusive: what a stored number is, and what a searched number means.</summary>
public readonly record struct QuantityRange(decimal Low, decimal High)
{
    /// <summary>Beyond this a number is clamped: no measurement is, and sums with it must not overflow.</summary>
    public const decimal Largest = 1e27m;

    private const NumberStyles Decimal = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
    private const decimal RelativeWidth = 1e-12m;

    /// <summary>The number itself. The width ε lets half-open comparison treat it like any range, and survives storage as a double.</summary>
    public static QuantityRange Point(decimal value) => new(value, value + (Math.Abs(value) * RelativeWidth) + RelativeWidth);

    /// <summary>FHIR R4 §3.1.1.4.4: 100 means [99.5, 100.5), 5.40 means [5.395, 5.405), 1e2 means [95, 105).</summary>
    public static bool TryImplied(ReadOnlySpan<char> text, out QuantityRange range)
    {
        range = default;
        if (!TryNumber(text, out var value)) return false;
        var e = text.IndexOfAny('e', 'E');
        var mantissa = e < 0 ? text : text[..e];
        var exponent = e < 0 ? 0 : int.Parse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var point = mantissa.IndexOf('.');
        var places = (point < 0 ? 0 : mantissa.Length - point - 1) - exponent;
        var half = 0.5m;
        for (var i = 0; i < Math.Min(places, 27); i++) half /= 10;
        for (var i = 0; i > Math.Max(places, -26); i--) half *= 10;
        range = new(value - half, value + half);
        return true;
    }

    /// <summary>A JSON or FHIR decimal; false when it is none.</summary>
    public static bool TryNumber(ReadOnlySpan<char> text, out decimal value)
    {
        if (decimal.TryParse(text, Decimal, CultureInfo.InvariantCulture, out value))
        {
            value = Math.Clamp(value, -Largest, Largest);
            return true;
        }

        // 1e400 is a legal JSON number that decimal cannot hold.
        if (!double.TryParse(text, Decimal, CultureInfo.InvariantCulture, out var large)) return false;
        value = large > 0 ? Largest : -Largest;
        return true;
    }
}
