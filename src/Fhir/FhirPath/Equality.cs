using System.Text.Json;

namespace Tongxin.Fhir.FhirPath;

/// <summary><c>=</c>, <c>~</c> and order of items (§6.1, §6.2).</summary>
internal static class Equality
{
    /// <summary>Null when either is empty, or precision leaves it open.</summary>
    public static bool? Equal(List<PathValue> a, List<PathValue> b)
    {
        if (a.Count is 0 || b.Count is 0) return null;
        if (a.Count != b.Count) return false;
        var open = false;
        for (var i = 0; i < a.Count; i++)
            switch (Equal(a[i], b[i]))
            {
                case false: return false;
                case null: open = true; break;
            }

        return open ? null : true;
    }

    public static bool? Equal(PathValue a, PathValue b)
    {
        if (a.Value is PathQuantity || b.Value is PathQuantity)
            return Items.Quantity(a) is { } p && Items.Quantity(b) is { } q ? QuantitiesEqual(p, q) : false;
        if (Times(a, b) is var (x, y))
        {
            if ((x.Kind is PathTimeKind.Time) != (y.Kind is PathTimeKind.Time)) return false;
            return PathTime.Compare(x, y) switch { null => null, 0 => true, _ => false };
        }

        if (Items.Number(a.Value) is { } m && Items.Number(b.Value) is { } n) return m == n;
        if (a.Value is not null && b.Value is not null) return a.Value.Equals(b.Value);
        return a.Value is null && b.Value is null && a.Json.ValueKind is JsonValueKind.Object && b.Json.ValueKind is JsonValueKind.Object && JsonElement.DeepEquals(a.Json, b.Json);
    }

    public static bool Equivalent(List<PathValue> a, List<PathValue> b)
    {
        if (a.Count != b.Count) return false;
        var left = b.ToList();
        foreach (var item in a)
        {
            var at = left.FindIndex(other => Equivalent(item, other));
            if (at < 0) return false;
            left.RemoveAt(at);
        }

        return true;
    }

    public static bool Equivalent(PathValue a, PathValue b)
    {
        if (a.Value is PathQuantity || b.Value is PathQuantity)
            return Items.Quantity(a) is { } p && Items.Quantity(b) is { } q && QuantitiesEquivalent(p, q);
        if (Times(a, b) is var (x, y)) return PathTime.Compare(x, y) is 0;
        if (Items.Number(a.Value) is { } m && Items.Number(b.Value) is { } n)
        {
            var places = Math.Min(m.Scale, n.Scale);
            return Math.Round(m, places, MidpointRounding.AwayFromZero) == Math.Round(n, places, MidpointRounding.AwayFromZero);
        }

        if (a.Value is string s && b.Value is string t) return string.Equals(Folded(s), Folded(t), StringComparison.OrdinalIgnoreCase);
        if (a.Value is not null || b.Value is not null) return a.Value is not null && a.Value.Equals(b.Value);
        return Alike(a.Json, b.Json);
    }

    /// <summary>-1, 0, 1; null when precision or units leave it open. Throws when the two are of kinds that have no order.</summary>
    public static int? Compare(PathValue a, PathValue b)
    {
        if (Items.Number(a.Value) is { } m && Items.Number(b.Value) is { } n) return m.CompareTo(n);
        if (Times(a, b) is var (x, y))
            return (x.Kind is PathTimeKind.Time) == (y.Kind is PathTimeKind.Time) ? PathTime.Compare(x, y) : throw Incomparable(a, b);
        if (a.Value is string s && b.Value is string t) return Math.Sign(string.CompareOrdinal(s, t));
        if (a.Value is bool or string && b.Value is not null && a.Value.GetType() != b.Value.GetType()) throw Incomparable(a, b);
        return Items.Quantity(a) is { } p && Items.Quantity(b) is { } q ? PathQuantity.Compare(p, q) : throw Incomparable(a, b);
    }

    private static FhirPathException Incomparable(PathValue a, PathValue b) => new($"{a.Type} and {b.Type} have no order.");

    // A time that FHIR carries as text and one that is a time; two texts are texts.
    private static (PathTime, PathTime)? Times(PathValue a, PathValue b) => (a.Value, b.Value) switch
    {
        (PathTime x, PathTime y) => (x, y),
        (PathTime x, string s) when PathTime.Parse(x.Kind, s) is { } y => (x, y),
        (string s, PathTime y) when PathTime.Parse(y.Kind, s) is { } x => (x, y),
        _ => null,
    };

    private static bool? QuantitiesEqual(PathQuantity a, PathQuantity b)
    {
        if (a.Unit == b.Unit) return a.Value == b.Value;
        return Units.Canonical(a) is { } x && Units.Canonical(b) is { } y ? x.Dimension == y.Dimension ? x.Value == y.Value : null : null;
    }

    private static bool QuantitiesEquivalent(PathQuantity a, PathQuantity b)
    {
        static PathQuantity Definite(PathQuantity q) => q.Unit switch { "year" => q with { Unit = "a" }, "month" => q with { Unit = "mo" }, _ => q };
        return Units.Canonical(Definite(a)) is { } x && Units.Canonical(Definite(b)) is { } y && x.Dimension == y.Dimension
            && Math.Abs(x.Value - y.Value) <= Math.Abs(x.Value) * 0.01m;
    }

    private static string Folded(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static bool Alike(JsonElement a, JsonElement b)
    {
        if (a.ValueKind != b.ValueKind) return false;
        return a.ValueKind switch
        {
            JsonValueKind.Object => a.EnumerateObject().Where(m => m.Name is not "id").All(m => b.TryGetProperty(m.Name, out var other) && Alike(m.Value, other))
                && b.EnumerateObject().Where(m => m.Name is not "id").All(m => a.TryGetProperty(m.Name, out _)),
            JsonValueKind.Array => a.GetArrayLength() == b.GetArrayLength() && a.EnumerateArray().All(x => b.EnumerateArray().Any(y => Alike(x, y))),
            JsonValueKind.String => string.Equals(Folded(a.GetString()!), Folded(b.GetString()!), StringComparison.OrdinalIgnoreCase),
            _ => JsonElement.DeepEquals(a, b),
        };
    }
}
