using Npgsql;
using NpgsqlTypes;
using Tongxin.Kernel.Records.Engines;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>All rows of a group of commits as one batch: one statement per table, one round trip, all or nothing.</summary>
/// <remarks>Without an explicit BEGIN the server takes a batch as one transaction; with one, the batch ends it.</remarks>
internal sealed class GroupBatch(NpgsqlConnection connection, Names names)
{
    private const string Columns = "rid, person, at, type, county, version, labels, state, interaction, id, body";

    private readonly VersionRows made = new($"INSERT INTO resource ({Columns}) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
    private readonly VersionRows replaced = new(
        $"""
        UPDATE resource r SET person = u.person, at = u.at, county = u.county, version = u.version, labels = u.labels, state = u.state,
            interaction = u.interaction, body = u.body
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) u({Columns}) WHERE r.rid = u.rid
        """);

    private readonly IndexRows index = new(names);
    private readonly RelationRows relations = new();
    private readonly FeedRows feed = new();
    private readonly AuditRows audit = new();
    private readonly AnswerRows answers = new();
    private readonly List<long> superseded = [];

    public NpgsqlBatch Fill(List<PendingCommit> group, Dictionary<ResourceKey, long> targets, bool inTransaction)
    {
        foreach (var pending in group) Add(pending, targets);
        var batch = new NpgsqlBatch(connection);
        if (superseded.Count > 0) AddSuperseded(batch);
        made.Rows.AddTo(batch);
        replaced.Rows.AddTo(batch);
        index.AddTo(batch);
        relations.Rows.AddTo(batch);
        answers.Rows.AddTo(batch);
        feed.AddTo(batch, audit.Count);
        audit.AddTo(batch);
        if (feed.Count > 0) batch.BatchCommands.Add(new($"SELECT pg_notify('{FeedWake.Channel}', '')"));
        if (inTransaction) batch.BatchCommands.Add(new("COMMIT"));
        return batch;
    }

    private void Add(PendingCommit pending, Dictionary<ResourceKey, long> targets)
    {
        foreach (var decision in pending.Decisions.Where(d => d.Writes)) Add(decision, pending, key => pending.Rids.TryGetValue(key, out var own) ? own : targets[key]);
        if (pending.Commit.Audit is { } entry)
            audit.Add(pending.Commit.At, names.County(pending.Commit.Changes.Select(c => c.County).FirstOrDefault(c => c is not null)), entry);
        if (pending.Commit.IdempotencyKey is { } key) answers.Add(key, pending);
    }

    private void Add(Decision decision, PendingCommit pending, Func<ResourceKey, long> known)
    {
        var (change, stored) = (decision.Change, decision.Stored);
        var rid = pending.Rids[stored.Key];
        // A condition that matched gave the change another key than it was prepared with; what it says of itself means the match.
        long ridOf(ResourceKey key) => key == change.Key ? rid : known(key);
        var current = decision.Current;
        if (current is { Version: > 0 }) superseded.Add(rid);
        // A deletion stays whose it was, or its tombstone would be seen by others than those who saw the resource.
        var person = stored.IsDeleted ? current!.Person : change.Person is { } patient ? ridOf(new("Patient", patient)) : null as long?;
        var county = stored.IsDeleted ? current!.County : names.County(change.County);
        var labels = stored.IsDeleted ? current!.Labels : change.Labels;
        (current is null ? made : replaced).Add(rid, person, names.Types[stored.Key.Type], county, stored, labels);
        feed.Add(rid, (int)stored.Version, county);
        if (stored.IsDeleted) return;
        if (change.Index is { } entries) index.Add(rid, county, entries, ridOf);
        foreach (var relation in change.Relations.Distinct())
            relations.Add(ridOf(new("Patient", relation.Person)), ridOf(new("Organization", relation.Organisation)), rid, county);
    }

    private void AddSuperseded(NpgsqlBatch batch)
    {
        Add($"INSERT INTO history ({Columns}) SELECT {Columns} FROM resource WHERE rid = ANY($1)");
        foreach (var table in IndexRows.Tables) Add($"DELETE FROM {table} WHERE rid = ANY($1)");
        Add("DELETE FROM relation WHERE rid = ANY($1)");

        void Add(string sql) => batch.BatchCommands.Add(new(sql)
        {
            Parameters = { new NpgsqlParameter<List<long>> { TypedValue = superseded, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint } },
        });
    }

    private sealed class VersionRows
    {
        public readonly Rows Rows;
        private readonly List<long> rid, at;
        private readonly List<long?> person;
        private readonly List<int> type, county, version;
        private readonly List<short> labels, state, interaction;
        private readonly List<string?> id;
        private readonly List<byte[]?> body;

        public VersionRows(string sql)
        {
            Rows = new(sql);
            (rid, person, at) = (Rows.Longs(), Rows.Column<long?>(NpgsqlDbType.Bigint), Rows.Longs());
            (type, county, version) = (Rows.Ints(), Rows.Ints(), Rows.Ints());
            (labels, state, interaction) = (Rows.Shorts(), Rows.Shorts(), Rows.Shorts());
            (id, body) = (Rows.Texts(), Rows.Column<byte[]?>(NpgsqlDbType.Bytea));
        }

        public void Add(long number, long? whose, int typeNumber, int inCounty, Stored stored, SensitivityLabels sensitive)
        {
            rid.Add(number);
            person.Add(whose);
            at.Add(stored.LastUpdated.ToUnixTimeMilliseconds());
            type.Add(typeNumber);
            county.Add(inCounty);
            version.Add((int)stored.Version);
            labels.Add((short)sensitive);
            state.Add((short)(stored.IsDeleted ? RowState.Deleted : RowState.Current));
            interaction.Add((short)stored.Interaction);
            id.Add(stored.Key.Id);
            body.Add(stored.IsDeleted ? null : BodyCodec.Encode(stored.Body.Span));
        }
    }

    private sealed class RelationRows
    {
        public readonly Rows Rows = new("INSERT INTO relation (person, organisation, rid, county) SELECT * FROM unnest($1, $2, $3, $4)");
        private readonly List<long> person, organisation, rid;
        private readonly List<int> county;

        public RelationRows() => (person, organisation, rid, county) = (Rows.Longs(), Rows.Longs(), Rows.Longs(), Rows.Ints());

        public void Add(long whose, long caring, long source, int inCounty)
        {
            person.Add(whose);
            organisation.Add(caring);
            rid.Add(source);
            county.Add(inCounty);
        }
    }

    private sealed class AnswerRows
    {
        // Arrays of arrays do not pass through unnest; a few rows each with their own values are few enough.
        public readonly Rows Rows = new(
            """
            INSERT INTO idempotency (key, at, rids, versions, outcomes)
            SELECT k, a, string_to_array(r, ',')::bigint[], string_to_array(v, ',')::int[], string_to_array(o, ',')::smallint[]
            FROM unnest($1, $2, $3, $4, $5) u(k, a, r, v, o)
            """);
        private readonly List<string?> key, rids, versions, outcomes;
        private readonly List<long> at;

        public AnswerRows() => (key, at, rids, versions, outcomes) = (Rows.Texts(), Rows.Longs(), Rows.Texts(), Rows.Texts(), Rows.Texts());

        public void Add(string idempotencyKey, PendingCommit pending)
        {
            var told = pending.Decisions.Where(d => d.Outcome is not CommitOutcome.NothingToDelete).ToList();
            key.Add(idempotencyKey);
            at.Add(pending.Commit.At.ToUnixTimeMilliseconds());
            rids.Add(string.Join(',', told.Select(d => pending.Rids[d.Stored.Key])));
            versions.Add(string.Join(',', told.Select(d => d.Stored.Version)));
            outcomes.Add(string.Join(',', told.Select(d => (short)d.Outcome)));
        }
    }

    private sealed class FeedRows
    {
        private readonly Rows rows = new(
            """
            WITH head AS (UPDATE feed_head SET position = position + $4, audit = audit + $5 RETURNING position - $4 AS before)
            INSERT INTO feed (position, rid, version, county)
            SELECT head.before + u.ord, u.rid, u.version, u.county FROM head, unnest($1, $2, $3) WITH ORDINALITY u(rid, version, county, ord)
            """);
        private readonly List<long> rid;
        private readonly List<int> version, county;

        public FeedRows() => (rid, version, county) = (rows.Longs(), rows.Ints(), rows.Ints());

        public int Count => rid.Count;

        public void Add(long number, int ofVersion, int inCounty)
        {
            rid.Add(number);
            version.Add(ofVersion);
            county.Add(inCounty);
        }

        /// <summary>Takes the head's lock, which the next group then waits for until this one is committed: keep it among the last.</summary>
        public void AddTo(NpgsqlBatch batch, int audited)
        {
            if (Count + audited is 0) return;
            rows.AddTo(batch, "", [Count, audited]);
        }
    }

    private sealed class AuditRows
    {
        private readonly Rows rows = new(
            """
            INSERT INTO audit (seq, at, county, entry)
            SELECT h.audit - $4 + u.ord, u.at, u.county, u.entry FROM feed_head h, unnest($1, $2, $3) WITH ORDINALITY u(at, county, entry, ord)
            """);
        private readonly List<long> at;
        private readonly List<int> county;
        private readonly List<byte[]> entry;

        public AuditRows() => (at, county, entry) = (rows.Longs(), rows.Ints(), rows.Column<byte[]>(NpgsqlDbType.Bytea));

        public int Count => at.Count;

        public void Add(DateTimeOffset time, int inCounty, ReadOnlyMemory<byte> bytes)
        {
            at.Add(time.ToUnixTimeMilliseconds());
            county.Add(inCounty);
            entry.Add(BodyCodec.Encode(bytes.Span));
        }

        public void AddTo(NpgsqlBatch batch)
        {
            if (Count > 0) rows.AddTo(batch, "", [Count]);
        }
    }
}
