using System.Diagnostics;
using Tongxin.Kernel.Tests.Records;

namespace Tongxin.Faults;

/// <summary>kill -9 of the process that holds the store, again and again, under concurrent load.</summary>
public sealed class KilledServerTests
{
    private const int LongestLife = 700;

    [Fact]
    public async Task A_killed_server_on_PostgreSQL_loses_nothing_that_it_acknowledged() =>
        await KillAsync(await Target.PostgresAsync(await PostgresCluster.OfThisProcess));

    [Fact]
    public async Task A_killed_server_on_SQLite_loses_nothing_that_it_acknowledged() => await KillAsync(Target.Sqlite());

    private static async Task KillAsync(Target target)
    {
        var history = Path.GetTempFileName();
        var random = new Random(20260331);
        var rounds = Rounds.Of(8);
        var acknowledged = 0;
        for (var round = 0; round < rounds; round++)
        {
            using var child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["child", target.Engine, target.Place, history, $"k{round}"])
            {
                RedirectStandardOutput = true,
            })!;
            Assert.Equal("ready", await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
            await Task.Delay(random.Next(1, LongestLife), TestContext.Current.CancellationToken);
            child.Kill();
            await child.WaitForExitAsync(TestContext.Current.CancellationToken);
            var now = await Checker.CheckAsync(target, history);
            Assert.True(now > acknowledged, "The child acknowledged nothing.");
            acknowledged = now;
        }
        Rounds.Say($"kill -9 of the server ({target.Engine})", rounds, acknowledged);
        File.Delete(history);
    }
}
