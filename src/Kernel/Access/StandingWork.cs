using Microsoft.Extensions.Hosting;

namespace Tongxin.Kernel.Access;

/// <summary>Work that goes on as long as the server: it ends when told to stop or when disposed, and is over before what it uses is disposed.</summary>
/// <remarks>A host that is disposed without having been stopped only cancels its background services; here that is waited for.</remarks>
public abstract class StandingWork : BackgroundService, IAsyncDisposable
{
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await RunAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop in the middle of a wait.
        }
    }

    /// <summary>Runs until cancelled; whatever it throws else ends the server.</summary>
    protected abstract Task RunAsync(CancellationToken stoppingToken);

    /// <summary>The same again and again with a rest between. What it throws is told, and it is tried again after the rest.</summary>
    protected static async Task AgainAsync(Func<CancellationToken, Task> work, TimeSpan rest, TimeProvider clock, Action<Exception> failed, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await work(cancel);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                failed(failure);
            }

            await Task.Delay(rest, clock, cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Dispose();
        if (ExecuteTask is { } work) await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        GC.SuppressFinalize(this);
    }
}
