namespace Tongxin.Kernel.Measures;

/// <summary>Whether two places truly differ: what chance alone does to a rate of n people. Pure.</summary>
/// <remarks>Wilson, JASA 1927 (interval); Spiegelhalter, Stat Med 2005 (funnel limits, exact binomial with interpolation).</remarks>
public static class Fairness
{
    /// <summary>Normal quantiles of two-sided 95 % and 99.8 %.</summary>
    public const double Warning = 1.959964, Control = 3.090232;

    /// <summary>Beyond this many people the binomial and the normal curve are the same to a tenth of a point.</summary>
    private const long MostExact = 4_000;

    /// <summary>Interval of a rate; null, not zero, when nobody was eligible.</summary>
    public static (double Low, double High)? Wilson(long numerator, long denominator, double z = Warning)
    {
        if (denominator <= 0) return null;
        double n = denominator, p = numerator / n, z2 = z * z;
        var centre = (p + z2 / (2 * n)) / (1 + z2 / n);
        var half = z * Math.Sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n);
        return (Math.Max(0, centre - half), Math.Min(1, centre + half));
    }

    /// <summary>Within these a place of n people lies by chance if its true rate is that of all.</summary>
    public static (double Low, double High) Limits(double rate, long denominator, double z)
    {
        if (denominator <= 0) return (0, 1);
        var half = z * Math.Sqrt(rate * (1 - rate) / denominator);
        if (denominator > MostExact || rate is <= 0 or >= 1) return (Math.Max(0, rate - half), Math.Min(1, rate + half));
        var tail = z >= Control ? 0.001 : 0.025;
        return (Quantile(rate, denominator, tail), Quantile(rate, denominator, 1 - tail));
    }

    // Interpolated between the counts on either side of the probability, so that limits do not jump from place to place.
    private static double Quantile(double rate, long n, double probability)
    {
        var logMass = n * Math.Log(1 - rate);
        double below = 0, mass = 0;
        for (long k = 0; k <= n; k++)
        {
            mass = Math.Exp(logMass);
            if (below + mass >= probability)
            {
                var part = mass > 0 ? (below + mass - probability) / mass : 0;
                return Math.Clamp((k - part) / n, 0, 1);
            }

            below += mass;
            logMass += Math.Log((double)(n - k) / (k + 1)) + Math.Log(rate / (1 - rate));
        }

        return 1;
    }

    /// <summary>
    /// Indirectly age-standardised rate: people reached here ÷ those who would be if each age did as all do, times the rate of all.
    /// Null when nobody was eligible or nobody of these ages is reached anywhere.
    /// </summary>
    public static double? Standardised(IReadOnlyList<Band> here, IReadOnlyList<Band> all)
    {
        var rates = all.Where(b => b.Denominator > 0).ToDictionary(b => b.Age, b => (double)b.Numerator / b.Denominator);
        var (people, everybody) = (here.Sum(b => b.Denominator), all.Sum(b => b.Denominator));
        var expected = here.Sum(b => b.Denominator * rates.GetValueOrDefault(b.Age));
        if (people is 0 || everybody is 0 || expected <= 0) return null;
        return Math.Min(1, here.Sum(b => b.Numerator) / expected * all.Sum(b => b.Numerator) / everybody);
    }
}

/// <summary>A cell's people of one age band.</summary>
/// <param name="Age">First year of the ten; −1 when the birthday is unknown.</param>
public sealed record Band(int Age, long Denominator, long Numerator);
