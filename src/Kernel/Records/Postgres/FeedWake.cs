using Npgsql;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Wakes the followers: at once for commits of this process, by NOTIFY for those of others, and every second in case a notice was lost.</summary>
internal sealed class FeedWake : IAsyncDisposable
{
    public const string Channel = "tongxin_feed";
    private static readonly TimeSpan Fallback = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource stop = new();
    private readonly NpgsqlDataSource source;
    private readonly Task listening;
    private volatile TaskCompletionSource next = NewSignal();

    public FeedWake(NpgsqlDataSource source)
    {
        this.source = source;
        listening = Task.Run(ListenAsync);
    }

    /// <summary>Something was committed.</summary>
    public void Signal() => Interlocked.Exchange(ref next, NewSignal()).TrySetResult();

    /// <summary>Completes at the next signal or after the fallback; take it before looking, so that nothing slips between.</summary>
    public Task Next => Task.WhenAny(next.Task, Task.Delay(Fallback));

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await listening;
        stop.Dispose();
    }

    private async Task ListenAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync(stop.Token);
                connection.Notification += (_, _) => Signal();
                await using (var command = new NpgsqlCommand($"LISTEN {Channel}", connection)) await command.ExecuteNonQueryAsync(stop.Token);
                Signal();
                while (true) await connection.WaitAsync(stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception failure) when (failure is NpgsqlException or IOException or System.Net.Sockets.SocketException)
            {
                // The server went away: the fallback carries the followers until it is back.
                await Task.WhenAny(Task.Delay(Fallback, stop.Token));
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
