using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Tongxin.Kernel.Records.Engines;

/// <summary>Row numbers of organisations, which never change once given, so that a policy need not look them up in every statement.</summary>
/// <remarks>A set of which one is not stored yet has no answer; the statement then asks the database itself, and the set is tried again later.</remarks>
internal sealed class OrganisationRows
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, long> rows = new(StringComparer.Ordinal);
    private readonly ConditionalWeakTable<IReadOnlySet<string>, Known> sets = [];

    /// <summary>Null when one of them is not known.</summary>
    public long[]? Of(IReadOnlySet<string> organisations) => sets.TryGetValue(organisations, out var known) ? known.Rows : null;

    /// <summary>Ids to look up and then to <see cref="Learn"/>; null, which costs nothing, when this process has met the set.</summary>
    public string[]? Unmet(Visibility visibility)
    {
        if (visibility is not Visibility.Scoped { Organisations: { Count: > 0 } organisations }) return null;
        if (sets.TryGetValue(organisations, out var known) && (known.Rows is not null || Environment.TickCount64 - known.At < Again.TotalMilliseconds)) return null;
        return [.. organisations.Where(o => !rows.ContainsKey(o))];
    }

    /// <param name="found">Id and row number of those that are stored.</param>
    public void Learn(Visibility visibility, IEnumerable<(string Id, long Rid)> found)
    {
        if (visibility is not Visibility.Scoped { Organisations: { Count: > 0 } organisations }) return;
        foreach (var (id, rid) in found) rows[id] = rid;
        var all = organisations.Where(rows.ContainsKey).Select(o => rows[o]).ToArray();
        sets.AddOrUpdate(organisations, new(all.Length == organisations.Count ? all : null, Environment.TickCount64));
    }

    private sealed record Known(long[]? Rows, long At);
}
