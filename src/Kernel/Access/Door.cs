using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>Whether a caller may do one thing with one type, and which rows it then reaches.</summary>
/// <param name="Rule">The rule that decided, for the audit trail.</param>
/// <param name="Visibility">Nothing when it is refused.</param>
/// <param name="Narrowing">Searches of which a row of the type must match one (SMART scopes with a query); empty for no narrowing.</param>
public sealed record Decision(bool Permitted, string Rule, Visibility Visibility, IReadOnlyList<string> Narrowing)
{
    public static Decision Refuse(string rule) => new(false, rule, new Visibility.Nothing(), []);
}

/// <summary>Decides from policy, scopes and the tree of organisations. Pure; no value means "undecided", everything absent is refused.</summary>
public static class Door
{
    private static readonly ConditionalWeakTable<Organisations, Reaches> Known = [];
    private static readonly FrozenSet<string> Nobody = FrozenSet<string>.Empty;

    public static Decision Decide(Caller caller, Interactions wanted, string type, Organisations tree)
    {
        if (IsWhole(caller)) return new(true, "System", new Visibility.Everything(), []);
        var policy = Policy.Of(caller.Role);
        if (policy is null && caller.Role is not Role.System) return Decision.Refuse("no-policy");
        if (policy is not null && !policy.Purposes.Contains(caller.Purpose)) return Decision.Refuse("purpose");
        if (policy is not null && (policy.On(type) & wanted) != wanted) return Decision.Refuse(caller.Role.ToString());
        if (caller.Role is Role.Integration && caller.Scopes is null) return Decision.Refuse("scope");

        var whole = Writing(Whole(caller, policy, tree), policy, wanted, type);
        if (caller.Scopes is null) return new(true, caller.Role.ToString(), whole, []);
        return Scoped(caller, wanted, type, whole);
    }

    /// <summary>The system itself, or its operator with a token that leaves nothing out.</summary>
    internal static bool IsWhole(Caller caller) => caller.Role is Role.System && (caller.Scopes is null || caller.Scopes.Contains("system/*.cruds"));

    /// <summary>What the role reaches of all types, before scopes narrow it; Nothing for a role without policy.</summary>
    internal static Visibility WithoutScopes(Caller caller, Organisations tree) => caller.Role is Role.System
        ? new Visibility.Everything()
        : Policy.Of(caller.Role) is { } policy ? Whole(caller, policy, tree) : new Visibility.Nothing();

    private static Visibility.Scoped Whole(Caller caller, RolePolicy? policy, Organisations tree) =>
        policy is null ? Reaches.Operator : Known.GetValue(tree, t => new(t)).Of(caller, policy);

    /// <summary>What a commit may touch: of the types that it writes, only what the role may write.</summary>
    internal static Visibility.Scoped Writing(Visibility.Scoped whole, RolePolicy? policy, Interactions wanted, string type)
    {
        if (policy is null || (wanted & ~Interactions.Look) is Interactions.None || !policy.WritingReaches.TryGetValue(type, out var reach) || whole.Types[type] == reach)
            return whole;
        var types = new Dictionary<string, Visibility.Reach>(whole.Types, StringComparer.Ordinal) { [type] = reach };
        return whole with { Types = types.ToFrozenDictionary(StringComparer.Ordinal) };
    }

    // A type with only narrowed scopes can be asked for itself, but nothing else may lead through it: chains and includes would not be narrowed.
    private static Decision Scoped(Caller caller, Interactions wanted, string type, Visibility.Scoped whole)
    {
        var scopes = caller.Scopes!.Select(text => SmartScope.TryParse(text, out var scope) ? scope : null).OfType<SmartScope>().ToList();
        var granting = scopes.Where(s => s.Covers(type) && (s.Interactions & wanted) == wanted).ToList();
        if (granting.Count is 0) return Decision.Refuse("scope");
        var open = scopes.Where(s => s.Query is null && (s.Interactions & (Interactions.Read | Interactions.Search)) is not Interactions.None).ToList();
        var seen = whole.Types.Where(t => t.Key == type || open.Any(s => s.Covers(t.Key))).ToFrozenDictionary(StringComparer.Ordinal);
        var narrowed = granting.All(s => s.Query is not null);
        var visibility = whole with { Types = seen };
        if (scopes.Any(s => s.Level is "patient"))
            visibility = visibility with
            {
                Organisations = Nobody,
                Counties = Nobody,
                People = Launched(caller, whole) is { } one ? FrozenSet.Create(StringComparer.Ordinal, one) : Nobody,
                Types = seen.ToFrozenDictionary(t => t.Key, t => t.Value is Visibility.Reach.Any ? Visibility.Reach.RelatedOrShared : t.Value, StringComparer.Ordinal),
            };
        return new(true, "scope", visibility, narrowed ? [.. granting.Select(s => s.Query!)] : []);
    }

    // A resident's or proxy's application reaches whom they reach; the launch context can choose among them, never add.
    private static string? Launched(Caller caller, Visibility.Scoped whole) => caller.Role switch
    {
        Role.Resident or Role.Proxy => whole.People.Contains(caller.Patient ?? "") ? caller.Patient : caller.Patient is null && whole.People.Count is 1
            ? whole.People.Single() : null,
        _ => caller.Patient,
    };

    /// <summary>What the roles reach in one tree; made once for each place and kept as long as the tree.</summary>
    private sealed class Reaches(Organisations tree)
    {
        public static readonly Visibility.Scoped Operator = new()
        {
            Types = ResourceGroups.All.SelectMany(g => g).ToFrozenDictionary(t => t, _ => Visibility.Reach.Any, StringComparer.Ordinal),
            Organisations = Nobody, Counties = Nobody, People = Nobody, Labels = SensitivityLabels.All,
        };

        private readonly System.Collections.Concurrent.ConcurrentDictionary<(Role, string), Visibility.Scoped> places = [];

        public Visibility.Scoped Of(Caller caller, RolePolicy policy)
        {
            var place = places.GetOrAdd((caller.Role, caller.Organisation ?? ""), key => new()
            {
                Types = policy.Reaches,
                Organisations = policy.Span switch
                {
                    Span.Own when key.Item2.Length > 0 => FrozenSet.Create(StringComparer.Ordinal, key.Item2),
                    Span.OwnAndBelow => tree.DownFrom(key.Item2).ToFrozenSet(StringComparer.Ordinal),
                    _ => Nobody,
                },
                Counties = policy.Span is Span.County
                    ? tree.CountiesOf(key.Item2).Select(c => c.Division).OfType<string>().ToFrozenSet(StringComparer.Ordinal)
                    : Nobody,
                People = Nobody,
                Labels = policy.Labels,
            });
            var people = People(caller, policy);
            return people.Count is 0 ? place : place with { People = people };
        }

        private static FrozenSet<string> People(Caller caller, RolePolicy policy)
        {
            if (caller.BrokenGlass is { } one && policy.MayBreakGlass) return FrozenSet.Create(StringComparer.Ordinal, one);
            if (policy.Span is not Span.Self) return Nobody;
            if (caller.Role is Role.Proxy) return caller.Wards.ToFrozenSet(StringComparer.Ordinal);
            return caller.Subject.StartsWith("Patient/", StringComparison.Ordinal) ? FrozenSet.Create(StringComparer.Ordinal, caller.Subject["Patient/".Length..]) : Nobody;
        }
    }
}
