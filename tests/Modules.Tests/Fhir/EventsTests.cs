using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Tongxin.Modules.Tests.Fhir;

/// <summary>Server-sent events over HTTP, on both engines.</summary>
public abstract class EventsContract(FhirServerFixture server)
{
    [Fact]
    public async Task Who_listens_hears_what_matches_and_nothing_else()
    {
        var code = Guid.NewGuid().ToString("N");
        using var stream = await ListenAsync($"Observation/$events?code={code}");
        await MadeAsync("other");
        var id = await MadeAsync(code);
        var heard = await NextAsync(stream);
        Assert.Equal("Observation", heard.Event);
        Assert.Contains($"\"{id}\"", heard.Data, StringComparison.Ordinal);
        Assert.NotEqual("", heard.Id);
    }

    [Fact]
    public async Task Who_comes_back_hears_what_was_missed_in_order()
    {
        var code = Guid.NewGuid().ToString("N");
        string last;
        using (var stream = await ListenAsync($"Observation/$events?code={code}"))
        {
            await MadeAsync(code);
            last = (await NextAsync(stream)).Id;
        }

        string[] missed = [await MadeAsync(code), await MadeAsync(code)];
        using var again = await ListenAsync($"Observation/$events?code={code}", last);
        foreach (var id in missed) Assert.Contains($"\"{id}\"", (await NextAsync(again)).Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_may_not_search_the_type_may_not_listen()
    {
        var token = ("Authorization", $"Bearer {server.TokenFor("system/Patient.rs")}");
        (await server.GetAsync("Observation/$events", token)).RefusedWith(403);
        (await server.GetAsync("Observation/$events?colour=red")).RefusedWith(400);
        (await server.GetAsync("Observation/$events", ("Last-Event-ID", "x"))).RefusedWith(400);
    }

    private Task<string> MadeAsync(string code) =>
        server.MadeAsync("Observation", $$"""{"resourceType":"Observation","status":"final","code":{"coding":[{"code":"{{code}}"}]} }""");

    private async Task<StreamReader> ListenAsync(string path, string? last = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (last is not null) request.Headers.Add("Last-Event-ID", last);
        var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var reader = new StreamReader(await response.Content.ReadAsStreamAsync(), Encoding.UTF8);
        // Where the stream begins is told at once.
        Assert.StartsWith("retry:", await reader.ReadLineAsync(), StringComparison.Ordinal);
        return reader;
    }

    private static async Task<(string Id, string Event, string Data)> NextAsync(StreamReader stream)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var (id, name, data) = ("", "", "");
        while (await stream.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
            else if (line.StartsWith("event: ", StringComparison.Ordinal)) name = line[7..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal)) data = line[6..];
            else if (line.Length is 0 && data.Length > 0) return (id, name, data);
            else if (line.Length is 0) id = "";
        }

        throw new EndOfStreamException();
    }
}

public sealed class PostgresEventsTests(FhirServerFixture server) : EventsContract(server), IClassFixture<FhirServerFixture>;

public sealed class SqliteEventsTests(SqliteServerFixture server) : EventsContract(server), IClassFixture<SqliteServerFixture>;
