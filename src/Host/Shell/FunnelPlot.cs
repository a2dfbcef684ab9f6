using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using Tongxin.Kernel.Measures;

namespace Tongxin.Host.Shell;

/// <summary>Places by how many people they answer for and how high their rate is, between the limits of chance (漏斗图), as inline SVG.</summary>
/// <remarks>Spiegelhalter, Stat Med 2005. Within the limits a rank means nothing; who lies beyond is named. Pure.</remarks>
internal static class FunnelPlot
{
    private const double Left = 40, Right = 420, Top = 12, Bottom = 212;
    private const int Points = 40;

    private static readonly HtmlEncoder Html = HtmlEncoder.Create(UnicodeRanges.All);

    /// <summary>One place of the plot.</summary>
    public sealed record Place(string Name, long People, double Rate, int Beyond, string Href);

    /// <summary>Empty when fewer than two places can be told.</summary>
    public static string Draw(IReadOnlyList<Place> places, double mean, string title, string all, string people)
    {
        if (places.Count < 2) return "";
        var most = places.Max(p => p.People) * 1.05;
        var steps = Enumerable.Range(1, Points).Select(i => Math.Max(1, (long)Math.Round(most * i / Points))).Distinct().ToList();
        var wide = steps.Where(n => n >= places.Min(p => p.People) * 0.7).Select(n => Fairness.Limits(mean, n, Fairness.Control)).ToList();
        var low = Math.Max(0, Math.Min(places.Min(p => p.Rate), wide.Count > 0 ? wide.Min(l => l.Low) : 0) - 0.02);
        var high = Math.Min(1, Math.Max(places.Max(p => p.Rate), wide.Count > 0 ? wide.Max(l => l.High) : 1) + 0.02);
        double x(double n) => Left + (Right - Left) * n / most;
        double y(double rate) => Math.Clamp(Bottom - (Bottom - Top) * (rate - low) / Math.Max(high - low, 1e-9), Top - 8, Bottom + 8);

        var svg = new StringBuilder($"<svg class=\"fun\" viewBox=\"0 0 440 250\" role=\"group\" aria-label=\"{Html.Encode(title)}\">");
        Grid(svg, low, high, y);
        Curve(svg, steps, n => Fairness.Limits(mean, n, Fairness.Warning), x, y, "stroke-dasharray=\"2 3\"");
        Curve(svg, steps, n => Fairness.Limits(mean, n, Fairness.Control), x, y, "");
        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"c-x\" d=\"M{Left:0} {y(mean):0.#}H{Right:0}\"/>");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Right:0}\" y=\"{y(mean) - 5:0.#}\" text-anchor=\"end\">{Html.Encode(all)} {Percent(mean)}</text>");
        foreach (var place in places) Dot(svg, place, x(place.People), y(place.Rate));
        foreach (var part in new[] { 0.25, 0.5, 0.75, 1.0 })
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x(most * part / 1.05):0}\" y=\"230\" text-anchor=\"middle\">{most * part / 1.05:#,0}</text>");
        return svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Right:0}\" y=\"246\" text-anchor=\"end\">{Html.Encode(people)}</text></svg>").ToString();
    }

    private static void Dot(StringBuilder svg, Place place, double x, double y)
    {
        var text = Html.Encode($"{place.Name} {Percent(place.Rate)}");
        svg.Append($"<a href=\"{Html.Encode(place.Href)}\">");
        svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"c-d{(place.Beyond is 0 ? "" : " u")}\" cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"4.5\"/>");
        svg.Append(CultureInfo.InvariantCulture, $"<title>{text}</title></a>");
        if (place.Beyond is 0) return;
        var isLeft = x < (Left + Right) / 2;
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"em\" x=\"{(isLeft ? x + 9 : x - 9):0.#}\" y=\"{y + 4:0.#}\"");
        svg.Append($" text-anchor=\"{(isLeft ? "start" : "end")}\">{text}</text>");
    }

    private static void Grid(StringBuilder svg, double low, double high, Func<double, double> y)
    {
        var step = high - low > 0.4 ? 0.1 : high - low > 0.15 ? 0.05 : 0.02;
        for (var rate = Math.Ceiling(low / step) * step; rate <= high; rate += step)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<path class=\"c-g\" d=\"M{Left:0} {y(rate):0.#}H{Right:0}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6:0}\" y=\"{y(rate) + 4:0.#}\" text-anchor=\"end\">{rate * 100:0}</text>");
        }
    }

    private static void Curve(StringBuilder svg, List<long> steps, Func<long, (double Low, double High)> limits, Func<double, double> x, Func<double, double> y, string dashes)
    {
        foreach (var isLow in new[] { true, false })
        {
            var points = steps.Select(n => (N: n, Limits: limits(n)))
                .Select(l => string.Create(CultureInfo.InvariantCulture, $"{x(l.N):0.#},{y(isLow ? l.Limits.Low : l.Limits.High):0.#}"));
            svg.Append(CultureInfo.InvariantCulture, $"<polyline class=\"c-lim\" {dashes} points=\"{string.Join(' ', points)}\"/>");
        }
    }

    private static string Percent(double rate) => (rate * 100).ToString("0.0", CultureInfo.InvariantCulture) + "%";
}
