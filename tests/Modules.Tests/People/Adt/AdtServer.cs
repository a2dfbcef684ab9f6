using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using Tongxin.Modules.People.Adt;
using Tongxin.Modules.Tests.SignIn;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.Tests.People.Adt;

/// <summary>A server that takes HL7 v2 from this machine as the registered service of a township, and a plain connection to it.</summary>
internal static class AdtServer
{
    public const string Client = "his-a";

    public static async Task<TestServer> StartAsync(bool postgres = false, string scopes = "system/Patient.crus", string peers = "127.0.0.0/8")
    {
        var server = await TestServer.StartAsync(postgres, with: builder =>
            builder.Services.AddSingleton(new MllpOptions(new(IPAddress.Loopback, 0), [(IPNetwork.Parse(peers), Client)])));
        await server.PutAsync(Places.Tree);
        await using var scope = server.Services.CreateAsyncScope();
        NewClient client = new() { Id = Client, Name = "乡镇卫生院 HIS", Scopes = scopes.Split(' '), Organisation = "town-a", Secret = new string('s', 32) };
        Assert.Empty(await client.MakeAsync(scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>(), default));
        return server;
    }

    public static int Port(TestServer server) => server.Services.GetRequiredService<MllpListener>().Port!.Value;

    /// <summary>Sends and waits for the answer; segments of it.</summary>
    public static async Task<string[]> SendAsync(TestServer server, string message, Encoding? encoding = null)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, Port(server));
        await using var stream = socket.GetStream();
        return await SendAsync(stream, message, encoding ?? Encoding.UTF8);
    }

    public static async Task<string[]> SendAsync(NetworkStream stream, string message, Encoding encoding)
    {
        await stream.WriteAsync((byte[])[MllpFrames.Start, .. encoding.GetBytes(message), MllpFrames.End, MllpFrames.Return]);
        var answer = await new MllpFrames(stream).NextAsync(default);
        return encoding.GetString(answer!.Bytes).Split('\r', StringSplitOptions.RemoveEmptyEntries);
    }

    public static string Message(string trigger, string id, params string[] segments) =>
        string.Join('\r', [$"MSH|^~\\&|HIS|HOSP|TONGXIN|COUNTY|20260301101500||ADT^{trigger}|{id}|P|2.5||||||UNICODE UTF-8", "EVN||20260301101500", .. segments]) + "\r";

    public static string Pid(string codes, string name, string birth = "19650715", string sex = "F", string phone = "13900001234", string address = "一组3号") =>
        $"PID|1||{codes}||{name}||{birth}|{sex}|||{address}||{phone}";

    public static async Task<IReadOnlyList<JsonObject>> PeopleAsync(TestServer server, string query = "") =>
        [.. (await server.Records.SearchAsync(TestServer.Operator, "Patient", query, default)).Matches.Select(m => (JsonObject)JsonNode.Parse(m.Body.Span)!)];
}
