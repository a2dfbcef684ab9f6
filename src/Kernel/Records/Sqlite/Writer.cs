using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Kernel.Records.Engines;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>Writes commits on the one connection that may write. Whatever can refuse a commit is known before its first row.</summary>
internal sealed class Writer
{
    private const int MostRemembered = 200_000;
    private const string Row = "rid, type, id, version, state, at, interaction, labels, county, person, body";

    private const string Inserted = $"INSERT INTO resource ({Row}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

    private const string Updated =
        "UPDATE resource SET version = ?4, state = ?5, at = ?6, interaction = ?7, labels = ?8, county = ?9, person = ?10, body = ?11 WHERE rid = ?1 AND type = ?2 AND id = ?3";

    private static readonly string[] Cleared = [.. SqliteSchema.IndexTables.Append("relation").Select(table => $"DELETE FROM {table} WHERE rid = ?1")];

    private readonly SqliteSession session;
    private readonly Names names;
    private readonly Searches searches;
    private readonly IndexRows index;
    private readonly Dictionary<ResourceKey, long> rids = [];
    private readonly Dictionary<string, long> displays = new(StringComparer.Ordinal);
    private long lastRid, lastPosition, lastAudit;

    public Writer(SqliteSession session, Names names, Searches searches)
    {
        (this.session, this.names, this.searches) = (session, names, searches);
        index = new(session, names, RidOf, DisplayOf);
        Recall();
    }

    public long LastPosition => lastPosition;

    /// <summary>What memory knows of the file, read again: at the start, and after a transaction was lost.</summary>
    public void Recall()
    {
        names.Load(session);
        rids.Clear();
        displays.Clear();
        lastRid = session.Scalar<long>("SELECT coalesce(max(rid), 0) FROM resource");
        lastPosition = session.Scalar<long>("SELECT coalesce(max(position), 0) FROM feed");
        lastAudit = session.Scalar<long>("SELECT coalesce(max(seq), 0) FROM audit");
    }

    /// <summary>One commit inside the running transaction. Throws <see cref="RefusedException"/> before anything is written.</summary>
    public IReadOnlyList<Committed> Apply(PreparedCommit commit)
    {
        if (commit.IdempotencyKey is { } key && Answered(key) is { } before) return before;
        var decisions = Decide(commit);
        // Their numbers first, so that what they say of each other needs no row that is only mentioned.
        foreach (var decision in decisions)
            if (decision is { Writes: true, Current: null }) rids[decision.Stored.Key] = ++lastRid;
        foreach (var decision in decisions)
            if (decision.Writes) Write(decision);
        if (commit.Audit is { } entry) AppendAudit(entry.Span, commit.At);
        if (commit.IdempotencyKey is { } answered) Remember(answered, commit.At, decisions);
        return [.. decisions.Select(d => new Committed(d.Stored, d.Outcome))];
    }

    public void AppendAudit(ReadOnlySpan<byte> entry, DateTimeOffset at) => session.Execute(
        "INSERT INTO audit (seq, at, entry) VALUES (?1, ?2, ?3)", ++lastAudit, at.ToUnixTimeMilliseconds(), BodyCodec.Encode(entry));

    /// <summary>Stores seals and the people each row is about; false when one of them is sealed already.</summary>
    public bool Seal(IReadOnlyList<AuditSeal> seals)
    {
        foreach (var seal in seals)
            if (session.Scalar<object>("SELECT 1 FROM audit_seal WHERE seq = ?1", seal.Sequence) is not null) return false;
        foreach (var seal in seals)
        {
            session.Execute("INSERT INTO audit_seal (seq, hash) VALUES (?1, ?2)", seal.Sequence, seal.Hash.ToArray());
            foreach (var person in seal.People) session.Execute("INSERT OR IGNORE INTO audit_person (person, seq) VALUES (?1, ?2)", person, seal.Sequence);
        }

        return true;
    }

    /// <summary>Forgets archived audit rows with their seals and people.</summary>
    public void Forget(IReadOnlyList<AuditSeal> archived)
    {
        foreach (var row in archived)
        {
            foreach (var person in row.People) session.Execute("DELETE FROM audit_person WHERE person = ?1 AND seq = ?2", person, row.Sequence);
            session.Execute("DELETE FROM audit_seal WHERE seq = ?1", row.Sequence);
            session.Execute("DELETE FROM audit WHERE seq = ?1", row.Sequence);
        }
    }

    /// <summary>Makes the index rows of one resource anew.</summary>
    public void Reindex(long rid, Search.IndexEntries entries)
    {
        foreach (var table in SqliteSchema.IndexTables) session.Execute($"DELETE FROM {table} WHERE rid = ?1", rid);
        index.Add(rid, entries);
    }

    /// <summary>The index rows of one resource as they should be, into temporary tables of the same names.</summary>
    public void Expect(long rid, Search.IndexEntries entries) => new IndexRows(session, names, RidOf, DisplayOf, "temp").Add(rid, entries);

    private List<Decision> Decide(PreparedCommit commit)
    {
        var decisions = new List<Decision>(commit.Changes.Count);
        var touched = new HashSet<ResourceKey>();
        var gone = new HashSet<ResourceKey>();
        for (var i = 0; i < commit.Changes.Count; i++)
        {
            var change = commit.Changes[i];
            var current = change.Kind is ChangeKind.Create && change.Condition is null && !rids.ContainsKey(change.Key) && !Exists(change.Key) ? null : Current(change.Key);
            if (change.Condition is { } condition)
            {
                // Two are enough to know that there are several; what this commit itself deletes still matches here and does not count.
                var found = searches.Rows(session, condition with { Count = 2 + gone.Count }, change.Among ?? commit.Visibility).Where(f => !gone.Contains(f.Key)).ToList();
                if (found.Count > 1) throw Decision.SeveralMatch(change);
                if (found.Count is 1 && change.KeyIsTold && found[0].Key != change.Key) throw Decision.MatchMoved(change);
                if (found.Count is 1) current = found[0];
                else if (change.Kind is ChangeKind.Delete) current = null;
            }

            var decision = Decision.Make(change, current, current is null || Sees(commit.Visibility, current), commit.At);
            if (!touched.Add(decision.Stored.Key) && decision.Writes)
                throw RefusedException.Because(400, "duplicate", $"{decision.Stored.Key} is changed twice in one transaction.", $"Bundle.entry[{i}]");
            if (decision.Outcome is CommitOutcome.Deleted) gone.Add(decision.Stored.Key);
            decisions.Add(decision);
        }

        // Whatever is written now must still be known by number when it is: no forgetting in the middle of a commit.
        if (rids.Count >= MostRemembered) rids.Clear();
        return decisions;
    }

    private void Write(Decision decision)
    {
        var (change, stored, current) = (decision.Change, decision.Stored, decision.Current);
        var rid = current?.Rid ?? rids[stored.Key];
        if (current is { Version: > 0 })
        {
            session.Execute($"INSERT INTO history ({Row}) SELECT {Row} FROM resource WHERE rid = ?1", rid);
            foreach (var statement in Cleared) session.Execute(statement, rid);
        }

        // A deletion stays whose it was, or its tombstone would be seen by others than those who saw the resource.
        var person = stored.IsDeleted ? current!.Person : change.Person is { } patient ? RidOf(new("Patient", patient)) : null as long?;
        var county = stored.IsDeleted ? current!.County : change.County is { } name ? names.Counties.Give(name, session) : Names.None;
        session.Execute(
            current is null ? Inserted : Updated, rid, names.Types.Give(stored.Key.Type, session), stored.Key.Id,
            stored.Version, (int)(stored.IsDeleted ? RowState.Deleted : RowState.Current), stored.LastUpdated.ToUnixTimeMilliseconds(),
            (int)stored.Interaction, (int)(stored.IsDeleted ? current!.Labels : change.Labels), county, person,
            stored.IsDeleted ? null : PackedBody.Of(decision));
        session.Execute("INSERT INTO feed (position, rid, version, county) VALUES (?1, ?2, ?3, ?4)", ++lastPosition, rid, stored.Version, county);
        if (stored.IsDeleted) return;
        if (change.Index is { } entries) index.Add(rid, entries);
        foreach (var relation in change.Relations.Distinct())
            session.Execute(
                "INSERT OR IGNORE INTO relation (rid, person, organisation) VALUES (?1, ?2, ?3)",
                rid, RidOf(new("Patient", relation.Person)), RidOf(new("Organization", relation.Organisation)));
    }

    private bool Exists(ResourceKey key) =>
        session.Scalar<object>("SELECT 1 FROM resource WHERE id = ?1 AND type = ?2", key.Id, names.TypeOrNone(key.Type)) is not null;

    private CurrentRow? Current(ResourceKey key) => session.List(
        $"SELECT {CurrentRow.Columns} FROM resource r WHERE r.id = ?1 AND r.type = ?2", r => StoredRow.ReadCurrent(r, names), key.Id, names.TypeOrNone(key.Type)).FirstOrDefault();

    private bool Sees(Visibility visibility, CurrentRow row)
    {
        if (visibility is Visibility.Everything || row.State is RowState.Mentioned) return true;
        var sql = new SqlText();
        sql.Append($"SELECT 1 FROM resource r WHERE r.rid = {sql.Value(row.Rid)} AND {VisibilitySql.Of(visibility, "r", sql, names, row.Key.Type)}");
        return session.List(sql, r => r.GetInt32(0)).Count > 0;
    }

    /// <summary>The rid of a key; a key that was never met gets one, and a row that says it is only mentioned.</summary>
    private long RidOf(ResourceKey key)
    {
        if (rids.TryGetValue(key, out var known)) return known;
        var type = names.Types.Give(key.Type, session);
        if (session.Scalar<object>("SELECT rid FROM resource WHERE id = ?1 AND type = ?2", key.Id, type) is long found) return rids[key] = found;
        session.Execute(
            $"INSERT INTO resource ({Row}) VALUES (?1, ?2, ?3, 0, 0, 0, 0, 0, 0, NULL, NULL)", ++lastRid, type, key.Id);
        return rids[key] = lastRid;
    }

    private long DisplayOf(string text)
    {
        if (displays.TryGetValue(text, out var known)) return known;
        if (displays.Count >= MostRemembered) displays.Clear();
        session.Execute("INSERT OR IGNORE INTO display (name) VALUES (?1)", text);
        return displays[text] = session.Scalar<long>("SELECT id FROM display WHERE name = ?1", text);
    }

    private void Remember(string key, DateTimeOffset at, List<Decision> decisions)
    {
        var told = decisions.Where(d => d.Outcome is not CommitOutcome.NothingToDelete)
            .Select(d => new Answer(d.Stored.Key.Type, d.Stored.Key.Id, d.Stored.Version, (int)d.Outcome));
        session.Execute("INSERT INTO idempotency (key, at, answer) VALUES (?1, ?2, ?3)", key, at.ToUnixTimeMilliseconds(), JsonSerializer.Serialize(told));
    }

    private List<Committed>? Answered(string key)
    {
        if (session.Scalar<string>("SELECT answer FROM idempotency WHERE key = ?1", key) is not { } answer) return null;
        var committed = new List<Committed>();
        foreach (var told in JsonSerializer.Deserialize<List<Answer>>(answer)!)
            committed.Add(new(Reads.Version(session, names, new(told.Type, told.Id), told.Version, new Visibility.Everything())!, (CommitOutcome)told.Outcome));
        return committed;
    }

    private sealed record Answer(string Type, string Id, long Version, int Outcome);
}
