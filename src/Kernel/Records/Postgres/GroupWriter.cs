using Npgsql;
using NpgsqlTypes;
using Tongxin.Fhir;
using Tongxin.Kernel.Records.Engines;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Writes a group of commits in one transaction. Commits that only create go in one round trip; the others look, under locks, first.</summary>
/// <remarks>
/// Whatever can refuse a commit is known before the first row is written, so one caller's refusal never undoes another's commit.
/// Locks are taken in one order everywhere (conditions by key, rows by rid, the head of the feed last), so that two groups cannot wait for each other.
/// </remarks>
internal sealed class GroupWriter(Names names, ResourceIds ids, ConditionSearch conditions)
{
    private const string LookUp =
        $"SELECT {CurrentRow.Columns} FROM unnest($1, $2) k(id, type) JOIN resource r ON r.id = k.id AND r.type = k.type ORDER BY r.rid FOR UPDATE OF r";

    public async Task WriteAsync(NpgsqlConnection main, NpgsqlConnection side, List<PendingCommit> group, bool careful)
    {
        var none = CancellationToken.None; // A commit that was begun is finished: half of it would help nobody.
        var targets = await EnsureNamesAsync(side, group, none);
        var looks = careful || group.Any(p => p.NeedsLook);
        var deciding = group;
        try
        {
            if (looks) deciding = await DecideAsync(main, group, none);
            else foreach (var pending in group) DecideCreates(pending);
            await GiveRidsAsync(side, deciding, none);
            await using var batch = new GroupBatch(main, names).Fill(deciding.Where(p => p.AnsweredBefore is null).ToList(), targets, looks);
            await batch.ExecuteNonQueryAsync(none);
        }
        catch when (looks)
        {
            await RollBackAsync(main);
            throw;
        }
        foreach (var pending in deciding)
        {
            foreach (var (key, rid) in pending.Rids) ids.Remember(key, rid);
            pending.Finish();
        }
    }

    private async Task<Dictionary<ResourceKey, long>> EnsureNamesAsync(NpgsqlConnection side, List<PendingCommit> group, CancellationToken cancel)
    {
        var wanted = new NamesWanted();
        foreach (var commit in group.Select(p => p.Commit))
        {
            var mentioned = new NamesWanted();
            foreach (var change in commit.Changes) Collect(change, mentioned);
            // What a commit itself makes gets its rid there; a mention beforehand would stand in its own way.
            mentioned.Targets.ExceptWith(commit.Changes.Where(c => c.Kind is not ChangeKind.Delete).Select(c => c.Key));
            wanted.Types.UnionWith(mentioned.Types);
            wanted.Parameters.UnionWith(mentioned.Parameters);
            wanted.Systems.UnionWith(mentioned.Systems);
            wanted.Counties.UnionWith(mentioned.Counties);
            wanted.Displays.UnionWith(mentioned.Displays);
            wanted.Targets.UnionWith(mentioned.Targets);
        }
        foreach (var target in wanted.Targets) wanted.Types.Add(target.Type);
        await names.EnsureAsync(side, wanted, cancel);
        return await ids.EnsureAsync(side, names.Types, wanted.Targets, cancel);
    }

    private static void Collect(PreparedChange change, NamesWanted wanted)
    {
        wanted.Types.Add(change.Key.Type);
        if (change.County is { } county) wanted.Counties.Add(county);
        if (change.Person is { } person) wanted.Targets.Add(new("Patient", person));
        if (change.Index is { } index) IndexRows.Collect(index, wanted);
        foreach (var relation in change.Relations)
        {
            wanted.Targets.Add(new("Patient", relation.Person));
            wanted.Targets.Add(new("Organization", relation.Organisation));
        }
    }

    private static void DecideCreates(PendingCommit pending)
    {
        foreach (var change in pending.Commit.Changes)
            pending.Decisions.Add(Decision.Make(change, null, isVisible: true, pending.Commit.At));
    }

    /// <summary>Begins the transaction, locks and reads what the group touches, and decides; those that are refused are told so and left out.</summary>
    private async Task<List<PendingCommit>> DecideAsync(NpgsqlConnection main, List<PendingCommit> group, CancellationToken cancel)
    {
        var keys = group.SelectMany(p => p.Commit.Changes).Select(c => c.Key).ToHashSet();
        var rows = new Dictionary<ResourceKey, CurrentRow>();
        var answered = await BeginAsync(main, group, keys, rows, cancel);
        var decided = new List<PendingCommit>();
        foreach (var pending in group)
        {
            try
            {
                if (pending.Commit.IdempotencyKey is { } key && answered.TryGetValue(key, out var before))
                    pending.AnsweredBefore = await before.ReadAsync(main, names, cancel);
                else
                    await DecideAsync(main, pending, rows, cancel);
                decided.Add(pending);
            }
            catch (RefusedException refused)
            {
                pending.Fail(refused);
            }
        }
        return decided;
    }

    private async Task DecideAsync(NpgsqlConnection main, PendingCommit pending, Dictionary<ResourceKey, CurrentRow> rows, CancellationToken cancel)
    {
        var touched = new HashSet<ResourceKey>();
        var gone = new HashSet<ResourceKey>();
        var sight = await Sight.OfAsync(main, names, pending.Commit.Visibility, rows.Values, cancel);
        for (var i = 0; i < pending.Commit.Changes.Count; i++)
        {
            var change = pending.Commit.Changes[i];
            var current = rows.GetValueOrDefault(change.Key);
            var visible = current is null || sight.Sees(current);
            if (change.Condition is { } condition)
            {
                var found = await conditions.FindAsync(main, condition, change.Among ?? pending.Commit.Visibility, gone.Count, cancel);
                found.RemoveAll(f => gone.Contains(f.Key));
                if (found.Count > 1) throw Decision.SeveralMatch(change);
                if (found.Count is 1 && change.KeyIsTold && found[0].Key != change.Key) throw Decision.MatchMoved(change);
                if (found.Count is 1) (current, visible) = (found[0], true);
                else if (change.Kind is ChangeKind.Delete) current = null;
            }
            var decision = Decision.Make(change, current, visible, pending.Commit.At);
            if (!touched.Add(decision.Stored.Key) && decision.Writes)
                throw RefusedException.Because(400, "duplicate", $"{decision.Stored.Key} is changed twice in one transaction.", $"Bundle.entry[{i}]");
            if (decision.Outcome is CommitOutcome.Deleted) gone.Add(decision.Stored.Key);
            if (decision.Current is { } row) pending.Rids[row.Key] = row.Rid;
            pending.Decisions.Add(decision);
        }
    }

    private async Task<Dictionary<string, EarlierAnswer>> BeginAsync(
        NpgsqlConnection main, List<PendingCommit> group, HashSet<ResourceKey> keys, Dictionary<ResourceKey, CurrentRow> rows, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(main);
        batch.BatchCommands.Add(new("BEGIN"));
        ConditionSearch.AddGuards(batch, names, group);
        EarlierAnswer.AddLookUp(batch, group);
        var lookUp = new NpgsqlBatchCommand(LookUp);
        lookUp.Parameters.Add(new() { Value = keys.Select(k => k.Id).ToList(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        lookUp.Parameters.Add(new() { Value = keys.Select(k => names.Types[k.Type]).ToList(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer });
        batch.BatchCommands.Add(lookUp);

        await using var reader = await batch.ExecuteReaderAsync(cancel);
        var answered = await EarlierAnswer.ReadAllAsync(reader, cancel);
        await reader.NextResultAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            var row = CurrentRows.Read(reader, names.Types);
            rows[row.Key] = row;
        }
        return answered;
    }

    /// <summary>Rows that are made now get the next rids, in the order of the group, so that newest first means what it says.</summary>
    private async Task GiveRidsAsync(NpgsqlConnection side, List<PendingCommit> group, CancellationToken cancel)
    {
        var made = group.SelectMany(p => p.Decisions.Where(d => d.Writes && d.Current is null).Select(d => (Pending: p, d.Stored.Key))).ToList();
        var rids = await ids.TakeAsync(side, made.Count, cancel);
        for (var i = 0; i < made.Count; i++) made[i].Pending.Rids[made[i].Key] = rids[i];
    }

    private static async Task RollBackAsync(NpgsqlConnection main)
    {
        try
        {
            await using var command = new NpgsqlCommand("ROLLBACK", main);
            await command.ExecuteNonQueryAsync();
        }
        catch (Exception failure) when (failure is NpgsqlException or InvalidOperationException)
        {
            // The connection is gone, and with it the transaction; the pool notices.
        }
    }
}
