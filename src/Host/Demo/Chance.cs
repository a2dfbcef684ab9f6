namespace Tongxin.Host.Demo;

/// <summary>Randomness that can be replayed: the same seed gives the same county on every machine (SplitMix64).</summary>
/// <remarks>Not for secrets. Each thing draws from a stream of its own, so that a change in one place does not move everybody else.</remarks>
internal sealed class Chance(ulong seed)
{
    private ulong state = seed;

    /// <summary>A stream of its own for something with a name.</summary>
    public static Chance For(ulong seed, string name)
    {
        var hash = 14695981039346656037UL ^ seed;
        foreach (var c in name) hash = (hash ^ c) * 1099511628211UL;
        return new(hash);
    }

    public ulong Next()
    {
        state += 0x9E3779B97F4A7C15UL;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <summary>0 inclusive to 1 exclusive.</summary>
    public double Share() => (Next() >> 11) * (1.0 / (1UL << 53));

    public bool Happens(double probability) => Share() < probability;

    /// <summary>From <paramref name="least"/> to <paramref name="most"/>, both inclusive.</summary>
    public int Between(int least, int most) => least + (int)(Next() % (ulong)(most - least + 1));

    /// <summary>Normal distribution, by the sum of twelve.</summary>
    public double Around(double mean, double deviation)
    {
        var sum = -6.0;
        for (var i = 0; i < 12; i++) sum += Share();
        return mean + sum * deviation;
    }

    public T Pick<T>(IReadOnlyList<T> items) => items[(int)(Next() % (ulong)items.Count)];

    /// <summary>Picks by weight; weights need not add up to anything.</summary>
    public T Pick<T>(IReadOnlyList<(T Item, double Weight)> items)
    {
        var at = Share() * items.Sum(i => i.Weight);
        foreach (var (item, weight) in items)
            if ((at -= weight) < 0) return item;
        return items[^1].Item;
    }
}
