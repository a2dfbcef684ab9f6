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

    public async ValueTask DisposeAsync()
    {
        Dispose();
        if (ExecuteTask is { } work) await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        GC.SuppressFinalize(this);
    }
}
