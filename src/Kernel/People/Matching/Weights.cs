namespace Tongxin.Kernel.People.Matching;

/// <summary>
/// What each step of agreement is worth (Fellegi and Sunter 1969): how often it happens between records of one person (m) and between strangers (u).
/// Learnt without labels from the records themselves, by expectation maximisation; agreement on a rare value weighs more than on a common one.
/// </summary>
internal sealed class Weights
{
    private const int Rounds = 30;
    private const int StrangersSampled = 200_000;
    private const double Least = 1e-7;

    private readonly double[,] same = new double[MatchRecord.Count, Comparison.Steps];
    private readonly double[,] strangers = new double[MatchRecord.Count, Comparison.Steps];
    private readonly Dictionary<string, double>[] frequency = [.. Enumerable.Range(0, MatchRecord.Count).Select(_ => new Dictionary<string, double>(StringComparer.Ordinal))];

    /// <summary>Share of all possible pairs that are one person.</summary>
    public double Prior { get; private set; }

    /// <param name="patterns">How many candidate pairs agree in which steps: a few thousand patterns stand for millions of pairs.</param>
    public static Weights Learn(IReadOnlyList<MatchRecord> records, IReadOnlyDictionary<ulong, int> patterns, Random random, double possiblePairs)
    {
        var weights = new Weights();
        weights.CountValues(records);
        weights.SampleStrangers(records, random);
        weights.Maximise(records.Count, [.. patterns.Select(p => (Comparison.Unpack(p.Key), p.Value))], possiblePairs);
        return weights;
    }

    /// <summary>Probability that the two are one person, and what each attribute added (natural logarithm of the odds).</summary>
    public double Score(MatchRecord a, MatchRecord b, ReadOnlySpan<byte> steps, Span<double> parts)
    {
        var odds = Math.Log(Prior / (1 - Prior));
        for (var f = 0; f < MatchRecord.Count; f++)
        {
            parts[f] = steps[f] is Comparison.Missing ? 0 : Math.Log(same[f, steps[f]] / Stranger(a, b, f, steps[f]));
            odds += parts[f];
        }

        return 1 / (1 + Math.Exp(-odds));
    }

    // Two strangers called 王伟 agree on the name by chance; two called 钭晟 hardly do.
    private double Stranger(MatchRecord a, MatchRecord b, int f, byte step) =>
        step is Comparison.Same && frequency[f].TryGetValue(a[(Attribute)f]!, out var share) && b[(Attribute)f] == a[(Attribute)f]
            ? Math.Max(share, Least)
            : strangers[f, step];

    private void CountValues(IReadOnlyList<MatchRecord> records)
    {
        for (var f = 0; f < MatchRecord.Count; f++)
        {
            var known = 0;
            foreach (var record in records)
                if (record[(Attribute)f] is { } value)
                {
                    frequency[f][value] = frequency[f].GetValueOrDefault(value) + 1;
                    known++;
                }

            foreach (var value in frequency[f].Keys) frequency[f][value] /= Math.Max(known, 1);
        }
    }

    private void SampleStrangers(IReadOnlyList<MatchRecord> records, Random random)
    {
        var step = new byte[MatchRecord.Count];
        for (var f = 0; f < MatchRecord.Count; f++)
            for (var s = 1; s < Comparison.Steps; s++) strangers[f, s] = 0.5;
        for (var n = 0; n < StrangersSampled; n++)
        {
            var (a, b) = (random.Next(records.Count), random.Next(records.Count));
            if (a == b) continue;
            Comparison.Compare(records[a], records[b], step);
            for (var f = 0; f < MatchRecord.Count; f++) strangers[f, step[f]]++;
        }

        Normalise(strangers);
    }

    private void Maximise(int records, IReadOnlyList<(byte[] Steps, int Pairs)> patterns, double possiblePairs)
    {
        Prior = Math.Clamp(records * 0.1 / possiblePairs, 1e-9, 0.3);
        for (var f = 0; f < MatchRecord.Count; f++)
            (same[f, 1], same[f, 2], same[f, 3], same[f, 4]) = (0.05, 0.05, 0.1, 0.8);
        for (var round = 0; round < Rounds; round++)
        {
            var counts = new double[MatchRecord.Count, Comparison.Steps];
            var total = 0.0;
            foreach (var (steps, pairs) in patterns)
            {
                var odds = Math.Log(Prior / (1 - Prior));
                for (var f = 0; f < MatchRecord.Count; f++)
                    if (steps[f] is not Comparison.Missing) odds += Math.Log(same[f, steps[f]] / strangers[f, steps[f]]);
                var likely = pairs / (1 + Math.Exp(-odds));
                total += likely;
                for (var f = 0; f < MatchRecord.Count; f++) counts[f, steps[f]] += likely;
            }

            for (var f = 0; f < MatchRecord.Count; f++)
                for (var s = 1; s < Comparison.Steps; s++) same[f, s] = counts[f, s] + Prejudice(s);
            Normalise(same);
            Prior = Math.Clamp(total / possiblePairs, 1e-9, 0.3);
        }
    }

    // A little of what we believed before, so that a step nobody saw is unlikely and not impossible.
    private static double Prejudice(int step) => step is Comparison.Same ? 4 : 0.5;

    private static void Normalise(double[,] table)
    {
        for (var f = 0; f < MatchRecord.Count; f++)
        {
            var sum = 0.0;
            for (var s = 1; s < Comparison.Steps; s++) sum += table[f, s];
            for (var s = 1; s < Comparison.Steps; s++) table[f, s] = Math.Max(table[f, s] / Math.Max(sum, Least), Least);
        }
    }
}
