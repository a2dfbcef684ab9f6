using Tongxin.Fhir;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records;

/// <summary>Turns wishes into a commit that needs no more thought: parsed, validated, given ids, references rewritten, indexed, placed.</summary>
/// <remarks>Works outside the writer's lock and touches no table but through <see cref="PreparationRules.Find"/>. All changes or a refusal with its place.</remarks>
internal sealed class Preparation(SearchIndex index, SearchQuery query, IdSource ids, TimeProvider clock, PreparationRules rules)
{
    /// <summary>Changes of one commit; a larger import sends several.</summary>
    public const int MostChanges = 10_000;

    /// <summary>Conditional references looked up for one commit.</summary>
    public const int MostConditions = 1_000;

    /// <summary>Throws <see cref="RefusedException"/> 400, 412, 413 or 422 naming the place.</summary>
    public async Task<PreparedCommit> PrepareAsync(IReadOnlyList<Change> changes, Visibility visibility, CancellationToken cancel)
    {
        if (changes.Count is 0 or > MostChanges)
            throw RefusedException.Because(400, "too-costly", $"A commit has 1 to {MostChanges} changes.");
        var drafts = new List<Draft>(changes.Count);
        var deleted = changes.OfType<Change.Delete>().Select(d => d.Key).ToHashSet();
        foreach (var change in changes) drafts.Add(await DraftAsync(change, changes.Count > 1, deleted, cancel));
        CheckKeys(drafts);
        var becomes = Names(drafts);
        await AddConditionsAsync(drafts, becomes, cancel);
        return new()
        {
            Changes = [.. drafts.Select(draft => Placed(draft.Change, () => Prepare(draft, becomes)))],
            Visibility = visibility,
            At = clock.GetUtcNow(),
        };
    }

    /// <summary>A change with the key it will have.</summary>
    private sealed record Draft(Change Change, ResourceKey Key, SearchRequest? Condition = null, bool KeyIsTold = false);

    private async Task<Draft> DraftAsync(Change change, bool withOthers, HashSet<ResourceKey> deleted, CancellationToken cancel)
    {
        var condition = change switch
        {
            Change.Create { IfNoneExist: { } text } => Placed(change, () => Condition(change.Type, text)),
            Change.PutWhere where => Placed(change, () => Condition(change.Type, where.Query)),
            Change.DeleteWhere where => Placed(change, () => Condition(change.Type, where.Query)),
            _ => null,
        };
        return change switch
        {
            Change.Put put => new(change, put.Key),
            Change.Delete delete => new(change, delete.Key),
            Change.DeleteWhere => new(change, new(change.Type, ""), condition),
            _ when condition is null => new(change, new(change.Type, ids.Next())),
            // Others may point to this one, so it must be known now whether it will be a new resource or one that stands.
            _ when withOthers && change.FullUrl is not null => new(change, await MatchAsync(change, condition, deleted, cancel), condition, KeyIsTold: true),
            _ => new(change, new(change.Type, ids.Next()), condition),
        };
    }

    private async Task<ResourceKey> MatchAsync(Change change, SearchRequest condition, HashSet<ResourceKey> deleted, CancellationToken cancel) =>
        (await rules.Find(condition, cancel)).Where(found => !deleted.Contains(found)).ToList() switch
        {
            [] => new(change.Type, ids.Next()),
            [var match] => match,
            _ => throw Refused(change, RefusedException.Because(412, "multiple-matches", "The condition matches several resources; it must match at most one.")),
        };

    private SearchRequest Condition(string type, string text)
    {
        var condition = query.Parse(type, text);
        return condition.Criteria.Count > 0 ? condition : throw RefusedException.Because(412, "required", "A condition without a search parameter matches everything.");
    }

    private static void CheckKeys(List<Draft> drafts)
    {
        var seen = new HashSet<ResourceKey>();
        foreach (var draft in drafts)
            if (draft.Key.Id.Length > 0 && !seen.Add(draft.Key))
                throw Refused(draft.Change, RefusedException.Because(400, "duplicate", $"{draft.Key} is changed twice in one commit."));
    }

    /// <summary>What each entry's full URL becomes; an absolute one is also known by its relative form where the id is new.</summary>
    private static Dictionary<string, string> Names(List<Draft> drafts)
    {
        var becomes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var draft in drafts)
        {
            if (draft.Change.FullUrl is not { Length: > 0 } url || draft.Key.Id.Length is 0) continue;
            if (!becomes.TryAdd(url, draft.Key.ToString()))
                throw Refused(draft.Change, RefusedException.Because(400, "duplicate", $"Two entries have the fullUrl '{url}'."));
            if (url.EndsWith(draft.Key.ToString(), StringComparison.Ordinal)) continue;
            var slash = url.LastIndexOf($"/{draft.Change.Type}/", StringComparison.Ordinal);
            if (slash > 0) becomes.TryAdd(url[(slash + 1)..], draft.Key.ToString());
        }

        return becomes;
    }

    private async Task AddConditionsAsync(List<Draft> drafts, Dictionary<string, string> becomes, CancellationToken cancel)
    {
        var looked = 0;
        foreach (var draft in drafts)
            foreach (var reference in ReferenceRewriting.Conditional(Bytes(draft.Change).Span))
            {
                if (becomes.ContainsKey(reference)) continue;
                if (++looked > MostConditions)
                    throw Refused(draft.Change, RefusedException.Because(400, "too-costly", $"A commit has at most {MostConditions} different conditional references."));
                becomes[reference] = await ResolveAsync(draft.Change, reference, cancel);
            }
    }

    private async Task<string> ResolveAsync(Change change, string reference, CancellationToken cancel)
    {
        var mark = reference.IndexOf('?', StringComparison.Ordinal);
        var condition = Placed(change, () => Condition(reference[..mark], reference[(mark + 1)..]));
        return await rules.Find(condition, cancel) switch
        {
            [var match] => match.ToString(),
            // FHIR R4 §3.1.0.11.2: none or several, and the whole transaction fails.
            [] => throw Refused(change, RefusedException.Because(412, "not-found", $"The conditional reference '{reference}' matches nothing.")),
            _ => throw Refused(change, RefusedException.Because(412, "multiple-matches", $"The conditional reference '{reference}' matches several resources.")),
        };
    }

    private PreparedChange Prepare(Draft draft, Dictionary<string, string> becomes)
    {
        var (key, kind) = (draft.Key, KindOf(draft.Change));
        var empty = new PreparedChange
        {
            Key = key,
            Kind = kind,
            IfVersion = draft.Change switch
            {
                Change.Put put => put.IfVersion,
                Change.PutWhere where => where.IfVersion,
                Change.Delete delete => delete.IfVersion,
                _ => null,
            },
            IfNotPresent = draft.Change is Change.Put { IfNotPresent: true },
            IfPresent = draft.Change is Change.Put named && rules.MustStand(named),
            Condition = draft.Condition,
            KeyIsTold = draft.KeyIsTold,
            Among = draft.Condition is null ? null : rules.Among(key.Type),
            ConditionText = draft.Condition is null ? null : SearchText.Of(draft.Condition),
        };
        if (kind is ChangeKind.Delete) return empty;

        using var body = BodyReader.Read(ReferenceRewriting.Apply(Bytes(draft.Change), becomes), draft.Change.Type);
        CheckId(draft, body);
        var issues = rules.Validate(body.Root);
        if (issues.Any(i => i.IsError)) throw new RefusedException(422, issues);
        var rows = index.Extract(body.Root);
        var person = Belonging.Person(key, body.Root, rows);
        var relations = Belonging.Relations(person, body.Root);
        return empty with
        {
            Body = body.Body,
            Index = rows,
            Person = person,
            Relations = relations,
            Labels = Sensitivity.Of(rows) | rules.Labels(body.Root),
            County = rules.County(new(key, person, relations, body.Root)),
        };
    }

    private static void CheckId(Draft draft, ParsedBody body)
    {
        if (draft.Change is not Change.Put) return;
        if (!ResourceKey.IsLegalId(draft.Key.Id)) throw RefusedException.Because(400, "value", "An id is 1 to 64 letters, digits, '-' and '.'.", $"{draft.Key.Type}.id");
        if (body.Id != draft.Key.Id)
        {
            var says = body.Id is null ? "missing" : $"'{body.Id}'";
            throw RefusedException.Because(400, "value", $"The body's id is {says}, but the address says '{draft.Key.Id}'.", $"{draft.Key.Type}.id");
        }
    }

    private static ChangeKind KindOf(Change change) => change switch
    {
        Change.Create => ChangeKind.Create,
        Change.Put or Change.PutWhere => ChangeKind.Put,
        _ => ChangeKind.Delete,
    };

    private static ReadOnlyMemory<byte> Bytes(Change change) => change switch
    {
        Change.Create create => create.Body,
        Change.Put put => put.Body,
        Change.PutWhere where => where.Body,
        _ => default,
    };

    private static T Placed<T>(Change change, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (RefusedException refusal) when (change.Place is not null)
        {
            throw Refused(change, refusal);
        }
    }

    private static RefusedException Refused(Change change, RefusedException refusal)
    {
        if (change.Place is not { } place) return refusal;
        return new(refusal.Status, [.. refusal.Issues.Select(i => i with { Expression = Within(place, change.Type, i.Expression) })]);
    }

    // Patient.name[0] of the entry's resource is Bundle.entry[3].resource.name[0] of the bundle.
    private static string Within(string place, string type, string? expression)
    {
        if (expression is null) return place;
        return expression.StartsWith(type + ".", StringComparison.Ordinal) ? $"{place}.resource{expression[type.Length..]}" : $"{place}.resource";
    }
}
