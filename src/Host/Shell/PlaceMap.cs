using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Tongxin.Host.Shell;

/// <summary>A map of places by how they stand to a target, as inline SVG: four steps of one colour, the worst hatched, and the number written in each.</summary>
/// <remarks>Nothing is told by colour alone: readable by the colour-blind, in grey on paper and on a projector. Pure.</remarks>
internal static class PlaceMap
{
    public const double Width = 440;
    private const double Margin = 6, Near = 0.05, Beyond = 0.03;

    /// <summary>More names than this would lie on each other: the best of them stay numbers.</summary>
    private const int MostNamed = 24;

    private static readonly HtmlEncoder Html = HtmlEncoder.Create(UnicodeRanges.All);

    /// <summary>One place to draw.</summary>
    /// <param name="Rate">Null when nobody was eligible or when it may not be told; the label says which.</param>
    public sealed record Place(Outline Outline, double? Rate, string Label, string Href, bool IsChosen = false);

    /// <summary>Step of the scale, 1 (far from the target) to 4 (well beyond it); 0 without a number.</summary>
    public static int Step(double? rate, double target, bool higherIsBetter)
    {
        if (rate is not { } value) return 0;
        var ahead = higherIsBetter ? value - target : target - value;
        return ahead >= Beyond ? 4 : ahead >= 0 ? 3 : ahead > -Near ? 2 : 1;
    }

    /// <summary>Empty when no place has an outline.</summary>
    public static string Draw(IReadOnlyList<Place> places, double target, bool higherIsBetter, string title)
    {
        var points = places.SelectMany(p => p.Outline.Rings).SelectMany(r => r).ToList();
        if (points.Count is 0) return "";
        var (west, east, south, north) = (points.Min(p => p.X), points.Max(p => p.X), points.Min(p => p.Y), points.Max(p => p.Y));
        var narrowing = Math.Cos((south + north) / 2 * Math.PI / 180);
        var scale = (Width - 2 * Margin) / Math.Max((east - west) * narrowing, 1e-9);
        var height = (north - south) * scale + 2 * Margin;
        (double X, double Y) at((double X, double Y) p) => (Margin + (p.X - west) * narrowing * scale, Margin + (north - p.Y) * scale);

        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg class=\"map\" viewBox=\"0 0 {Width:0} {height:0}\" role=\"group\" aria-label=\"{Html.Encode(title)}\">");
        svg.Append("<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">")
            .Append("<rect width=\"6\" height=\"6\" class=\"hb\"/><path d=\"M0 0V6\" class=\"hl\"/></pattern></defs>");
        foreach (var place in places.OrderBy(p => p.IsChosen))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<a href=\"{Html.Encode(place.Href)}\"><path class=\"q{Step(place.Rate, target, higherIsBetter)}");
            svg.Append(place.IsChosen ? " pick\" d=\"" : "\" d=\"");
            foreach (var ring in place.Outline.Rings) Ring(svg, [.. ring.Select(at)]);
            svg.Append("\"/>").Append(CultureInfo.InvariantCulture, $"<title>{Html.Encode($"{place.Outline.Name} {place.Label}")}</title></a>");
        }

        foreach (var place in places) Label(svg, place, at, places.Count <= MostNamed || Step(place.Rate, target, higherIsBetter) is 1);
        return svg.Append("</svg>").ToString();
    }

    private static void Label(StringBuilder svg, Place place, Func<(double, double), (double X, double Y)> at, bool isNamed)
    {
        var widest = place.Outline.Rings.MaxBy(r => Math.Abs(Area(r)))!;
        var (x, y) = at(Centre(widest));
        if (isNamed) svg.Append(CultureInfo.InvariantCulture, $"<text class=\"em\" x=\"{x:0}\" y=\"{y - 2:0}\" text-anchor=\"middle\">{Html.Encode(place.Outline.Name)}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"em\" x=\"{x:0}\" y=\"{(isNamed ? y + 11 : y + 4):0}\" text-anchor=\"middle\">{Html.Encode(place.Label)}</text>");
    }

    // Points that fall on the same tenth of a unit are one: a real outline has more of them than the eye.
    private static void Ring(StringBuilder svg, IReadOnlyList<(double X, double Y)> ring)
    {
        var (last, letter) = ("", 'M');
        foreach (var (x, y) in ring)
        {
            var point = string.Create(CultureInfo.InvariantCulture, $"{x:0.#} {y:0.#}");
            if (point == last) continue;
            svg.Append(letter).Append(last = point);
            letter = 'L';
        }

        svg.Append('Z');
    }

    private static double Area(IReadOnlyList<(double X, double Y)> ring) => Edges(ring).Sum(e => e.A.X * e.B.Y - e.B.X * e.A.Y) / 2;

    private static (double X, double Y) Centre(IReadOnlyList<(double X, double Y)> ring)
    {
        // Around the first point, so that degrees far from zero do not swallow the digits.
        var (ox, oy) = ring[0];
        var moved = ring.Select(p => (X: p.X - ox, Y: p.Y - oy)).ToList();
        var area = Area(moved);
        if (Math.Abs(area) < 1e-15) return (ring.Average(p => p.X), ring.Average(p => p.Y));
        double cross((double X, double Y) a, (double X, double Y) b) => a.X * b.Y - b.X * a.Y;
        return (ox + Edges(moved).Sum(e => (e.A.X + e.B.X) * cross(e.A, e.B)) / (6 * area), oy + Edges(moved).Sum(e => (e.A.Y + e.B.Y) * cross(e.A, e.B)) / (6 * area));
    }

    private static IEnumerable<((double X, double Y) A, (double X, double Y) B)> Edges(IReadOnlyList<(double X, double Y)> ring) =>
        Enumerable.Range(0, ring.Count).Select(i => (ring[i], ring[(i + 1) % ring.Count]));
}
