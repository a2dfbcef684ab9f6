using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Host;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Tests.Records;
using Tongxin.Web.SignIn;
using SignInOptions = Tongxin.Web.SignIn.SignInOptions;

namespace Tongxin.Modules.Tests.SignIn;

/// <summary>The whole server on a port of its own over a real engine, and browsers that are signed in to it as somebody.</summary>
internal sealed partial class TestServer : IAsyncDisposable
{
    public const string Password = "correct-Horse-battery-9";
    private readonly string folder;
    private readonly WebApplication app;

    private TestServer(string folder, RecordEngine engine, WebApplication app) => (this.folder, Engine, this.app) = (folder, engine, app);

    public RecordEngine Engine { get; }
    public IServiceProvider Services => app.Services;
    public WebApplication App => app;
    public RecordAccess Records => Services.GetRequiredService<RecordAccess>();
    public string Folder => folder;
    public Uri Address => new(app.Urls.First());
    public static Caller Operator { get; } = Caller.System("test");

    public static async Task<TestServer> StartAsync(bool postgres = false, SignInOptions? options = null, Action<WebApplicationBuilder>? with = null)
    {
        var folder = Directory.CreateTempSubdirectory("tongxin-server-").FullName;
        RecordEngine engine = postgres
            ? new RecordEngine.Postgres(await (await PostgresCluster.OfThisProcess).CreateDatabaseAsync()) { Folder = folder }
            : new RecordEngine.Sqlite(folder);
        var app = await Serving.BuildAsync(new(engine, "http://127.0.0.1:0") { SignIn = options ?? new SignInOptions(), With = with }, CancellationToken.None);
        await app.StartAsync();
        return new(folder, engine, app);
    }

    public async Task PutAsync(params string[] bodies) => await Records.CommitAsync(Operator, [.. bodies.Select(Put)], new(), default);

    public async Task AddAsync(string name, Post post, string subject, params string[] wards)
    {
        await using var scope = Services.CreateAsyncScope();
        var problems = await NewAccount.MakeAsync(scope.ServiceProvider.GetRequiredService<UserManager<Account>>(),
            new() { Name = name, DisplayName = name, Password = Password, Subject = subject, Posts = [post], Wards = wards });
        Assert.Empty(problems);
    }

    /// <summary>A browser with cookies of its own that follows no redirect.</summary>
    public Browser NewBrowser() => new(Address);

    public async Task<Browser> SignedInAsync(string name)
    {
        var browser = NewBrowser();
        using var answer = await browser.PostFormAsync("/sign-in", ("name", name), ("password", Password));
        Assert.True(answer.StatusCode is HttpStatusCode.Redirect or HttpStatusCode.Found, $"{name} could not sign in: {(int)answer.StatusCode}");
        return browser;
    }

    public static Change Put(string body)
    {
        var json = JsonNode.Parse(body)!;
        return new Change.Put(new((string)json["resourceType"]!, (string)json["id"]!), Encoding.UTF8.GetBytes(body));
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}

/// <summary>A browser without scripts: cookies, forms with their antiforgery token, no redirects followed.</summary>
internal sealed partial class Browser : IDisposable
{
    private readonly SocketsHttpHandler handler;

    public Browser(Uri address)
    {
        handler = new() { AllowAutoRedirect = false, CookieContainer = Cookies };
        Http = new(handler) { BaseAddress = address };
    }

    public CookieContainer Cookies { get; } = new();
    public HttpClient Http { get; }

    public string? Cookie(string name) => Cookies.GetCookies(Http.BaseAddress!)[name]?.Value;

    public async Task<HttpResponseMessage> PostFormAsync(string path, params (string Name, string Value)[] fields) => await PostFormAsync(path, await TokenAsync(path), fields);

    /// <summary>Posts with the token of a form that was read before, or with none.</summary>
    public Task<HttpResponseMessage> PostFormAsync(string path, string? token, params (string Name, string Value)[] fields)
    {
        var all = fields.Select(f => KeyValuePair.Create(f.Name, f.Value));
        if (token is not null) all = all.Append(new("__RequestVerificationToken", token));
        return Http.PostAsync(path, new FormUrlEncodedContent(all));
    }

    // Every page with a form carries the token; a page that can only be posted to takes that of the sign-in form.
    public async Task<string> TokenAsync(string path)
    {
        foreach (var page in new[] { path, "/sign-in" })
        {
            using var answer = await Http.GetAsync(page);
            if (Token().Match(await answer.Content.ReadAsStringAsync()) is { Success: true } found) return found.Groups[1].Value;
        }

        throw new InvalidOperationException("No form carries a token.");
    }

    public static string? TokenIn(string page) => Token().Match(page) is { Success: true } found ? found.Groups[1].Value : null;

    public void Dispose()
    {
        Http.Dispose();
        handler.Dispose();
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
