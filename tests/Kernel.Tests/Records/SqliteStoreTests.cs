using System.Text;
using Microsoft.Data.Sqlite;
using Tongxin.Fhir;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;
using Tongxin.Kernel.Records.Sqlite;

namespace Tongxin.Kernel.Tests.Records;

/// <summary>The engine of one file: versions, races, the feed, and what survives a restart.</summary>
public sealed class SqliteStoreTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static readonly DateTimeOffset Now = new(2026, 3, 31, 8, 0, 0, TimeSpan.Zero);
    private static readonly Visibility All = new Visibility.Everything();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_stored_is_read_back_as_the_same_bytes()
    {
        await using var store = Open();
        var committed = Assert.Single(await store.CommitAsync(Commit(Create("Patient", "a1", "\"gender\":\"female\"")), Cancel));

        var read = await store.ReadAsync(new("Patient", "a1"), All, Cancel);

        Assert.Equal("""{"resourceType":"Patient","id":"a1","meta":{"versionId":"1","lastUpdated":"2026-03-31T08:00:00.000Z"},"gender":"female"}""", Text(read!));
        Assert.Equal(Text(committed.Stored), Text(read!));
        Assert.Null(await store.ReadAsync(new("Patient", "a2"), All, Cancel));
        Assert.Null(await store.ReadAsync(new("Observation", "a1"), All, Cancel));
    }

    [Fact]
    public async Task Versions_follow_each_other_and_the_old_ones_stay()
    {
        await using var store = Open();
        await store.CommitAsync(Commit(Put("Patient", "a1", "\"gender\":\"male\"")), Cancel);
        await store.CommitAsync(Commit(Put("Patient", "a1", "\"gender\":\"female\"", ifVersion: 1)), Cancel);
        await store.CommitAsync(Commit(new PreparedChange { Key = new("Patient", "a1"), Kind = ChangeKind.Delete }), Cancel);

        var history = await store.HistoryAsync(new("Patient", "a1", null, null, 10, null), All, Cancel);

        Assert.Equal([3, 2, 1], history.Versions.Select(v => v.Version));
        Assert.True((await store.ReadAsync(new("Patient", "a1"), All, Cancel))!.IsDeleted);
        Assert.Contains("\"male\"", Text((await store.ReadVersionAsync(new("Patient", "a1"), 1, All, Cancel))!), StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => store.CommitAsync(Commit(Put("Patient", "a1", "", ifVersion: 2)), Cancel));
        Assert.Equal(412, refused.Status);
        Assert.Equal([1L, 2, 3], (await store.FeedAsync(0, 10, Cancel)).Select(f => f.Position));
    }

    [Fact]
    public async Task Of_many_writers_with_the_same_version_one_wins()
    {
        await using var store = Open();
        await store.CommitAsync(Commit(Put("Patient", "a1", "\"multipleBirthInteger\":0")), Cancel);

        for (var version = 1; version <= 20; version++)
        {
            var v = version;
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(i =>
                StatusAsync(store, Commit(Put("Patient", "a1", $"\"multipleBirthInteger\":{v * 100 + i}", ifVersion: v)))));
            Assert.Equal(1, outcomes.Count(o => o is 200));
            Assert.Equal(15, outcomes.Count(o => o is 412));
        }

        var history = await store.HistoryAsync(new("Patient", "a1", null, null, 100, null), All, Cancel);
        Assert.Equal(Enumerable.Range(1, 21).Reverse().Select(v => (long)v), history.Versions.Select(v => v.Version));
    }

    [Fact]
    public async Task A_feed_reader_among_concurrent_writers_misses_nothing()
    {
        await using var one = Open();
        const int Each = 300;
        var writing = Task.WhenAll(Enumerable.Range(0, 8).Select(w => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++) await one.CommitAsync(Commit(Create("Basic", $"w{w}-{i}", "")), Cancel);
        }, Cancel)));

        var seen = new List<FeedEntry>();
        while (seen.Count < 8 * Each)
        {
            await one.FeedGrewAsync(seen.Count is 0 ? 0 : seen[^1].Position, Cancel).WaitAsync(TimeSpan.FromSeconds(20), Cancel);
            seen.AddRange(await one.FeedAsync(seen.Count is 0 ? 0 : seen[^1].Position, 50, Cancel));
        }

        await writing;
        Assert.Equal(Enumerable.Range(1, 8 * Each).Select(p => (long)p), seen.Select(f => f.Position));
        Assert.Equal(8 * Each, seen.Select(f => f.Stored.Key).Distinct().Count());
        for (var w = 0; w < 8; w++)
            Assert.Equal(Enumerable.Range(0, Each).Select(i => $"w{w}-{i}"), seen.Select(f => f.Stored.Key.Id).Where(id => id.StartsWith($"w{w}-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_same_idempotency_key_is_answered_the_same_and_stores_once()
    {
        await using var store = Open();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            store.CommitAsync(Commit(Create("Basic", $"b{i}", "")) with { IdempotencyKey = "me|1" }, Cancel)));

        Assert.Single(answers.Select(a => Text(a[0].Stored)).Distinct());
        Assert.Single(await store.FeedAsync(0, 10, Cancel));
    }

    [Fact]
    public async Task A_refused_change_takes_its_commit_along_and_no_other()
    {
        await using var store = Open();
        var commits = Enumerable.Range(0, 40).Select(i => i % 2 is 0
            ? Commit(Put("Basic", $"good{i}", ""))
            : Commit(Put("Basic", $"half{i}", ""), Put("Basic", $"none{i}", "", ifVersion: 7)));

        var outcomes = await Task.WhenAll(commits.Select(c => StatusAsync(store, c)));

        Assert.Equal(20, outcomes.Count(o => o is 200));
        Assert.Equal(20, outcomes.Count(o => o is 412));
        Assert.All(await store.FeedAsync(0, 100, Cancel), f => Assert.StartsWith("good", f.Stored.Key.Id, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_acknowledged_stands_after_the_file_is_opened_again_and_verifies()
    {
        await using (var store = Open())
            for (var i = 0; i < 20; i++) await store.CommitAsync(Commit(Put("Basic", $"b{i % 7}", $"\"language\":\"x{i}\"")), Cancel);

        await using var again = Open();

        Assert.Equal(20, (await again.FeedAsync(0, 100, Cancel)).Count);
        Assert.Equal(3, (await again.ReadAsync(new("Basic", "b0"), All, Cancel))!.Version);
        Assert.Empty(await again.Upkeep.VerifyAsync(_ => new(), null, Cancel));
    }

    [Fact]
    public async Task Two_processes_do_not_hold_one_folder()
    {
        await using var store = Open();

        Assert.Contains("in use", Assert.Throws<InvalidOperationException>(Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_record_is_refused()
    {
        await Open().DisposeAsync();
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(folder.Path, SqliteStore.FileName)};Pooling=false"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 99";
            command.ExecuteNonQuery();
        }

        Assert.Contains("schema version 99", Assert.Throws<InvalidOperationException>(Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_32_equal_conditional_creates_one_makes_it()
    {
        await using var store = Open();
        var condition = new SearchRequest { Type = "Basic", Criteria = [new Criterion.IdIs(["same"])] };
        for (var round = 0; round < 20; round++)
        {
            var id = $"same{round}";
            var wanted = condition with { Criteria = [new Criterion.IdIs([id])] };
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => store.CommitAsync(
                Commit(Create("Basic", id, "") with { Condition = wanted, ConditionText = id }), Cancel)));
            Assert.Equal(1, outcomes.Count(o => o[0].Outcome is CommitOutcome.Created));
        }
    }

    [Fact]
    public async Task A_damaged_index_is_found_and_a_rebuild_mends_it()
    {
        await using var store = Open();
        var world = new SearchWorld(5);
        await world.FillAsync(store, patients: 10, observations: 30, Cancel);
        var entries = world.Rows.Values.ToDictionary(r => r.Key.ToString(), r => r.Index);
        IndexEntries Extract(ReadOnlyMemory<byte> body)
        {
            using var json = System.Text.Json.JsonDocument.Parse(body);
            return entries[$"{json.RootElement.GetProperty("resourceType").GetString()}/{json.RootElement.GetProperty("id").GetString()}"];
        }

        Assert.Empty(await store.Upkeep.VerifyAsync(Extract, null, Cancel));
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(folder.Path, SqliteStore.FileName)};Pooling=false"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "DELETE FROM token WHERE rid = (SELECT min(rid) FROM token)";
            command.ExecuteNonQuery();
        }

        Assert.Contains(await store.Upkeep.VerifyAsync(Extract, null, Cancel), f => f.StartsWith("Missing in token", StringComparison.Ordinal));
        await store.Upkeep.RebuildAsync(Extract, null, Cancel);
        Assert.Empty(await store.Upkeep.VerifyAsync(Extract, null, Cancel));
    }

    public void Dispose() => folder.Dispose();

    private SqliteStore Open() => SqliteStore.Open(folder.Path);

    private static async Task<int> StatusAsync(SqliteStore store, PreparedCommit commit)
    {
        try
        {
            await store.CommitAsync(commit, Cancel);
            return 200;
        }
        catch (RefusedException refused)
        {
            return refused.Status;
        }
    }

    private static PreparedCommit Commit(params PreparedChange[] changes) => new() { Changes = changes, Visibility = All, At = Now, Audit = "{}"u8.ToArray() };

    private static PreparedChange Create(string type, string id, string rest) => new() { Key = new(type, id), Kind = ChangeKind.Create, Body = Body(type, rest) };

    private static PreparedChange Put(string type, string id, string rest, long? ifVersion = null) =>
        new() { Key = new(type, id), Kind = ChangeKind.Put, Body = Body(type, rest), IfVersion = ifVersion };

    private static ResourceBody Body(string type, string rest) => new(type, default, Encoding.UTF8.GetBytes(rest));

    private static string Text(Stored stored) => Encoding.UTF8.GetString(stored.Body.Span);
}
