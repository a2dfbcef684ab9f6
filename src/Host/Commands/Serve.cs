using System.CommandLine;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Tongxin.Fhir;
using Tongxin.Modules.People.Adt;
using Tongxin.Web.SignIn;

namespace Tongxin.Host.Commands;

/// <summary><c>tongxin serve</c>: the platform on the web until it is told to end.</summary>
internal static class Serve
{
    private const string DefaultUrl = "http://127.0.0.1:8080";

    public static Command Command
    {
        get
        {
            var command = new Command("serve", "Serve the record and the pages");
            var record = RecordOptions.AddTo(command);
            var urls = new Option<string>("--urls") { Description = "Addresses to listen on, with semicolons between", DefaultValueFactory = _ => DefaultUrl };
            var mllp = new Option<string>("--mllp") { Description = "Port, or ADDRESS:PORT, on which HL7 v2 ADT messages are taken over MLLP; none without it" };
            var peers = new Option<string[]>("--mllp-peer")
            {
                Description = "ADDRESS=CLIENT or NETWORK/BITS=CLIENT: who may send, as which registered backend service; may be repeated", DefaultValueFactory = _ => [],
            };
            foreach (var option in new Option[] { urls, mllp, peers }) command.Options.Add(option);
            command.SetAction((result, cancel) => Refusals.ToldAsync(async () =>
            {
                var messages = Mllp(result.GetValue(mllp), result.GetValue(peers)!);
                var options = new ServeOptions(record.Engine(result), result.GetValue(urls)!) { With = builder => builder.Services.AddSingleton(messages) };
                await using var app = await Serving.BuildAsync(options, cancel);
                await StartedAsync(app, cancel);
                Console.WriteLine($"Tongxin listens on {string.Join(" ", app.Urls)}  (FHIR: {app.Urls.First()}/fhir)");
                if (app.Services.GetRequiredService<MllpListener>().Port is { } port)
                    Console.WriteLine($"HL7 v2 ADT is taken over MLLP on port {port} from {messages.Peers.Count} peers");
                if (await app.Services.GetRequiredService<FirstStart>().LinkAsync(cancel) is { } link)
                    Console.WriteLine($"Nobody can sign in yet. Open this link once to make the administrator: {app.Urls.First()}{link}");
                await app.WaitForShutdownAsync(cancel);
            }));
            return command;
        }
    }

    /// <summary>Refuses a place that is none, and one without peers: nobody could send.</summary>
    internal static MllpOptions Mllp(string? place, IReadOnlyList<string> peers)
    {
        if (place is null) return peers.Count is 0 ? MllpOptions.Off : throw RefusedException.Because(400, "required", "--mllp-peer needs --mllp PORT.");
        var listening = int.TryParse(place, CultureInfo.InvariantCulture, out var port) && port is >= 0 and <= IPEndPoint.MaxPort ? new(IPAddress.Any, port)
            : IPEndPoint.TryParse(place, out var whole) && whole.Port > 0 ? whole
            : throw RefusedException.Because(400, "value", $"--mllp is a port or ADDRESS:PORT, not '{place}'.");
        if (peers.Count is 0) throw RefusedException.Because(400, "required", "--mllp needs at least one --mllp-peer ADDRESS=CLIENT: nobody else may send.");
        return new(listening, [.. peers.Select(Peer)]);
    }

    private static (IPNetwork, string) Peer(string told)
    {
        var parts = told.Split('=', 2);
        if (parts is [var address, { Length: > 0 } client])
        {
            if (IPNetwork.TryParse(address, out var network)) return (network, client);
            if (IPAddress.TryParse(address, out var one)) return (new(one, one.GetAddressBytes().Length * 8), client);
        }

        throw RefusedException.Because(400, "value", $"--mllp-peer is ADDRESS=CLIENT or NETWORK/BITS=CLIENT, not '{told}'.");
    }

    private static async Task StartedAsync(WebApplication app, CancellationToken cancel)
    {
        try
        {
            await app.StartAsync(cancel);
        }
        catch (IOException taken) when (taken.InnerException is AddressInUseException)
        {
            throw new IOException($"{taken.Message.TrimEnd('.')}: name another address with --urls.", taken);
        }
    }
}
