using System.Collections.Frozen;

namespace Tongxin.Fhir.FhirPath;

/// <summary>What a quantity is in base units: enough of UCUM to compare and multiply what a county measures. Not a UCUM library.</summary>
internal static class Units
{
    private static readonly FrozenDictionary<string, (decimal Factor, string Dimension)> Atoms = new Dictionary<string, (decimal, string)>(StringComparer.Ordinal)
    {
        ["1"] = (1, ""), ["m"] = (1, "m"), ["g"] = (1, "g"), ["s"] = (1, "s"), ["mol"] = (1, "mol"), ["K"] = (1, "K"), ["L"] = (0.001m, "m3"), ["l"] = (0.001m, "m3"),
        ["min"] = (60, "s"), ["h"] = (3600, "s"), ["d"] = (86400, "s"), ["wk"] = (604800, "s"), ["mo"] = (2629800, "s"), ["a"] = (31557600, "s"),
        ["%"] = (0.01m, ""), ["[in_i]"] = (0.0254m, "m"), ["[ft_i]"] = (0.3048m, "m"), ["[lb_av]"] = (453.59237m, "g"), ["[oz_av]"] = (28.349523125m, "g"),
        ["m[Hg]"] = (133322387.415m, "g.m-1.s-2"), ["Pa"] = (1000, "g.m-1.s-2"), ["bar"] = (100000000, "g.m-1.s-2"), ["J"] = (1000, "g.m2.s-2"), ["cal"] = (4184, "g.m2.s-2"),
        ["N"] = (1000, "g.m.s-2"), ["W"] = (1000, "g.m2.s-3"), ["Hz"] = (1, "s-1"), ["[iU]"] = (1, "[iU]"),
        ["U"] = (1, "U"), ["eq"] = (1, "mol"), ["osm"] = (1, "mol"), ["Cel"] = (1, "Cel"),
        ["t"] = (1000000, "g"), ["[pH]"] = (1, "[pH]"), ["{score}"] = (1, ""),
        ["week"] = (604800, "s"), ["day"] = (86400, "s"), ["hour"] = (3600, "s"), ["minute"] = (60, "s"), ["second"] = (1, "s"), ["millisecond"] = (0.001m, "s"),
        ["year"] = (1, "year"), ["month"] = (1, "month"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<char, decimal> Prefixes = new Dictionary<char, decimal>
    {
        ['k'] = 1000, ['h'] = 100, ['d'] = 0.1m, ['c'] = 0.01m, ['m'] = 0.001m, ['u'] = 0.000001m, ['n'] = 0.000000001m, ['p'] = 0.000000000001m,
        ['M'] = 1000000, ['G'] = 1000000000,
    }.ToFrozenDictionary();

    private const string Prefixed = "m g s mol L l m[Hg] Pa J cal N W Hz [iU] U eq osm bar";
    private static readonly FrozenSet<string> MayHavePrefix = Prefixed.Split(' ').ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Null when a part of the unit is not known.</summary>
    public static (decimal Value, string Dimension)? Canonical(PathQuantity quantity)
    {
        if (Parse(quantity.Unit) is not { } unit) return null;
        try
        {
            return (quantity.Value * unit.Factor, unit.Dimension);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    /// <summary>Product or quotient of two quantities, in the simplest unit we can write; null when a unit is not known.</summary>
    public static PathQuantity? Combine(PathQuantity a, PathQuantity b, bool divide)
    {
        if (divide && b.Value is 0) return null;
        var value = divide ? a.Value / b.Value : a.Value * b.Value;
        if (b.Unit is "1") return new(value, a.Unit);
        if (divide && a.Unit == b.Unit) return new(value, "1");
        if (Parse(a.Unit) is null || Parse(b.Unit) is null) return null;
        if (divide) return new(value, $"{a.Unit}/{b.Unit}");
        return a.Unit == b.Unit && a.Unit.All(char.IsLetter) ? new(value, $"{a.Unit}2") : new(value, a.Unit is "1" ? b.Unit : $"{a.Unit}.{b.Unit}");
    }

    private static (decimal Factor, string Dimension)? Parse(string unit)
    {
        var (factor, powers) = (1m, new SortedDictionary<string, int>(StringComparer.Ordinal));
        var sign = 1;
        foreach (var part in Parts(unit))
        {
            if (part is "." or "/")
            {
                sign = part is "/" ? -1 : 1;
                continue;
            }

            if (Part(part) is not { } known) return null;
            for (var i = 0; i < Math.Abs(known.Power); i++) factor = sign * known.Power > 0 ? factor * known.Factor : factor / known.Factor;
            foreach (var (name, power) in Dimensions(known.Dimension)) powers[name] = powers.GetValueOrDefault(name) + power * known.Power * sign;
        }

        return (factor, string.Join('.', powers.Where(p => p.Value is not 0).Select(p => p.Value is 1 ? p.Key : p.Key + p.Value)));
    }

    private static IEnumerable<string> Parts(string unit)
    {
        var (start, depth) = (0, 0);
        for (var i = 0; i < unit.Length; i++)
        {
            if (unit[i] is '[' or '{') depth++;
            else if (unit[i] is ']' or '}') depth--;
            else if (depth is 0 && unit[i] is '.' or '/')
            {
                if (i > start) yield return unit[start..i];
                yield return unit[i].ToString();
                start = i + 1;
            }
        }

        if (start < unit.Length) yield return unit[start..];
    }

    private static (decimal Factor, string Dimension, int Power)? Part(string part)
    {
        if (part.StartsWith('{')) return (1, "", 1);
        var note = part.IndexOf('{', StringComparison.Ordinal);
        if (note > 0) part = part[..note];
        var end = part.Length;
        while (end > 1 && (char.IsAsciiDigit(part[end - 1]) || part[end - 1] is '-' or '+')) end--;
        var power = end < part.Length && part != "1" && int.TryParse(part[end..], out var written) ? written : 1;
        var atom = power is 1 && end == part.Length ? part : part[..end];
        if (atom.StartsWith("10*", StringComparison.Ordinal)) return ((decimal)Math.Pow(10, power), "", 1);
        if (Atoms.TryGetValue(atom, out var plain)) return (plain.Factor, plain.Dimension, power);
        return atom.Length > 1 && Prefixes.TryGetValue(atom[0], out var prefix) && MayHavePrefix.Contains(atom[1..]) && Atoms.TryGetValue(atom[1..], out var known)
            ? (known.Factor * prefix, known.Dimension, power)
            : null;
    }

    private static IEnumerable<(string Name, int Power)> Dimensions(string dimension)
    {
        foreach (var part in dimension.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var end = part.Length;
            while (end > 1 && (char.IsAsciiDigit(part[end - 1]) || part[end - 1] is '-')) end--;
            yield return (part[..end], end < part.Length ? int.Parse(part[end..], System.Globalization.CultureInfo.InvariantCulture) : 1);
        }
    }
}
