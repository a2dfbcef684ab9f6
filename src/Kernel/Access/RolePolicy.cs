using System.Collections.Frozen;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>What may be done with a resource; letters as in SMART on FHIR v2 scopes (cruds), history apart.</summary>
[Flags]
public enum Interactions
{
    None = 0,
    Create = 1,
    Read = 2,
    Update = 4,
    Delete = 8,
    Search = 16,
    History = 32,
    Look = Read | Search | History,
    Keep = Create | Read | Update | Search | History,
    All = Create | Read | Update | Delete | Search | History,
}

/// <summary>Whose people a role reaches.</summary>
public enum Span
{
    /// <summary>Nobody's: figures, places and definitions only.</summary>
    Nobody,

    /// <summary>People whom the organisation itself cares for.</summary>
    Own,

    /// <summary>Those, and the people of the organisations below.</summary>
    OwnAndBelow,

    /// <summary>Everybody of the county.</summary>
    County,

    /// <summary>The resident, or those for whom the proxy speaks.</summary>
    Self,
}

/// <summary>Interactions granted on a group of types, and how far they reach.</summary>
public sealed record Grant(IReadOnlySet<string> Types, Visibility.Reach Reach, Interactions Interactions);

/// <summary>One row of the access policy: everything a role may do. What is not in it is refused.</summary>
public sealed record RolePolicy
{
    public required Span Span { get; init; }
    public required IReadOnlyList<Grant> Grants { get; init; }

    /// <summary>Sensitive compartments that the role may read.</summary>
    public SensitivityLabels Labels { get; init; }

    /// <summary>Purposes of use a session in this role may claim.</summary>
    public required IReadOnlyList<string> Purposes { get; init; }

    /// <summary>Whether the role may break the glass of one person in an emergency.</summary>
    public bool MayBreakGlass { get; init; }

    /// <summary>How far looking reaches.</summary>
    internal FrozenDictionary<string, Visibility.Reach> Reaches => field ??= ReachesOf(Interactions.All);

    /// <summary>How far writing reaches: a grant to look at what is shared adds nothing to it.</summary>
    internal FrozenDictionary<string, Visibility.Reach> WritingReaches => field ??= ReachesOf(Interactions.Create | Interactions.Update | Interactions.Delete);

    private FrozenDictionary<string, Interactions> Allowed => field ??= Grants
        .SelectMany(g => g.Types.Select(t => (Type: t, g.Interactions)))
        .GroupBy(p => p.Type, StringComparer.Ordinal)
        .ToFrozenDictionary(g => g.Key, g => g.Aggregate(Interactions.None, (a, b) => a | b.Interactions), StringComparer.Ordinal);

    private FrozenDictionary<string, Visibility.Reach> ReachesOf(Interactions any) => Grants
        .Where(g => (g.Interactions & any) is not Interactions.None)
        .SelectMany(g => g.Types.Select(t => (Type: t, g.Reach)))
        .GroupBy(p => p.Type, StringComparer.Ordinal)
        .ToFrozenDictionary(g => g.Key, g => g.Aggregate(g.First().Reach, (a, b) => a == b.Reach ? a : Visibility.Reach.RelatedOrShared), StringComparer.Ordinal);

    /// <summary>None for a type that is in no grant.</summary>
    public Interactions On(string type) => Allowed.GetValueOrDefault(type);
}
