using Tongxin.Fhir;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Access;

/// <summary>The only door to the record: every passage is decided by the caller's policy and leaves an audit entry.</summary>
/// <remarks>
/// Which rows are reached is compiled into the engine's statements (<see cref="Visibility"/>), never filtered afterwards. A person in a browser who asks
/// for a type that her role has not finds nothing; an application is told (403) that its scopes do not reach.
/// </remarks>
public sealed class RecordAccess
{
    private readonly IRecordStore store;
    private readonly OrganisationTree tree;
    private readonly AuditTrail trail;
    private readonly TimeProvider clock;
    private readonly SearchQuery queries;
    private readonly Commits commits;
    private readonly AuditMask mask;

    internal RecordAccess(IRecordStore store, OrganisationTree tree, AuditTrail trail, SearchQuery queries, Commits commits, AuditMask mask, TimeProvider clock) =>
        (this.store, this.tree, this.trail, this.queries, this.commits, this.mask, this.clock) = (store, tree, trail, queries, commits, mask, clock);

    /// <summary>Null when it is not there or not permitted: the two look the same. A deleted resource comes back as its deletion.</summary>
    public async Task<Stored?> ReadAsync(Caller caller, ResourceKey key, CancellationToken cancel)
    {
        var decision = Door.Decide(caller, Interactions.Read, key.Type, await tree.GetAsync(cancel));
        var found = await AllowedAsync(caller, decision, key, cancel) ? await store.ReadAsync(key, decision.Visibility, cancel) : null;
        await trail.NoteAsync(Entry(caller, decision, "read", key.Type, found is null ? [] : [found]) with { Targets = [key.ToString()] }, cancel);
        return found;
    }

    public async Task<Stored?> ReadVersionAsync(Caller caller, ResourceKey key, long version, CancellationToken cancel)
    {
        var decision = Door.Decide(caller, Interactions.Read, key.Type, await tree.GetAsync(cancel));
        var found = await AllowedAsync(caller, decision, key, cancel) ? await store.ReadVersionAsync(key, version, decision.Visibility, cancel) : null;
        await trail.NoteAsync(Entry(caller, decision, "vread", key.Type, found is null ? [] : [found]) with { Targets = [$"{key}/_history/{version}"] }, cancel);
        return found;
    }

    /// <summary>Throws <see cref="RefusedException"/> 400 for what the request does not allow.</summary>
    public async Task<SearchPage> SearchAsync(Caller caller, SearchRequest request, CancellationToken cancel)
    {
        if (request.Type is "AuditEvent" && caller is { Role: Role.Auditor, Scopes: null }) return await TrailAsync(caller, request, cancel);
        var decision = Door.Decide(caller, Interactions.Search, request.Type, await tree.GetAsync(cancel));
        RefuseApplication(caller, decision);
        var page = decision.Permitted
            ? await store.SearchAsync(Narrowed(request, decision), decision.Visibility, cancel)
            : new([], [], request.Total is TotalMode.None && request.Summary is not SummaryMode.Count ? null : 0, null);
        var entry = Entry(caller, decision, "search", request.Type, page.Matches.Count + page.Included.Count is 0 ? [] : [.. page.Matches, .. page.Included]);
        await trail.NoteAsync(entry with { Query = SearchText.Masked(request, mask.Of) }, cancel);
        return page;
    }

    /// <summary>A search as it would stand in a URL, e.g. <c>patient=Patient/a1&amp;status=active&amp;_sort=-date</c>.</summary>
    public Task<SearchPage> SearchAsync(Caller caller, string type, string query, CancellationToken cancel) =>
        SearchAsync(caller, queries.Parse(type, query), cancel);

    public async Task<HistoryPage> HistoryAsync(Caller caller, HistoryRequest request, CancellationToken cancel)
    {
        var decision = HistoryDecision(caller, request, await tree.GetAsync(cancel));
        RefuseApplication(caller, decision);
        var page = decision.Permitted ? await store.HistoryAsync(request, decision.Visibility, cancel) : new([], 0, null);
        var entry = Entry(caller, decision, "history", request.Type, page.Versions);
        await trail.NoteAsync(entry with { Query = request.Id is null ? null : $"{request.Type}/{request.Id}" }, cancel);
        return page;
    }

    /// <summary>All or none. Throws <see cref="RefusedException"/> (400, 403, 404, 409, 412, 422) with the entry's place when one change is refused.</summary>
    public async Task<IReadOnlyList<Committed>> CommitAsync(Caller caller, IReadOnlyList<Change> changes, CommitOptions options, CancellationToken cancel)
    {
        try
        {
            return await commits.CommitAsync(caller, changes, options, cancel);
        }
        catch (RefusedException refusal) when (refusal.Status is 403 or 404)
        {
            var entry = AuditEntry.By(caller, clock.GetUtcNow(), "commit", permitted: false, refusal.Issues.Count > 0 ? refusal.Issues[0].Code : "refused");
            await trail.NoteAsync(entry with { Targets = [.. changes.Take(Commits.MostTargets).Select(Commits.Name)] }, cancel);
            throw;
        }
    }

    /// <summary>Registration outside one's own people: only whether somebody with this identifier is on record, not who or where.</summary>
    public async Task<bool> IsRegisteredAsync(Caller caller, string identifierSystem, string identifier, CancellationToken cancel)
    {
        var may = caller.Role is Role.System || (Policy.Of(caller.Role)?.On("Patient") & Interactions.Create) is Interactions.Create;
        var decision = may ? new Decision(true, "registration", new Visibility.Everything(), []) : Decision.Refuse("registration");
        var search = new SearchRequest
        {
            Type = "Patient", Count = 1,
            Criteria = [new Criterion.Matches(SearchParameters.Get("Patient", "identifier"), Modifier.None, [new SearchValue.Token(identifierSystem, identifier)])],
        };
        var found = may && (await store.SearchAsync(search, decision.Visibility, cancel)).Matches.Count > 0;
        await trail.NoteAsync(Entry(caller, decision, "registration", "Patient", []), cancel);
        return found;
    }

    /// <summary>Puts on record that figures were opened onto people, or taken away: what, and about whom.</summary>
    /// <remarks>For what is derived from the record and shown without reading it; who may see what is decided before, by the caller of this.</remarks>
    public ValueTask NoteFiguresAsync(Caller caller, string did, string what, IReadOnlyCollection<string> people, CancellationToken cancel) =>
        trail.NoteAsync(AuditEntry.By(caller, clock.GetUtcNow(), did, permitted: true, "figures") with { Query = what, People = people }, cancel);

    /// <summary>Whether the caller may look at definitions of this type: nobody's record, so that asking leaves no audit entry. Throws 403 when not.</summary>
    public async Task PermitDefinitionAsync(Caller caller, string type, CancellationToken cancel)
    {
        if (!ResourceGroups.Definitions.Contains(type)) throw new ArgumentException($"{type} is not a definition.", nameof(type));
        if (!Door.Decide(caller, Interactions.Read, type, await tree.GetAsync(cancel)).Permitted)
            throw RefusedException.Because(403, "forbidden", $"Your role or token may not read {type}.");
    }

    /// <summary>Whether the caller may change resources of this type at all, before the system does so for her. Throws 403 when not, and when a scope narrows the type.</summary>
    public async Task PermitChangeAsync(Caller caller, string type, CancellationToken cancel)
    {
        var decision = Door.Decide(caller, Interactions.Update, type, await tree.GetAsync(cancel));
        if (decision is { Permitted: true, Narrowing.Count: 0 }) return;
        await trail.NoteAsync(Entry(caller, decision with { Permitted = false }, "change", type, []), cancel);
        throw RefusedException.Because(403, "forbidden", $"Your role or token may not change {type}.");
    }

    /// <summary>Whether the caller may be given figures by the API; throws 403 when not. What is given is put on record by <see cref="NoteFiguresAsync"/>.</summary>
    public async Task PermitFiguresAsync(Caller caller, CancellationToken cancel)
    {
        if (!Door.Decide(caller, Interactions.Read, "MeasureReport", await tree.GetAsync(cancel)).Permitted)
            throw RefusedException.Because(403, "forbidden", "Your role or token may not read MeasureReport.");
    }

    // The trail as AuditEvents: of one person (patient=…) or all, newest first. Reading it is itself on record.
    private async Task<SearchPage> TrailAsync(Caller caller, SearchRequest request, CancellationToken cancel)
    {
        var person = request.Criteria switch
        {
            [] => null,
            [Criterion.Matches { Parameter.Code: "patient", Values: [SearchValue.Reference { Id: { } id }] }] => id,
            _ => throw RefusedException.Because(400, "not-supported", "The audit trail is searched by patient, or whole."),
        };
        long? before = long.TryParse(request.Cursor, System.Globalization.CultureInfo.InvariantCulture, out var row) ? row : null;
        var page = person is null ? await trail.LatestAsync(cancel, before) : await trail.OfPersonAsync(person, cancel, before);
        await trail.NoteAsync(AuditEntry.By(caller, clock.GetUtcNow(), "search", permitted: true, "Auditor") with { Type = "AuditEvent", Query = person }, cancel);
        return new([.. page.Passages.Select(AuditEvents.Of)], [], null, page.Next?.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private static Decision HistoryDecision(Caller caller, HistoryRequest request, Organisations organisations)
    {
        // History of the whole system has no type to decide by: it is the operator's.
        if (request.Type is null) return Door.IsWhole(caller) ? Door.Decide(caller, Interactions.History, "", organisations) : Decision.Refuse("system-history");
        var decision = Door.Decide(caller, Interactions.History, request.Type, organisations);
        return decision.Narrowing.Count > 0 ? Decision.Refuse("scope") : decision;
    }

    // A scope with a query covers a single resource only if the query finds it.
    private async Task<bool> AllowedAsync(Caller caller, Decision decision, ResourceKey key, CancellationToken cancel)
    {
        RefuseApplication(caller, decision);
        if (!decision.Permitted || decision.Narrowing.Count is 0) return decision.Permitted;
        var search = Narrowed(new() { Type = key.Type, Count = 1, Criteria = [new Criterion.IdIs([key.Id])] }, decision);
        return (await store.SearchAsync(search, decision.Visibility, cancel)).Matches.Count > 0;
    }

    private SearchRequest Narrowed(SearchRequest request, Decision decision)
    {
        if (decision.Narrowing.Count is 0) return request;
        // Rows of this type reached by another way would not be narrowed.
        if (request.Includes.Count > 0 || request.Criteria.Any(LeadsElsewhere))
            throw RefusedException.Because(403, "forbidden", "The scope narrows this type by a search; chains, _has and includes are not within it.");
        return request with { Criteria = [.. request.Criteria, Any(decision.Narrowing.Select(q => queries.Parse(request.Type, q).Criteria).ToList())] };
    }

    private static Criterion Any(List<IReadOnlyList<Criterion>> ways) =>
        ways is [[var only]] ? only
        : ways.All(w => w.Count is 1) ? new Criterion.AnyOf([.. ways.Select(w => w[0])])
        : throw RefusedException.Because(403, "forbidden", "A scope may narrow a type by one parameter only.");

    private static bool LeadsElsewhere(Criterion criterion) => criterion switch
    {
        Criterion.Chain or Criterion.Has => true,
        Criterion.AnyOf any => any.Alternatives.Any(LeadsElsewhere),
        _ => false,
    };

    private static void RefuseApplication(Caller caller, Decision decision)
    {
        if (!decision.Permitted && caller.Scopes is not null) throw RefusedException.Because(403, "forbidden", "The token's scopes do not cover this.");
    }

    private AuditEntry Entry(Caller caller, Decision decision, string did, string? type, IReadOnlyList<Stored> passed)
    {
        var entry = AuditEntry.By(caller, clock.GetUtcNow(), did, decision.Permitted, decision.Rule) with { Type = type };
        if (passed.Count is 0) return entry;
        var people = new HashSet<string>(StringComparer.Ordinal);
        foreach (var stored in passed)
            if (PersonIn.Of(stored) is { } person) people.Add(person);
        return entry with { Targets = [.. passed.Take(Commits.MostTargets).Select(s => s.Key.ToString())], People = people };
    }
}

/// <summary>How a commit is to be made.</summary>
/// <param name="IdempotencyKey">A repeat with the same key answers what was answered the first time.</param>
/// <param name="Reason">Why, for the audit trail; null when the purpose of the session says it.</param>
public sealed record CommitOptions(string? IdempotencyKey = null, string? Reason = null);
