namespace Tongxin.Kernel.People.Matching;

/// <summary>Finds which records are one person: within one list, or between two.</summary>
/// <remarks>
/// Links above <see cref="LinkFrom"/>; what lies between <see cref="ReviewFrom"/> and that is for a person to decide. Two whose given names
/// differ and whom no number joins are never linked by the machine, nor two with different proven numbers: they are siblings, or twins.
/// </remarks>
public sealed class Matcher
{
    /// <summary>Probability from which two records are linked without a person.</summary>
    public double LinkFrom { get; init; } = 0.9;

    /// <summary>Probability from which two records are shown for review.</summary>
    public double ReviewFrom { get; init; } = 0.3;

    /// <summary>Seed of the sample of strangers; the same seed and records give the same answer.</summary>
    public int Seed { get; init; } = 20_170_228;

    /// <summary>All links and reviews, best first. With <paramref name="others"/>, only pairs between the two lists.</summary>
    public MatchResult Match(IReadOnlyList<MatchRecord> records, IReadOnlyList<MatchRecord>? others = null)
    {
        var all = others is null ? records : [.. records, .. others];
        if (all.Count < 2) return new([], []);
        var border = others is null ? all.Count : records.Count;
        var candidates = Candidates.Among(all, (a, b) => others is null || (a < border) != (b < border));
        var pairs = candidates.Pairs.Select(p => (A: (int)(p >> 32), B: (int)p)).OrderBy(p => p.A).ThenBy(p => p.B).ToList();
        var packed = new ulong[pairs.Count];
        Span<byte> steps = stackalloc byte[MatchRecord.Count];
        for (var p = 0; p < pairs.Count; p++)
        {
            Comparison.Compare(all[pairs[p].A], all[pairs[p].B], steps);
            packed[p] = Comparison.Pack(steps);
        }

        var weights = Learn(all, packed, others is null ? all.Count * (all.Count - 1.0) / 2 : (double)records.Count * others.Count);
        var found = new List<MatchedPair>();
        for (var p = 0; p < pairs.Count; p++)
        {
            var parts = new double[MatchRecord.Count];
            var (a, b) = (all[pairs[p].A], all[pairs[p].B]);
            var agreement = Comparison.Unpack(packed[p]);
            var probability = weights.Score(a, b, agreement, parts);
            if (probability < ReviewFrom) continue;
            found.Add(new(a.Id, b.Id, probability, probability >= LinkFrom && !IsSomebodyElse(a, b, agreement), parts));
        }

        return new([.. found.OrderByDescending(f => f.Probability)], candidates.Crowded);
    }

    private Weights Learn(IReadOnlyList<MatchRecord> all, ulong[] packed, double possiblePairs)
    {
        var patterns = packed.CountBy(p => p).ToDictionary(p => p.Key, p => p.Value);
#pragma warning disable CA5394 // A sample for statistics, not a secret.
        return Weights.Learn(all, patterns, new Random(Seed), possiblePairs);
#pragma warning restore CA5394
    }

    internal static bool IsSomebodyElse(MatchRecord a, MatchRecord b, ReadOnlySpan<byte> steps)
    {
        var number = steps[(int)Attribute.Identifier];
        if (number is Comparison.Different && a.HasProvenNumber && b.HasProvenNumber) return true;
        var otherName = steps[(int)Attribute.Given] is Comparison.Different || steps[(int)Attribute.Name] is Comparison.Different;
        return otherName && (number is Comparison.Different or Comparison.Missing);
    }
}

/// <summary>Two records and how probable it is that they are one person.</summary>
/// <param name="Parts">What each <see cref="Attribute"/> added to the odds, as natural logarithm; 0 where one said nothing.</param>
/// <param name="IsLink">True: linked by the machine. False: for review.</param>
public sealed record MatchedPair(string A, string B, double Probability, bool IsLink, IReadOnlyList<double> Parts);

/// <summary>What a match found.</summary>
/// <param name="Crowded">Keys that too many records shared, with how many: their pairs were compared only where another key brought them together.</param>
public sealed record MatchResult(IReadOnlyList<MatchedPair> Pairs, IReadOnlyList<(string Key, int Records)> Crowded);
