namespace Tongxin.Kernel.People.Matching;

/// <summary>What is to be done with two records.</summary>
public enum MatchDecision { Strangers, Review, Link }

/// <summary>How one attribute of two records agrees.</summary>
public enum Agreement { Missing, Different, Alike, Near, Same }

/// <summary>One attribute of two records side by side.</summary>
/// <param name="Weight">What it added to the odds, natural logarithm; 0 where one said nothing.</param>
public sealed record AttributeScore(Attribute Attribute, Agreement Agreement, double Weight);

/// <summary>How probable it is that two records are one person, and why, attribute by attribute. For one pair at a counter; lists are <see cref="Matcher"/>'s.</summary>
public sealed record PairScore(double Probability, MatchDecision Decision, IReadOnlyList<AttributeScore> Attributes)
{
    /// <summary>Probability from which two records are one person without anybody looking (主索引 0.95).</summary>
    public const double LinkFrom = 0.95;

    /// <summary>Probability from which somebody is to look.</summary>
    public const double ReviewFrom = 0.3;

    /// <summary>Two proven numbers that differ are two people, and so are two given names that nothing joins: twins are never linked.</summary>
    public static PairScore Of(MatchRecord a, MatchRecord b)
    {
        Span<byte> steps = stackalloc byte[MatchRecord.Count];
        Comparison.Compare(a, b, steps);
        var attributes = new AttributeScore[MatchRecord.Count];
        var odds = StandardWeights.PriorLogOdds;
        for (var f = 0; f < attributes.Length; f++)
        {
            attributes[f] = new((Attribute)f, (Agreement)steps[f], StandardWeights.Of((Attribute)f, steps[f]));
            odds += attributes[f].Weight;
        }

        var probability = 1 / (1 + Math.Exp(-odds));
        var decision = probability < ReviewFrom ? MatchDecision.Strangers
            : probability < LinkFrom || Matcher.IsSomebodyElse(a, b, steps) ? MatchDecision.Review : MatchDecision.Link;
        return new(probability, decision, attributes);
    }
}
