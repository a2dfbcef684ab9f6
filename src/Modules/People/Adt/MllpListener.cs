using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.People.Adt;

/// <summary>Where HL7 v2 messages are taken and from whom.</summary>
/// <param name="Place">Null: nowhere.</param>
/// <param name="Peers">Networks and the registered backend service that speaks from each; everybody else is hung up on.</param>
public sealed record MllpOptions(IPEndPoint? Place, IReadOnlyList<(IPNetwork Network, string Client)> Peers)
{
    /// <summary>The default.</summary>
    public static MllpOptions Off { get; } = new(null, []);

    /// <summary>Null when the address is nobody's who may send.</summary>
    public string? ClientOf(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return Peers.Where(p => p.Network.Contains(plain)).Select(p => p.Client).FirstOrDefault();
    }
}

/// <summary>HL7 v2 ADT over MLLP: each message goes through the door as the registered service of the peer, and is acknowledged when it is on the disk.</summary>
/// <remarks>MLLP itself proves nothing and hides nothing: it belongs into a closed network or a tunnel. One message after the other on each connection.</remarks>
public sealed partial class MllpListener : StandingWork
{
    private const int MostConnections = 64;
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    private readonly MllpOptions options;
    private readonly RegisteredClients clients;
    private readonly TakeAdt take;
    private readonly AdtOnce once;
    private readonly IdSource ids;
    private readonly TimeProvider clock;
    private readonly ILogger<MllpListener> logger;
    private TcpListener? listener;
    private int open;

    /// <summary>Made by the container.</summary>
    public MllpListener(
        MllpOptions options, RegisteredClients clients, RecordAccess records, RegisterResident register, PossibleDuplicates pairs, Kernel.Terminology.Pinyin pinyin, IdSource ids,
        TimeProvider clock, ILogger<MllpListener> logger)
    {
        (this.options, this.clients, this.ids, this.clock, this.logger) = (options, clients, ids, clock, logger);
        (take, once) = (new(records, register, pairs, pinyin, clock), new(records, clock));
    }

    /// <summary>The port that was given or found; null when nothing is listened to.</summary>
    public int? Port => (listener?.LocalEndpoint as IPEndPoint)?.Port;

    /// <summary>A port that cannot be had stops the start, not the run.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Place is { } place)
        {
            try
            {
                listener = new(place);
                listener.Start();
            }
            catch (SocketException taken)
            {
                throw new IOException($"MLLP on {place} cannot be had ({taken.Message}): name another with --mllp.", taken);
            }
        }

        return base.StartAsync(cancellationToken);
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        if (listener is null) return;
        var talks = new List<Task>();
        try
        {
            while (true)
            {
                try
                {
                    var peer = await listener.AcceptTcpClientAsync(stoppingToken);
                    talks.RemoveAll(t => t.IsCompleted);
                    talks.Add(TalkAsync(peer, stoppingToken));
                }
                catch (SocketException busy)
                {
                    // Too many open files, say: those that are open go on.
                    Busy(busy);
                    await Task.Delay(AfterFailure, clock, stoppingToken);
                }
            }
        }
        finally
        {
            listener.Stop();
            await Task.WhenAll(talks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TalkAsync(TcpClient peer, CancellationToken cancel)
    {
        using var connection = peer;
        if (connection.Client.RemoteEndPoint is not IPEndPoint { Address: var address }) return;
        if (options.ClientOf(address) is not { } client)
        {
            Unknown(address);
            return;
        }

        try
        {
            if (Interlocked.Increment(ref open) > MostConnections) Full(address);
            else await MessagesAsync(connection.GetStream(), client, address, cancel);
        }
        finally
        {
            Interlocked.Decrement(ref open);
        }
    }

    private async Task MessagesAsync(NetworkStream stream, string client, IPAddress address, CancellationToken cancel)
    {
        var frames = new MllpFrames(stream);
        try
        {
            while (await frames.NextAsync(cancel) is { } frame)
            {
                var (answer, encoding) = await AnswerAsync(frame, client, address.ToString(), cancel);
                await stream.WriteAsync((byte[])[MllpFrames.Start, .. encoding.GetBytes(answer), MllpFrames.End, MllpFrames.Return], cancel);
                if (frame.IsTooLarge) break;
            }
        }
        catch (Exception left) when (left is IOException or OperationCanceledException)
        {
            // The peer hung up, or the server is ending: what was acknowledged is on the disk.
        }

        if (frames.Truncated > 0) Cut(address, frames.Truncated);
    }

    private async Task<(string Answer, Encoding Encoding)> AnswerAsync(MllpFrame frame, string client, string address, CancellationToken cancel)
    {
        Hl7Message? message = null;
        Encoding encoding = new UTF8Encoding(false);
        try
        {
            if (frame.IsTooLarge) throw RefusedException.Because(413, "too-long", $"A message has at most {MllpFrames.LargestFrame} bytes.");
            (var text, encoding) = Hl7Text.Decode(frame.Bytes);
            message = Hl7Message.Parse(text);
            if (message.Header[10].Length is 0) throw RefusedException.Because(400, "required", "MSH-10 holds no control id.", "MSH^1^10");
            var caller = await clients.CallerOfAsync(client, address, cancel)
                ?? throw RefusedException.Because(503, "forbidden", "The service that speaks from this address is not registered any more.");
            return (Hl7Answer.Accept(message, ids.Next(), clock.GetUtcNow(), await DoAsync(caller, message, frame.Bytes, cancel)), encoding);
        }
        catch (RefusedException refused)
        {
            return (Hl7Answer.Refuse(message, refused, ids.Next(), clock.GetUtcNow()), encoding);
        }
        catch (Exception broken) when (broken is not OperationCanceledException)
        {
            var id = ids.Next();
            Broke(broken, address, id);
            var later = RefusedException.Because(503, "exception", $"Something broke here; it is written down under {id}. Send it again later.");
            return (Hl7Answer.Refuse(message, later, id, clock.GetUtcNow()), encoding);
        }
    }

    private async Task<string> DoAsync(Caller caller, Hl7Message message, byte[] bytes, CancellationToken cancel)
    {
        var (key, digest) = (AdtOnce.KeyOf(caller, message), AdtOnce.Digest(bytes));
        if (await once.BeforeAsync(key, digest, cancel) is { } did) return did;
        // A crash between the two commits lets the message in again: the key and the codes make that change nothing.
        did = await take.HandleAsync(caller, message, StableId.Of("adt", key.Id, digest), cancel);
        await once.NoteAsync(key, digest, did, cancel);
        return did;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "MLLP: {Address} is not among the peers and was hung up on")]
    private partial void Unknown(IPAddress address);

    [LoggerMessage(Level = LogLevel.Error, Message = "MLLP: no connection could be taken; it is tried again")]
    private partial void Busy(Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "MLLP: too many connections, {Address} was hung up on")]
    private partial void Full(IPAddress address);

    [LoggerMessage(Level = LogLevel.Warning, Message = "MLLP: {Address} began {Frames} messages that it did not end; nothing of them was taken")]
    private partial void Cut(IPAddress address, int frames);

    [LoggerMessage(Level = LogLevel.Error, Message = "MLLP: a message of {Address} broke, {Id}")]
    private partial void Broke(Exception exception, string address, string id);
}
