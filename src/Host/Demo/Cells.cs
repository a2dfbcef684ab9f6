namespace Tongxin.Host.Demo;

/// <summary>Divides a town's area among its villages: to each the points that are nearest to its middle (Voronoi cells). Pure.</summary>
internal static class Cells
{
    private const int Candidates = 24;
    private const int Digits = 5;

    /// <summary>One closed ring for each of <paramref name="count"/> villages; together they are the area.</summary>
    public static IReadOnlyList<IReadOnlyList<(double X, double Y)>> Of(IReadOnlyList<(double X, double Y)> area, int count, Chance chance)
    {
        var middles = Middles(area, count, chance);
        return [.. middles.Select(m => Closed(middles.Where(o => o != m).Aggregate(area.SkipLast(1).ToList(), (cell, other) => Nearer(cell, m, other))))];
    }

    // Of several candidates the one farthest from those before: villages keep their distance.
    private static List<(double X, double Y)> Middles(IReadOnlyList<(double X, double Y)> area, int count, Chance chance)
    {
        var (west, east, south, north) = (area.Min(p => p.X), area.Max(p => p.X), area.Min(p => p.Y), area.Max(p => p.Y));
        var middles = new List<(double X, double Y)>();
        while (middles.Count < count)
        {
            var candidates = new List<(double X, double Y)>();
            while (candidates.Count < Candidates)
            {
                var point = (X: west + (east - west) * chance.Share(), Y: south + (north - south) * chance.Share());
                if (IsWithin(area, point)) candidates.Add(point);
            }

            middles.Add(candidates.MaxBy(c => middles.Count is 0 ? 0 : middles.Min(m => Square(c, m))));
        }

        return middles;
    }

    /// <summary>The part of a ring that is nearer to one point than to another (Sutherland and Hodgman, on the line between).</summary>
    private static List<(double X, double Y)> Nearer(List<(double X, double Y)> ring, (double X, double Y) one, (double X, double Y) other)
    {
        var kept = new List<(double X, double Y)>();
        for (var i = 0; i < ring.Count; i++)
        {
            var (a, b) = (ring[i], ring[(i + 1) % ring.Count]);
            var (da, db) = (Square(a, one) - Square(a, other), Square(b, one) - Square(b, other));
            if (da <= 0) kept.Add(a);
            if (da < 0 != db < 0 && da != db) kept.Add((a.X + (b.X - a.X) * da / (da - db), a.Y + (b.Y - a.Y) * da / (da - db)));
        }

        return kept;
    }

    private static IReadOnlyList<(double X, double Y)> Closed(List<(double X, double Y)> ring)
    {
        var rounded = ring.Select(p => (X: Math.Round(p.X, Digits), Y: Math.Round(p.Y, Digits))).ToList();
        return [.. rounded, rounded[0]];
    }

    private static bool IsWithin(IReadOnlyList<(double X, double Y)> area, (double X, double Y) point)
    {
        var within = false;
        for (var i = 0; i + 1 < area.Count; i++)
        {
            var (a, b) = (area[i], area[i + 1]);
            if (a.Y > point.Y != b.Y > point.Y && point.X < a.X + (b.X - a.X) * (point.Y - a.Y) / (b.Y - a.Y)) within = !within;
        }

        return within;
    }

    private static double Square((double X, double Y) a, (double X, double Y) b) => (a.X - b.X) * (a.X - b.X) + (a.Y - b.Y) * (a.Y - b.Y);
}
