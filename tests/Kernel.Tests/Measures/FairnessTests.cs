using CsCheck;
using Tongxin.Kernel.Measures;

namespace Tongxin.Kernel.Tests.Measures;

public sealed class FairnessTests
{
    /// <summary>Newcombe, Stat Med 1998, table I (method 3): 81/263, 15/148, 0/20, 1/29.</summary>
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0000, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    public void Wilson_intervals_are_those_of_the_paper(long numerator, long denominator, double low, double high)
    {
        var interval = Fairness.Wilson(numerator, denominator)!.Value;

        Assert.Equal(low, interval.Low, 0.00006);
        Assert.Equal(high, interval.High, 0.00006);
    }

    [Fact]
    public void Nobody_eligible_has_no_interval() => Assert.Null(Fairness.Wilson(0, 0));

    /// <summary>Draws from the same rate fall outside the 95 % limits about one time in twenty, outside 99.8 % almost never.</summary>
    [Fact]
    public void Chance_alone_stays_within_the_limits_as_often_as_it_should()
    {
        var random = new Random(7);
        var (warned, controlled, draws) = (0, 0, 4_000);
        for (var i = 0; i < draws; i++)
        {
            var n = random.Next(30, 300);
            var hits = Enumerable.Range(0, n).Count(_ => random.NextDouble() < 0.62);
            var (rate, inner, outer) = ((double)hits / n, Fairness.Limits(0.62, n, Fairness.Warning), Fairness.Limits(0.62, n, Fairness.Control));
            if (rate < inner.Low || rate > inner.High) warned++;
            if (rate < outer.Low || rate > outer.High) controlled++;
        }

        Assert.InRange(warned, draws * 0.03, draws * 0.07);
        Assert.InRange(controlled, 0, draws * 0.006);
    }

    [Fact]
    public void Limits_hold_the_rate_and_narrow_as_people_grow() => Gen.Select(Gen.Double[0.05, 0.95], Gen.Long[5, 4_000]).Sample((rate, n) =>
    {
        var (few, many) = (Fairness.Limits(rate, n, Fairness.Control), Fairness.Limits(rate, n * 4, Fairness.Control));
        Assert.InRange(rate, few.Low, few.High);
        Assert.True(many.High - many.Low <= few.High - few.Low + 0.002, $"{few} {many}");
    });

    /// <summary>Two towns do equally well at each age; the crude rate punishes the older one, the standardised does not.</summary>
    [Fact]
    public void Standardised_rates_do_not_punish_old_age()
    {
        Band[] young = [new(40, 80, 64), new(70, 20, 8)], old = [new(40, 20, 16), new(70, 80, 32)];
        Band[] all = [new(40, 100, 80), new(70, 100, 40)];

        Assert.Equal(0.6, Fairness.Standardised(young, all)!.Value, 9);
        Assert.Equal(0.6, Fairness.Standardised(old, all)!.Value, 9);
        Assert.Null(Fairness.Standardised([], all));
    }
}
