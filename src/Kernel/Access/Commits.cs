using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Access;

/// <summary>The writing half of the door: policy of each change, preparation, whose record it goes to, and the audit entry of the same transaction.</summary>
internal sealed class Commits(
    IRecordStore store, OrganisationTree tree, SearchIndex index, SearchQuery queries, IdSource ids, AccessRules rules, RecordedCodes codes, TimeProvider clock)
{
    /// <summary>References named in one audit entry; the people are named all.</summary>
    public const int MostTargets = 1_000;

    private const int MostAttempts = 5;

    private readonly Placing placing = new(store);

    public async Task<IReadOnlyList<Committed>> CommitAsync(Caller caller, IReadOnlyList<Change> changes, CommitOptions options, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await PreparedAndCommittedAsync(caller, changes, options, cancel);
            }
            catch (RefusedException moved) when (attempt < MostAttempts && moved is { Status: 409, Issues: [{ Code: "transient" }, ..] })
            {
                // Somebody made what a condition looks for in between: prepared again, the references name that one.
            }
        }
    }

    private async Task<IReadOnlyList<Committed>> PreparedAndCommittedAsync(Caller caller, IReadOnlyList<Change> changes, CommitOptions options, CancellationToken cancel)
    {
        var organisations = await tree.GetAsync(cancel);
        changes = [.. changes.Select(change => Permitted(caller, change, organisations))];
        var visibility = Reach(caller, changes, organisations);
        var prepared = await Preparation(caller, visibility, organisations).PrepareAsync(changes, visibility, cancel);
        prepared = await placing.PlaceAsync(prepared with { Changes = [.. prepared.Changes.Select(Unlabelled)] }, organisations, cancel);
        if (caller.Role is not Role.System) await CheckPeopleAsync(caller, prepared, organisations, cancel);
        var committed = await store.CommitAsync(
            prepared with
            {
                Audit = AuditEntry.Row([Entry(caller, prepared, options)]),
                IdempotencyKey = options.IdempotencyKey is { } key ? $"{Answered(caller)}|{key}" : null,
            }, cancel);
        if (prepared.Changes.Any(c => c.Key.Type is "Organization")) await tree.LoadAsync(cancel);
        if (prepared.Changes.Any(c => c.Key.Type is "CodeSystem" or "ValueSet")) await codes.CatchUpAsync(cancel);
        return committed;
    }

    private static PreparedChange Unlabelled(PreparedChange change) =>
        change.Labels is not SensitivityLabels.None && ResourceGroups.IsNobodys(change.Key.Type) ? change with { Labels = SensitivityLabels.None } : change;

    public static string Name(Change change) => change switch
    {
        Change.Put put => put.Key.ToString(),
        Change.Delete delete => delete.Key.ToString(),
        _ => change.Type,
    };

    // An earlier answer is given again without looking whether it may be: only to the same person in the same post with the same scopes.
    private static string Answered(Caller caller) => caller.Scopes is null && caller.Organisation is null
        ? caller.Subject
        : $"{caller.Subject}|{caller.Role} {caller.Organisation} {string.Join(' ', caller.Scopes ?? [])} {caller.Patient}";

    /// <summary>The change as it may be done: who may only add adds, and never replaces.</summary>
    private static Change Permitted(Caller caller, Change change, Organisations organisations)
    {
        var wanted = change switch
        {
            Change.Create => Interactions.Create,
            Change.Put { IfVersion: null, IfNotPresent: true } => Interactions.Create,
            Change.Put or Change.PutWhere => Interactions.Update,
            _ => Interactions.Delete,
        };
        var decision = Door.Decide(caller, wanted, change.Type, organisations);
        if (!decision.Permitted && change is Change.Put { IfVersion: null } put)
        {
            decision = Door.Decide(caller, Interactions.Create, change.Type, organisations);
            change = put with { IfNotPresent = true };
        }

        if (!decision.Permitted)
            throw RefusedException.Because(403, "forbidden", $"Your role or token may not {wanted.ToString().ToLowerInvariant()} {change.Type}.", change.Place);
        if (decision.Narrowing.Count > 0)
            throw RefusedException.Because(403, "forbidden", $"The scope narrows {change.Type} by a search and does not cover writing.", change.Place);
        return change;
    }

    // Writing reaches what the role reaches without a broken glass, which is for reading only.
    private static Visibility Reach(Caller caller, IReadOnlyList<Change> changes, Organisations organisations)
    {
        var writer = caller with { BrokenGlass = null };
        var whole = Door.WithoutScopes(writer, organisations);
        if (whole is Visibility.Scoped && caller.Scopes is not null && changes.Count > 0 &&
            Door.Decide(writer, Interactions.None, changes[0].Type, organisations).Visibility is Visibility.Scoped narrow)
            whole = narrow with { Types = ((Visibility.Scoped)whole).Types };
        return whole is Visibility.Scoped scoped
            ? changes.Select(c => c.Type).Distinct(StringComparer.Ordinal).Aggregate(
                scoped, (reached, type) => Door.Writing(reached, Policy.Of(caller.Role), Interactions.Update, type))
            : whole;
    }

    private Preparation Preparation(Caller caller, Visibility visibility, Organisations organisations)
    {
        Visibility among(string type) => Searched(caller, type, organisations);
        return new(index, queries, ids, clock, new()
        {
            Validate = rules.Validate,
            Labels = SensitivityRules.Of,
            County = placement => Placing.Of(placement, organisations),
            Among = among,
            MustStand = put => (put.IsIdOfClient || caller.Scopes is not null) && !SeesAll(visibility, put.Type),
            Find = async (request, cancel) =>
                [.. (await store.SearchAsync(request with { Count = 2 }, among(request.Type), cancel)).Matches.Select(m => m.Key)],
        });
    }

    // A condition is a search: its answer (made, found, several) tells as much as one, so it needs the same grant and finds no more.
    private static Visibility Searched(Caller caller, string type, Organisations organisations)
    {
        var decision = Door.Decide(caller with { BrokenGlass = null }, Interactions.Search, type, organisations);
        if (caller.Scopes is not null && (!decision.Permitted || decision.Narrowing.Count > 0))
            throw RefusedException.Because(403, "forbidden", $"A condition on {type} needs a scope that searches {type} without narrowing.");
        return decision.Visibility;
    }

    /// <summary>Whether every row of the type that there could be is visible: then an id that is not there is free, and saying so tells nothing.</summary>
    private static bool SeesAll(Visibility visibility, string type) => visibility switch
    {
        Visibility.Everything => true,
        Visibility.Scoped scoped => scoped.Types.TryGetValue(type, out var reach)
            && (ResourceGroups.IsNobodys(type) || (reach is Visibility.Reach.Any && scoped.Labels is SensitivityLabels.All)),
        _ => false,
    };

    /// <summary>A change may only concern a person whom the caller reaches, or one whom this commit registers at the caller's own place.</summary>
    private async Task CheckPeopleAsync(Caller caller, PreparedCommit prepared, Organisations organisations, CancellationToken cancel)
    {
        var policy = Policy.Of(caller.Role)!;
        var scoped = (Visibility.Scoped)prepared.Visibility;
        var people = new HashSet<string>(StringComparer.Ordinal);
        foreach (var change in prepared.Changes.Where(c => c.Kind is not ChangeKind.Delete))
        {
            var reach = policy.WritingReaches.GetValueOrDefault(change.Key.Type);
            if (change.Person is null && reach is Visibility.Reach.Related)
                throw RefusedException.Because(403, "forbidden", $"A {change.Key.Type} must name the person whose record it is part of.", change.Key.Type);
            if (change.Person is not null && reach is Visibility.Reach.Shared)
                throw RefusedException.Because(403, "forbidden", $"Your role keeps no {change.Key.Type} of persons.", change.Key.Type);
            if (change.Person is { } person) people.Add(person);
        }

        foreach (var patient in prepared.Changes.Where(c => c is { Key.Type: "Patient", Kind: not ChangeKind.Delete }))
            if (!patient.IfPresent && await store.ReadAsync(patient.Key, scoped, cancel) is null or { IsDeleted: true })
            {
                if (!patient.Relations.Any(r => scoped.Organisations.Contains(r.Organisation)))
                    throw RefusedException.Because(403, "forbidden", "Who is registered must be cared for by your own organisation (managingOrganization).",
                        "Patient.managingOrganization");
                people.Remove(patient.Key.Id);
            }

        if (people.Count is 0) return;
        var search = new SearchRequest { Type = "Patient", Count = Math.Min(people.Count, SearchRequest.MostPerPage), Criteria = [new Criterion.IdIs([.. people])] };
        var found = await store.SearchAsync(search, scoped, cancel);
        if (people.Except(found.Matches.Select(m => m.Key.Id)).FirstOrDefault() is { } unknown)
            throw RefusedException.Because(404, "not-found", $"There is no Patient/{unknown}.");
    }

    private static AuditEntry Entry(Caller caller, PreparedCommit prepared, CommitOptions options) =>
        AuditEntry.By(caller, prepared.At, "commit", permitted: true, caller.Role.ToString()) with
        {
            Targets = [.. prepared.Changes.Take(MostTargets).Select(c => $"{c.Kind} {c.Key}")],
            People = [.. prepared.Changes.Select(c => c.Person ?? (c.Key.Type is "Patient" ? c.Key.Id : null)).OfType<string>().Distinct()],
            Reason = options.Reason,
        };
}

/// <summary>What rooms that Access does not know say about a write.</summary>
public sealed record AccessRules
{
    /// <summary>Errors refuse the change (422).</summary>
    public Func<JsonElement, IReadOnlyList<Issue>> Validate { get; init; } = _ => [];
}
