namespace Tongxin.Kernel.Measures;

/// <summary>How somebody stands differently than when the period was frozen.</summary>
public enum Restating
{
    /// <summary>Counted now, not counted then (新计入).</summary>
    CameIn,

    /// <summary>Counted then, not counted now (不再计入).</summary>
    WentOut,

    /// <summary>Counted then, taken out by an exclusion now; or the other way round.</summary>
    NowExcluded,
    NoLongerExcluded,

    /// <summary>Had failed, has fulfilled; or the other way round.</summary>
    NowFulfilled,
    NowFailed,

    /// <summary>Counted here now and elsewhere then; or the other way round. The county's number is the same.</summary>
    MovedIn,
    MovedAway,
}

/// <summary>One person of a restatement (重报): what was said then, what is said now.</summary>
/// <param name="Then">Null when the frozen list did not hold the person at all.</param>
/// <param name="Now">Null when nothing counts the person now.</param>
public sealed record Restated(string Person, Restating Kind, Member? Then, Member? Now);

/// <summary>Compares two lists of the same indicator and day. Pure.</summary>
public static class Restatement
{
    /// <summary>Everybody whose part in the number of one place is another, by kind and then by person; who only fails for another reason is not among them.</summary>
    /// <param name="then">By person; is emptied of everybody who is still counted somewhere.</param>
    /// <param name="wasHere">Whether an organisation lay in the place when it was frozen.</param>
    /// <param name="isHere">Whether it lies there now.</param>
    public static IReadOnlyList<Restated> Between(Dictionary<string, Member> then, IEnumerable<Member> now, Func<string, bool> wasHere, Func<string, bool> isHere)
    {
        var changed = new List<Restated>();
        foreach (var after in now)
        {
            var wasThere = then.Remove(after.Person, out var before);
            if (!wasThere && isHere(after.Organisation)) changed.Add(new(after.Person, Restating.CameIn, null, after));
            else if (before is not null && Kind(before, after, wasHere(before.Organisation), isHere(after.Organisation)) is { } kind)
                changed.Add(new(after.Person, kind, before, after));
        }

        changed.AddRange(then.Values.Where(m => wasHere(m.Organisation)).Select(m => new Restated(m.Person, Restating.WentOut, m, null)));
        return [.. changed.OrderBy(c => c.Kind).ThenBy(c => c.Person, StringComparer.Ordinal)];
    }

    private static Restating? Kind(Member then, Member now, bool wasHere, bool isHere) => (wasHere, isHere, now) switch
    {
        (true, false, _) => Restating.MovedAway,
        (false, true, _) => Restating.MovedIn,
        (true, true, { Excluded: true }) when !then.Excluded => Restating.NowExcluded,
        (true, true, { Excluded: false }) when then.Excluded => Restating.NoLongerExcluded,
        (true, true, { Numerator: true }) when !then.Numerator => Restating.NowFulfilled,
        (true, true, { Numerator: false }) when then.Numerator => Restating.NowFailed,
        _ => null,
    };
}
