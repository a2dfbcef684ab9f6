using System.Net;
using System.Net.Sockets;

namespace Tongxin.Kernel.Access;

/// <summary>The places outside that this server may speak to: origins that the operator listed, one in each line of <c>outgoing.txt</c> beside the data.</summary>
/// <remarks>
/// <para>A line is an origin (<c>https://registry.example:8443</c>), with the word <c>internal</c> behind it when it may lie in a private network. Read anew when
/// the file changes. Without the file nothing is allowed. <c>bearer=TOKEN</c> behind it is sent to that origin, and only there, as <c>Authorization</c>: a secret
/// lies in this file, never in the record.</para>
/// <para>A name is resolved once for each connection and the address itself is checked and used, so that a name that changes its mind (DNS rebinding) reaches
/// nothing private; redirects are not followed.</para>
/// </remarks>
public sealed class OutgoingAddresses(string folder)
{
    public const string FileName = "outgoing.txt";
    private const int MostLines = 1_000;
    private const string BearerWord = "bearer=";

    private readonly Lock gate = new();
    private Dictionary<string, Place> allowed = new(StringComparer.OrdinalIgnoreCase);
    private DateTime read;

    /// <summary>Whether requests may go to this address; <paramref name="isInternal"/> when private networks are meant.</summary>
    public bool Allows(Uri address, out bool isInternal)
    {
        lock (gate)
        {
            Refresh();
            var isListed = allowed.TryGetValue(address.GetLeftPart(UriPartial.Authority), out var place);
            isInternal = place?.IsInternal is true;
            return isListed && address.UserInfo.Length is 0;
        }
    }

    /// <summary>A client that reaches listed places only; everything else ends in an <see cref="HttpRequestException"/> with the reason.</summary>
    public HttpClient NewClient(TimeSpan timeout) => new(new Gate(this, new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        ConnectCallback = ConnectAsync,
    })) { Timeout = timeout };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var isInternal = Allows(context.InitialRequestMessage.RequestUri!, out var inside) && inside;
        var host = context.DnsEndPoint.Host;
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancel);
        var usable = addresses.Where(a => isInternal || IsPublic(a)).ToArray();
        if (usable.Length is 0) throw new HttpRequestException($"{host} leads into a private network, which {FileName} does not allow for it.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(usable, context.DnsEndPoint.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Not loopback, link-local, private (RFC 1918, 4193), shared (6598), multicast, or a way of writing one of these in IPv6.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address)) return false;
        var bytes = address.GetAddressBytes();
        if (bytes.Length is 4)
            return bytes[0] is not (0 or 10 or 127 or >= 224) && (bytes[0], bytes[1]) is not ((100, >= 64 and < 128) or (169, 254) or (172, >= 16 and < 32) or (192, 168)
                or (198, 18 or 19)) && (bytes[0], bytes[1], bytes[2]) is not (192, 0, 0 or 2);
        // Only global unicast, and of that neither the documentation range nor what carries an IPv4 address (6to4, Teredo, NAT64 stands outside 2000::/3).
        return (bytes[0] & 0xE0) is 0x20 && (bytes[0], bytes[1]) is not (0x20, 0x02) && (bytes[0], bytes[1], bytes[2], bytes[3]) is not (0x20, 0x01, 0, 0)
            and not (0x20, 0x01, 0x0D, 0xB8);
    }

    private string? BearerFor(Uri address)
    {
        lock (gate) return allowed.GetValueOrDefault(address.GetLeftPart(UriPartial.Authority))?.Bearer;
    }

    private void Refresh()
    {
        var file = new FileInfo(Path.Combine(folder, FileName));
        var written = file.Exists ? file.LastWriteTimeUtc : DateTime.MinValue;
        if (written == read) return;
        var next = new Dictionary<string, Place>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in (file.Exists ? File.ReadLines(file.FullName) : []).Take(MostLines))
        {
            var words = line.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words.Length > 0 && Uri.TryCreate(words[0], UriKind.Absolute, out var origin) && origin.Scheme is "http" or "https")
                next[new Uri(words[0]).GetLeftPart(UriPartial.Authority)] = new(
                    words.Contains("internal", StringComparer.Ordinal),
                    words.FirstOrDefault(w => w.StartsWith(BearerWord, StringComparison.Ordinal))?[BearerWord.Length..]);
        }

        (allowed, read) = (next, written);
    }

    private sealed record Place(bool IsInternal, string? Bearer);

    private sealed class Gate(OutgoingAddresses places, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
        {
            if (request.RequestUri is not { } address || !places.Allows(address, out _))
                throw new HttpRequestException($"{request.RequestUri?.GetLeftPart(UriPartial.Authority)} is not listed in {FileName}.");
            if (request.Headers.Authorization is null && places.BearerFor(address) is { } token) request.Headers.Authorization = new("Bearer", token);
            return base.SendAsync(request, cancel);
        }
    }
}
