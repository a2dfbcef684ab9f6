using System.Globalization;
using System.Text.Json.Nodes;
using Tongxin.Fhir;

namespace Tongxin.Kernel.Programmes.Packages;

/// <summary>A reference by the LMS method (Cole and Green 1992): L, M and S at knots, straight between them, one line per group (male, female).</summary>
/// <remarks>
/// File <c>curves/NAME.yaml</c>: <c>id, title, citation, lines: {male: "AT L M S\n…"}</c>. Beyond three deviations z goes on in steps of the distance
/// between the second and the third, as WHO restricts it for weight; where L is 1 that is the same line.
/// </remarks>
public sealed class ReferenceCurve
{
    public const int MostKnots = 4_000;
    private const double Restricted = 3;

    private readonly IReadOnlyDictionary<string, Knot[]> lines;

    private ReferenceCurve(string id, string title, IReadOnlyDictionary<string, Knot[]> lines) => (Id, Title, this.lines) = (id, title, lines);

    public string Id { get; }
    public string Title { get; }

    /// <summary>Null outside the reference (age, length, unknown group) or for a value that is not positive.</summary>
    public decimal? ZScore(string group, decimal at, decimal value)
    {
        if (value <= 0 || !lines.TryGetValue(group, out var knots) || At(knots, (double)at) is not { } here) return null;
        var measured = (double)value;
        var z = here.ZOf(measured);
        if (Math.Abs(z) > Restricted)
        {
            var side = Math.Sign(z);
            var third = here.ValueAt(side * Restricted);
            z = side * (Restricted + Math.Abs(measured - third) / Math.Abs(third - here.ValueAt(side * (Restricted - 1))));
        }

        return double.IsFinite(z) && Math.Abs(z) < 100 ? decimal.Round((decimal)z, 2, MidpointRounding.AwayFromZero) : null;
    }

    /// <summary>The value at a number of deviations: what a chart draws. Null outside the reference.</summary>
    public decimal? ValueAt(string group, decimal at, decimal z) =>
        lines.TryGetValue(group, out var knots) && At(knots, (double)at) is { } here ? (decimal)Math.Round(here.ValueAt((double)z), 3) : null;

    internal static ReferenceCurve Read(YamlDocument document, List<Issue> issues)
    {
        var root = document.Root;
        var lines = new Dictionary<string, Knot[]>(StringComparer.Ordinal);
        foreach (var (group, text) in root["lines"] as JsonObject ?? [])
        {
            var knots = (text?.ToString() ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries).Take(MostKnots).Select(Parse).ToArray();
            if (knots.Length < 2 || knots.Any(k => k is null) || knots.Zip(knots.Skip(1)).Any(p => p.First!.Value.At >= p.Second!.Value.At))
                issues.Add(document.Fault(root, "value", $"曲线“{group}”每行应为“位置 L M S”，位置递增，M、S 为正。"));
            else lines[group] = [.. knots.Select(k => k!.Value)];
        }

        if (lines.Count is 0) issues.Add(document.Fault(root, "required", "曲线没有 lines。"));
        return new((string?)root["id"] ?? "", (string?)root["title"] ?? "", lines);
    }

    private static Knot? Parse(string line)
    {
        var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var numbers = parts.Select(p => double.TryParse(p, CultureInfo.InvariantCulture, out var number) ? number : double.NaN).ToArray();
        return numbers is [var at, var l, var m, var s] && !numbers.Any(double.IsNaN) && m > 0 && s > 0 ? new(at, l, m, s) : null;
    }

    private static Knot? At(Knot[] knots, double at)
    {
        if (at < knots[0].At || at > knots[^1].At) return null;
        var above = Array.FindIndex(knots, k => k.At >= at);
        if (knots[above].At <= at) return knots[above];
        var (low, high) = (knots[above - 1], knots[above]);
        var share = (at - low.At) / (high.At - low.At);
        return new(at, Between(low.L, high.L), Between(low.M, high.M), Between(low.S, high.S));

        double Between(double from, double to) => from + (to - from) * share;
    }

    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
    private readonly record struct Knot(double At, double L, double M, double S)
    {
        private const double Flat = 1e-9;

        public double ZOf(double value) => Math.Abs(L) < Flat ? Math.Log(value / M) / S : (Math.Pow(value / M, L) - 1) / (L * S);

        public double ValueAt(double z) => Math.Abs(L) < Flat ? M * Math.Exp(S * z) : M * Math.Pow(1 + L * S * z, 1 / L);
    }
}
