using Tongxin.Fhir;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Postgres;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Tests.Records;

/// <summary>Many at once on the same thing: exactly one wins, nobody deadlocks, and what is derived still agrees afterwards.</summary>
public sealed class PostgresRaceTests
{
    private const int Threads = 32;
    private const int Rounds = 200;
    private static readonly Visibility All = new Visibility.Everything();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_many_conditional_creates_one_creates()
    {
        var database = await (await PostgresCluster.OfThisProcess).CreateDatabaseAsync();
        await using var one = await PostgresStore.OpenAsync(new() { ConnectionString = database }, Cancel);
        await using var other = await PostgresStore.OpenAsync(new() { ConnectionString = database }, Cancel);
        for (var round = 0; round < Rounds; round++)
        {
            var n = round;
            var outcomes = await Task.WhenAll(Enumerable.Range(0, Threads).Select(t => Task.Run(
                () => (t % 2 is 0 ? one : other).CommitAsync(Commit(CreateUnless($"r{n}-{t}", $"id{n}")), Cancel), Cancel)));
            Assert.Equal(1, outcomes.Count(o => o[0].Outcome is CommitOutcome.Created));
            Assert.Single(outcomes.Select(o => o[0].Stored.Key).Distinct());
        }
        Assert.Equal(Rounds, (await one.FeedAsync(0, 10_000, Cancel)).Count);
    }

    [Fact]
    public async Task Bundles_on_the_same_resources_in_opposite_order_do_not_block_each_other()
    {
        var database = await (await PostgresCluster.OfThisProcess).CreateDatabaseAsync();
        await using var one = await PostgresStore.OpenAsync(new() { ConnectionString = database, Lanes = 4 }, Cancel);
        await using var other = await PostgresStore.OpenAsync(new() { ConnectionString = database, Lanes = 4 }, Cancel);
        string[] ids = ["a", "b", "c"];
        await Task.WhenAll(Enumerable.Range(0, 16).Select(t => Task.Run(async () =>
        {
            for (var i = 0; i < 30; i++)
            {
                var order = (t + i) % 2 is 0 ? ids : [.. ids.Reverse()];
                await (t % 2 is 0 ? one : other).CommitAsync(Commit([.. order.Select(id => Put(id, $"\"language\":\"{t}-{i}\""))]), Cancel);
            }
        }, Cancel)));

        foreach (var id in ids) Assert.Equal(16 * 30, (await one.ReadAsync(new("Patient", id), All, Cancel))!.Version);
        Assert.Empty(await one.Upkeep.VerifyAsync(_ => new(), null, Cancel));
    }

    [Fact]
    public async Task Verify_tells_a_lost_row_and_rebuild_mends_it()
    {
        var database = await (await PostgresCluster.OfThisProcess).CreateDatabaseAsync();
        await using var store = await PostgresStore.OpenAsync(new() { ConnectionString = database }, Cancel);
        var world = new SearchWorld(7);
        await world.FillAsync(store, patients: 20, observations: 40, Cancel);
        Assert.Empty(await store.Upkeep.VerifyAsync(Extract, null, Cancel));

        await using (var source = Npgsql.NpgsqlDataSource.Create(database))
        {
            await using var command = source.CreateCommand(
                """
                DELETE FROM token WHERE ctid = (SELECT min(ctid) FROM token);
                UPDATE date SET low = low + 1 WHERE ctid = (SELECT max(ctid) FROM date);
                UPDATE feed_head SET position = position + 1
                """);
            await command.ExecuteNonQueryAsync(Cancel);
        }
        var findings = await store.Upkeep.VerifyAsync(Extract, null, Cancel);
        Assert.Contains(findings, f => f.StartsWith("Missing in token", StringComparison.Ordinal));
        Assert.Contains(findings, f => f.StartsWith("Surplus in date", StringComparison.Ordinal));
        Assert.Contains(findings, f => f.StartsWith("The feed", StringComparison.Ordinal));

        await store.Upkeep.RebuildAsync(Extract, null, Cancel);
        Assert.Equal("The feed", Assert.Single(await store.Upkeep.VerifyAsync(Extract, null, Cancel))[..8]);

        IndexEntries Extract(ReadOnlyMemory<byte> body)
        {
            using var json = System.Text.Json.JsonDocument.Parse(body);
            return world.Rows[new(json.RootElement.GetProperty("resourceType").GetString()!, json.RootElement.GetProperty("id").GetString()!)].Index;
        }
    }

    [Fact]
    public async Task A_statement_that_takes_too_long_is_refused_with_the_reason()
    {
        var database = await (await PostgresCluster.OfThisProcess).CreateDatabaseAsync();
        await using var store = await PostgresStore.OpenAsync(new() { ConnectionString = database, StatementTimeout = TimeSpan.FromMilliseconds(300) }, Cancel);
        await store.CommitAsync(Commit(Put("a", "")), Cancel);
        await using var blocker = new Npgsql.NpgsqlConnection(database);
        await blocker.OpenAsync(Cancel);
        await using var transaction = await blocker.BeginTransactionAsync(Cancel);
        await using (var command = new Npgsql.NpgsqlCommand("LOCK TABLE resource IN ACCESS EXCLUSIVE MODE", blocker)) await command.ExecuteNonQueryAsync(Cancel);

        var refused = await Assert.ThrowsAsync<RefusedException>(() => store.ReadAsync(new("Patient", "a"), All, Cancel));

        Assert.Equal((503, "too-costly"), (refused.Status, refused.Issues[0].Code));
    }

    private static PreparedCommit Commit(params PreparedChange[] changes) =>
        new() { Changes = changes, Visibility = All, At = new(2026, 3, 31, 8, 0, 0, TimeSpan.Zero), Audit = "{}"u8.ToArray() };

    private static PreparedChange Put(string id, string rest) => new()
    {
        Key = new("Patient", id),
        Kind = ChangeKind.Put,
        Body = new("Patient", default, System.Text.Encoding.UTF8.GetBytes(rest)),
    };

    private static PreparedChange CreateUnless(string id, string identifier)
    {
        var index = new IndexEntries();
        index.Tokens.Add(new(SearchWorld.Identifier, SearchWorld.Local, identifier));
        var criterion = new Criterion.Matches(SearchWorld.Identifier, Modifier.None, [new SearchValue.Token(SearchWorld.Local, identifier)]);
        return Put(id, "") with
        {
            Kind = ChangeKind.Create,
            Index = index,
            Condition = new() { Type = "Patient", Criteria = [criterion] },
            ConditionText = $"identifier={identifier}",
        };
    }
}
