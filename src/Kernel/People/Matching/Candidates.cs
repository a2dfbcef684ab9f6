namespace Tongxin.Kernel.People.Matching;

/// <summary>Which pairs are worth comparing: all that share one of many keys. A key shared by too many is made finer, never dropped silently.</summary>
internal sealed class Candidates
{
    /// <summary>A key held by more records than this is split by a further attribute.</summary>
    public const int MostPerKey = 120;

    // What a crowded key is split by, in this order; a record without the attribute stays with the rest of its kind.
    private static readonly Attribute[] Splitters = [Attribute.Family, Attribute.Given, Attribute.BirthDate, Attribute.Locality, Attribute.Street, Attribute.Phone];

    private readonly HashSet<long> pairs = [];

    /// <summary>Keys that stayed crowded after every split, with their size: shown to whoever runs the match.</summary>
    public List<(string Key, int Records)> Crowded { get; } = [];

    public IReadOnlyCollection<long> Pairs => pairs;

    public static long Pair(int a, int b) => a < b ? ((long)a << 32) | (uint)b : ((long)b << 32) | (uint)a;

    public static Candidates Among(IReadOnlyList<MatchRecord> records, Func<int, int, bool> mayPair)
    {
        var candidates = new Candidates();
        var keys = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        for (var i = 0; i < records.Count; i++)
            foreach (var key in Keys(records[i]))
            {
                if (!keys.TryGetValue(key, out var holders)) keys[key] = holders = [];
                holders.Add(i);
            }

        foreach (var (key, holders) in keys) candidates.Take(key, holders, records, 0, mayPair);
        return candidates;
    }

    private void Take(string key, List<int> holders, IReadOnlyList<MatchRecord> records, int split, Func<int, int, bool> mayPair)
    {
        if (holders.Count < 2) return;
        if (holders.Count > MostPerKey && split < Splitters.Length)
        {
            foreach (var group in holders.GroupBy(i => Short(records[i][Splitters[split]]))) Take($"{key}|{group.Key}", [.. group], records, split + 1, mayPair);
            return;
        }

        if (holders.Count > MostPerKey * 4)
        {
            Crowded.Add((key, holders.Count));
            return;
        }

        for (var i = 0; i < holders.Count; i++)
            for (var j = i + 1; j < holders.Count; j++)
                if (mayPair(holders[i], holders[j])) pairs.Add(Pair(holders[i], holders[j]));
    }

    private static string Short(string? value) => value is null ? "" : value.Length > 3 ? value[..3] : value;

    /// <summary>Many cheap keys, each surviving another kind of error.</summary>
    private static IEnumerable<string> Keys(MatchRecord r)
    {
        var (given, family, birth) = (r[Attribute.Given], r[Attribute.Family], r[Attribute.BirthDate]);
        if (r[Attribute.Identifier] is { } id)
        {
            yield return "i" + id;
            if (id.Length >= 6) yield return "ia" + id[..(id.Length / 2 + 1)];
            if (id.Length >= 6) yield return "ib" + id[(id.Length / 2 - 1)..];
        }

        if (r[Attribute.Phone] is { } phone) yield return "p" + phone;
        if (birth is not null) yield return "d" + birth;
        if (birth is not null && family is not null) yield return "df" + birth[..4] + Initial(family);
        if (birth is not null && given is not null) yield return "dg" + birth[4..] + Initial(given);
        if (given is not null && family is not null)
        {
            var ordered = string.CompareOrdinal(given, family) < 0;
            yield return "n" + (ordered ? given : family) + "+" + (ordered ? family : given);
            yield return "fg" + family + Initial(given);
            yield return "gf" + given + Initial(family);
            yield return "s3" + Short(family) + Short(given);
        }
        else if ((given ?? family) is { } only)
        {
            yield return "o" + only;
        }

        if (r[Attribute.Name] is { } name) yield return "w" + name;
        if (r.Sound is { } sound) yield return "z" + sound;
        if (r[Attribute.Street] is { } street)
        {
            yield return "t" + street;
            yield return "t8" + Short(street) + r[Attribute.PostalCode] + Initial(family);
        }

        if (r[Attribute.PostalCode] is { } post && (given ?? family) is { } called) yield return "pc" + post + Short(called);
        if (r[Attribute.Locality] is { } place && (given ?? family) is { } who) yield return "lo" + Short(place) + who;
    }

    private static string Initial(string? text) => text is { Length: > 0 } ? text[..1] : "";
}
