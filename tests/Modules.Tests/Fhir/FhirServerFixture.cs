using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Tongxin.Host;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Tests.Records;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.Tests.Fhir;

/// <summary>The real server on a free port of this machine over a real database, and a client that speaks to it as others do.</summary>
public class FhirServerFixture : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-fhir-").FullName;
    private WebApplication? app;

    public HttpClient Http { get; private set; } = null!;

    /// <summary>Folder of the server's own files.</summary>
    public string Folder => engine.Folder;

    private RecordEngine engine = null!;

    public async ValueTask InitializeAsync()
    {
        engine = await EngineAsync(folder);
        await StartAsync();
    }

    /// <summary>A bearer token of the operator with these scopes.</summary>
    public string TokenFor(params string[] scopes) => new Tokens(engine, TimeProvider.System).ForOperator(scopes, TimeSpan.FromHours(1));

    /// <summary>The same server stopped and started again over the same record.</summary>
    public async Task RestartAsync()
    {
        await app!.StopAsync();
        await app.DisposeAsync();
        Http.Dispose();
        await StartAsync();
    }

    private async Task StartAsync()
    {
        app = await Serving.BuildAsync(new(engine, "http://127.0.0.1:0"), CancellationToken.None);
        await app.StartAsync();
        Http = new() { BaseAddress = new(app.Urls.First() + "/fhir/") };
        Http.DefaultRequestHeaders.Authorization = new("Bearer", TokenFor("system/*.cruds"));
    }

    /// <summary>Where the record of this server is kept.</summary>
    protected virtual async Task<RecordEngine> EngineAsync(string folder) =>
        new RecordEngine.Postgres(await (await PostgresCluster.OfThisProcess).CreateDatabaseAsync()) { Folder = folder };

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        if (app is not null)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    public Task<Said> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    public Task<Said> PostAsync(string path, string body, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Post, path, body, headers);

    public Task<Said> PutAsync(string path, string body, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Put, path, body, headers);

    public Task<Said> DeleteAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Delete, path, null, headers);

    public Task<Said> SendAsync(HttpMethod method, string path, string? body, params (string Name, string Value)[] headers) =>
        SendBytesAsync(method, path, body is null ? null : Encoding.UTF8.GetBytes(body), headers);

    public async Task<Said> SendBytesAsync(HttpMethod method, string path, byte[]? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new("application/fhir+json");
        }

        foreach (var (name, value) in headers)
        {
            if (name is "Content-Type") request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
            else if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content!.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Http.SendAsync(request);
        return new((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers, response.Content.Headers);
    }

    /// <summary>A patient with a system of its own, so that tests that share the server do not find each other's people.</summary>
    public static string Patient(string system, string value, string name = "张三") =>
        $$"""{"resourceType":"Patient","identifier":[{"system":"{{system}}","value":"{{value}}"}],"name":[{"text":"{{name}}"}],"gender":"male","birthDate":"1980-01-01"}""";

    public static string NewSystem() => $"urn:uuid:{Guid.NewGuid()}";

    public async Task<string> MadeAsync(string type, string body)
    {
        var said = await PostAsync(type, body);
        Assert.True(said.Status is 201, said.Body);
        return said.Json["id"]!.GetValue<string>();
    }
}

/// <summary>The same over SQLite.</summary>
public sealed class SqliteServerFixture : FhirServerFixture
{
    protected override Task<RecordEngine> EngineAsync(string folder) => Task.FromResult<RecordEngine>(new RecordEngine.Sqlite(folder));
}

/// <summary>What the server said.</summary>
public sealed record Said(int Status, string Body, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders)
{
    public JsonNode Json => JsonNode.Parse(Body) ?? throw new JsonException("null");

    public string? ETag => Headers.ETag?.ToString();

    public JsonArray Entries => Json["entry"] as JsonArray ?? [];

    public IEnumerable<string> Ids => Entries.Select(e => e!["resource"]!["id"]!.GetValue<string>());

    public string? Next => (Json["link"] as JsonArray)?.FirstOrDefault(l => l!["relation"]!.GetValue<string>() == "next")?["url"]?.GetValue<string>();

    /// <summary>The refusal that was expected: its status, and an OperationOutcome with a sentence; the place it names.</summary>
    public string? RefusedWith(int status)
    {
        Assert.True(Status == status, $"{Status} instead of {status}: {Body}");
        Assert.Equal("OperationOutcome", Json["resourceType"]!.GetValue<string>());
        Assert.NotEmpty(Json["issue"]![0]!["diagnostics"]!.GetValue<string>());
        return Json["issue"]![0]!["expression"]?[0]?.GetValue<string>();
    }
}
