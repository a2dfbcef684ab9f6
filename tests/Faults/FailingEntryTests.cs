using Tongxin.Fhir;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Tests.Records;

namespace Tongxin.Faults;

/// <summary>A bundle that fails at its first, second, … last entry leaves nothing, whoever writes beside it.</summary>
public sealed class FailingEntryTests
{
    private const int Entries = 6;

    [Fact]
    public async Task A_bundle_that_fails_at_any_entry_leaves_nothing_in_PostgreSQL() =>
        await FailAsync(await Target.PostgresAsync(await PostgresCluster.OfThisProcess));

    [Fact]
    public async Task A_bundle_that_fails_at_any_entry_leaves_nothing_in_SQLite() => await FailAsync(Target.Sqlite());

    private static async Task FailAsync(Target target)
    {
        var path = Path.GetTempFileName();
        var rounds = Rounds.Of(3);
        using (var history = new History(path))
        await using (var store = await target.OpenAsync())
        {
            await store.CommitAsync(Load.Commit("standing", Load.Write(new("Basic", "standing"), ChangeKind.Put, "standing", 1)), CancellationToken.None);
            using var stop = new CancellationTokenSource();
            var running = new Load(store, history, "e").RunAsync(stop.Token);
            for (var round = 0; round < rounds; round++)
                for (var failing = 0; failing < Entries; failing++)
                    foreach (var wrong in Wrongs)
                        await RefusedAsync(store, $"failing-{round}-{failing}", failing, wrong);
            await stop.CancelAsync();
            await running;
        }
        Rounds.Say($"bundles failing at each entry ({target.Engine})", rounds * Entries * 3, await Checker.CheckAsync(target, path));
        File.Delete(path);
    }

    private static readonly Func<string, PreparedChange>[] Wrongs =
    [
        operation => Load.Write(new("Basic", "standing"), ChangeKind.Put, operation, Entries) with { IfVersion = 99 },
        operation => Load.Write(new("Basic", "standing"), ChangeKind.Put, operation, Entries) with { IfNotPresent = true },
        operation => Load.Write(new("Basic", $"{operation}-nothing"), ChangeKind.Put, operation, Entries) with { IfVersion = 1 },
    ];

    private static async Task RefusedAsync(IRecordStore store, string operation, int failing, Func<string, PreparedChange> wrong)
    {
        var changes = Enumerable.Range(0, Entries).Select(i => i == failing ? wrong(operation) : Load.Write(new("Basic", $"{operation}-{i}"), ChangeKind.Put, operation, Entries));
        var refused = await Assert.ThrowsAsync<RefusedException>(() => store.CommitAsync(Load.Commit(operation, [.. changes]), CancellationToken.None));
        Assert.Equal(412, refused.Status);
        for (var i = 0; i < Entries; i++)
            Assert.Null(await store.ReadAsync(new("Basic", $"{operation}-{i}"), new Visibility.Everything(), CancellationToken.None));
    }
}
