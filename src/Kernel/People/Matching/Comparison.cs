namespace Tongxin.Kernel.People.Matching;

/// <summary>How two records agree, attribute by attribute, in few steps, so that the weight of each step can be learnt and shown.</summary>
internal static class Comparison
{
    /// <summary>Steps of agreement of one attribute. Missing says nothing, for or against.</summary>
    public const byte Missing = 0, Different = 1, Alike = 2, Near = 3, Same = 4;

    public const int Steps = 5;

    private static readonly Attribute[] All = Enum.GetValues<Attribute>();

    public static void Compare(MatchRecord a, MatchRecord b, Span<byte> steps)
    {
        foreach (var attribute in All)
            steps[(int)attribute] = a[attribute] is { } x && b[attribute] is { } y ? Step(attribute, x, y) : Missing;
        // Two numbers that both prove themselves and differ are two people's, however alike they look: twins' numbers differ in two digits.
        ref var number = ref steps[(int)Attribute.Identifier];
        if (a.HasProvenNumber && b.HasProvenNumber && number is not Same) number = Different;
        Names(a, b, steps);
    }

    /// <summary>All steps of a pair in one number, three bits each.</summary>
    public static ulong Pack(ReadOnlySpan<byte> steps)
    {
        var packed = 0UL;
        for (var f = steps.Length - 1; f >= 0; f--) packed = (packed << 3) | steps[f];
        return packed;
    }

    public static byte[] Unpack(ulong packed)
    {
        var steps = new byte[MatchRecord.Count];
        for (var f = 0; f < steps.Length; f++, packed >>= 3) steps[f] = (byte)(packed & 7);
        return steps;
    }

    private static byte Step(Attribute attribute, string a, string b)
    {
        if (a == b) return Same;
        return attribute switch
        {
            Attribute.Sex => Different,
            Attribute.BirthDate => Date(a, b),
            Attribute.Identifier or Attribute.Phone => Code(a, b),
            Attribute.PostalCode or Attribute.State => Similarity.Edits(a, b, 1) is 1 ? Near : Different,
            Attribute.Street or Attribute.Locality => Place(a, b),
            _ => Word(a, b),
        };
    }

    // A name in the other field, a name by its sound (张姗 for 张珊), a name cut to its initial.
    private static void Names(MatchRecord a, MatchRecord b, Span<byte> steps)
    {
        ref var given = ref steps[(int)Attribute.Given];
        ref var family = ref steps[(int)Attribute.Family];
        ref var name = ref steps[(int)Attribute.Name];
        if (given is not Same || family is not Same)
        {
            var crossed = Crossed(a[Attribute.Given], b[Attribute.Family]) + Crossed(a[Attribute.Family], b[Attribute.Given]);
            if (crossed >= 2 || (crossed is 1 && (given is Missing || family is Missing) && given is not Same && family is not Same))
                (given, family) = (given is Missing ? Missing : Near, family is Missing ? Missing : Near);
        }

        if (a.Sound is not null && a.Sound == b.Sound)
        {
            if (name is Different or Alike) name = Near;
            if (given is Different or Alike) given = Near;
        }
    }

    private static int Crossed(string? a, string? b) => a is not null && b is not null && (a == b || Similarity.JaroWinkler(a, b) >= 0.9) ? 1 : 0;

    private static byte Word(string a, string b)
    {
        var likeness = Similarity.JaroWinkler(a, b);
        if (likeness >= 0.92 || (Math.Min(a.Length, b.Length) > 3 && Similarity.Edits(a, b, 1) is 1)) return Near;
        return likeness >= 0.82 || Similarity.Edits(a, b, 2) <= (Math.Min(a.Length, b.Length) > 4 ? 2 : 0) || IsPart(a, b) ? Alike : Different;
    }

    private static bool IsPart(string a, string b) =>
        a.Length >= 3 && b.Length >= 3 && (a.Contains(b, StringComparison.Ordinal) || b.Contains(a, StringComparison.Ordinal));

    private static byte Place(string a, string b)
    {
        var likeness = Math.Max(Similarity.JaroWinkler(a, b), Similarity.Bigrams(a, b));
        return likeness >= 0.9 ? Near : likeness >= 0.7 ? Alike : Different;
    }

    private static byte Code(string a, string b) => Similarity.Edits(a, b, 2) switch { 1 => Near, 2 when a.Length > 6 => Alike, _ => Different };

    // One wrong digit or two swapped; day and month changed places; the right year or the right day and nothing else.
    private static byte Date(string a, string b)
    {
        if (Similarity.Edits(a, b, 1) is 1 || (a[..4] == b[..4] && a[4..6] == b[6..8] && a[6..8] == b[4..6])) return Near;
        return a[..4] == b[..4] || a[4..] == b[4..] || Similarity.Edits(a, b, 2) is 2 ? Alike : Different;
    }
}
