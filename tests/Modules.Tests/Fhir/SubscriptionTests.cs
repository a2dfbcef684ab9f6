using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Tongxin.Kernel.Access;

namespace Tongxin.Modules.Tests.Fhir;

/// <summary>Subscriptions with a rest-hook, told over real HTTP to a real listener, on both engines (FHIR R4 §2.46).</summary>
public abstract class SubscriptionContract(FhirServerFixture server) : IAsyncLifetime
{
    private readonly ConcurrentQueue<(string Method, string Path, string Body, string Key)> told = new();
    private readonly ConcurrentQueue<int> answers = new();
    private WebApplication subscriber = null!;
    private string address = "";

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        subscriber = builder.Build();
        subscriber.Run(async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            told.Enqueue((http.Request.Method, http.Request.Path, await reader.ReadToEndAsync(), http.Request.Headers["X-Key"].ToString()));
            http.Response.StatusCode = answers.TryDequeue(out var status) ? status : 200;
            if (http.Response.StatusCode is 302) http.Response.Headers.Location = "http://127.0.0.1:1/elsewhere";
        });
        await subscriber.StartAsync();
        address = subscriber.Urls.First();
    }

    public async ValueTask DisposeAsync()
    {
        await subscriber.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_listed_subscriber_is_put_what_matches_with_its_headers()
    {
        Allow(address + " internal");
        var id = await SubscribedAsync("with-payload");
        await ActiveAsync(id);
        await MadeAsync("something else");
        var observation = await MadeAsync("with-payload");
        var one = await ToldAsync(1);
        Assert.Equal(("PUT", $"/hook/Observation/{observation}", "s3cret"), (one[0].Method, one[0].Path, one[0].Key));
        Assert.Contains("with-payload", one[0].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_taken_is_told_again_and_in_order()
    {
        Allow(address + " internal");
        answers.Enqueue(503);
        var code = NewCode();
        await ActiveAsync(await SubscribedAsync(code));
        string[] made = [await MadeAsync(code), await MadeAsync(code)];
        var all = await ToldAsync(3);
        Assert.Equal([made[0], made[0], made[1]], all.Select(t => t.Path.Split('/')[^1]));
    }

    [Theory]
    [InlineData(302)]
    [InlineData(400)]
    public async Task A_subscriber_who_refuses_or_points_elsewhere_ends_the_subscription_with_the_reason(int status)
    {
        Allow(address + " internal");
        answers.Enqueue(status);
        var code = NewCode();
        var id = await SubscribedAsync(code);
        await ActiveAsync(id);
        await MadeAsync(code);
        Assert.Contains($"{status}", await ErrorAsync(id), StringComparison.Ordinal);
        Assert.Single(told);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{0}")]
    [InlineData("http://elsewhere.example internal")]
    public async Task Who_is_not_listed_or_lies_inside_unasked_is_never_spoken_to(string line)
    {
        Allow(string.Format(System.Globalization.CultureInfo.InvariantCulture, line, address));
        var code = NewCode();
        var id = await SubscribedAsync(code);
        await ActiveAsync(id);
        await MadeAsync(code);
        Assert.Contains("outgoing.txt", await ErrorAsync(id), StringComparison.Ordinal);
        Assert.Empty(told);
    }

    [Fact]
    public async Task A_name_that_leads_inside_is_not_spoken_to()
    {
        var named = address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        Allow(named);
        var code = NewCode();
        var id = await SubscribedAsync(code, named);
        await ActiveAsync(id);
        await MadeAsync(code);
        Assert.Contains("private network", await ErrorAsync(id), StringComparison.Ordinal);
        Assert.Empty(told);
    }

    [Fact]
    public async Task What_cannot_be_served_says_so_in_its_status()
    {
        var id = await server.MadeAsync("Subscription", """
            {"resourceType":"Subscription","status":"requested","reason":"try","criteria":"Observation?code=x","channel":{"type":"email","endpoint":"mailto:a@b.example"}}
            """);
        Assert.Contains("rest-hook", await ErrorAsync(id), StringComparison.Ordinal);
        Assert.Contains("colour", await ErrorAsync(await SubscribedAsync("x&colour=red")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deleted_subscription_is_silent()
    {
        Allow(address + " internal");
        var code = NewCode();
        var id = await SubscribedAsync(code);
        await ActiveAsync(id);
        Assert.Equal(204, (await server.DeleteAsync($"Subscription/{id}")).Status);
        await Task.Delay(1_500, TestContext.Current.CancellationToken);
        await MadeAsync(code);
        await Task.Delay(1_500, TestContext.Current.CancellationToken);
        Assert.Empty(told);
    }

    private void Allow(string line)
    {
        var path = Path.Combine(server.Folder, OutgoingAddresses.FileName);
        File.WriteAllText(path, "# places that this server may speak to\n" + line + "\n");
        // The file is read anew by its time; two writes of one test run may fall into one tick.
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddTicks(Random.Shared.Next(10_000_000)));
    }

    private static string NewCode() => Guid.NewGuid().ToString("N");

    private Task<string> SubscribedAsync(string code, string? at = null) => server.MadeAsync("Subscription", $$"""
        {"resourceType":"Subscription","status":"requested","reason":"try","criteria":"Observation?code={{code}}",
         "channel":{"type":"rest-hook","endpoint":"{{at ?? address}}/hook","payload":"application/fhir+json","header":["X-Key: s3cret"]} }
        """);

    private Task<string> MadeAsync(string code) =>
        server.MadeAsync("Observation", $$"""{"resourceType":"Observation","status":"final","code":{"coding":[{"code":"{{code}}"}]} }""");

    private Task ActiveAsync(string id) => StatusAsync(id, "active");

    private async Task<string> ErrorAsync(string id) => (await StatusAsync(id, "error")).Json["error"]!.GetValue<string>();

    private async Task<Said> StatusAsync(string id, string status)
    {
        for (var attempt = 0; attempt < 300; attempt++)
        {
            var said = await server.GetAsync($"Subscription/{id}");
            if (said.Json["status"]!.GetValue<string>() == status) return said;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"The subscription did not become {status}.");
    }

    private async Task<List<(string Method, string Path, string Body, string Key)>> ToldAsync(int count)
    {
        for (var attempt = 0; attempt < 300 && told.Count < count; attempt++) await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.Equal(count, told.Count);
        return [.. told];
    }
}

public sealed class PostgresSubscriptionTests(FhirServerFixture server) : SubscriptionContract(server), IClassFixture<FhirServerFixture>;

public sealed class SqliteSubscriptionTests(SqliteServerFixture server) : SubscriptionContract(server), IClassFixture<SqliteServerFixture>;
