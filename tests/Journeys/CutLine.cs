using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Tongxin.Journeys;

/// <summary>The wire between a browser and the server, which can be cut and mended: neither page nor service worker gets through a cut one.</summary>
internal sealed class CutLine : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<TcpClient> open = [];
    private readonly CancellationTokenSource end = new();
    private readonly int serverPort;
    private readonly Task accepting;
    private volatile bool isCut;

    public CutLine(int serverPort)
    {
        this.serverPort = serverPort;
        listener.Start();
        accepting = AcceptAsync();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    public void Cut()
    {
        isCut = true;
        while (open.TryTake(out var client)) client.Dispose();
    }

    public void Mend() => isCut = false;

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        Cut();
        listener.Dispose();
        await accepting;
        end.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                _ = CarryAsync(await listener.AcceptTcpClientAsync(end.Token));
            }
            catch (Exception stopped) when (stopped is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        if (isCut)
        {
            client.Dispose();
            return;
        }

        var server = new TcpClient();
        open.Add(client);
        open.Add(server);
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, serverPort, end.Token);
            await Task.WhenAny(client.GetStream().CopyToAsync(server.GetStream(), end.Token), server.GetStream().CopyToAsync(client.GetStream(), end.Token));
        }
        catch (Exception broken) when (broken is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut in the middle: that is what this is for.
        }
        finally
        {
            client.Dispose();
            server.Dispose();
        }
    }
}
