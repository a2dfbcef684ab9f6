using System.Net.Http.Headers;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Host;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Tests.Records;
using Tongxin.Modules.Tests.Fhir;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.Tests.Backups;

/// <summary>A backup is taken from a server that is being written to; what was acknowledged before it began is in it, and it verifies.</summary>
public sealed class BackupTests : IDisposable
{
    private const int Before = 40;
    private readonly string root = Directory.CreateTempSubdirectory("tongxin-backup-").FullName;
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_record_in_SQLite_comes_back_from_a_backup_made_under_load() =>
        await ComesBackAsync(new RecordEngine.Sqlite(Path.Combine(root, "data")), () => Task.FromResult<RecordEngine>(new RecordEngine.Sqlite(Path.Combine(root, "again"))));

    [Fact]
    public async Task A_record_in_PostgreSQL_comes_back_from_a_backup_made_under_load()
    {
        var cluster = await PostgresCluster.OfThisProcess;
        await ComesBackAsync(
            new RecordEngine.Postgres(await cluster.CreateDatabaseAsync()) { Folder = Path.Combine(root, "data") },
            async () => new RecordEngine.Postgres(await cluster.CreateDatabaseAsync()) { Folder = Path.Combine(root, "again") });
    }

    [Fact]
    public async Task A_backup_that_was_changed_or_not_finished_is_not_restored()
    {
        var engine = new RecordEngine.Sqlite(Path.Combine(root, "data"));
        await (await StartedAsync(engine)).DisposeAsync();
        var backup = Path.Combine(root, "backup");
        await RecordBackup.WriteAsync(engine, backup, TimeProvider.System.GetUtcNow(), Cancel);
        var other = new RecordEngine.Sqlite(Path.Combine(root, "other"));

        await Assert.ThrowsAsync<IOException>(() => RecordBackup.WriteAsync(engine, backup, TimeProvider.System.GetUtcNow(), Cancel));
        var occupied = await Assert.ThrowsAsync<InvalidOperationException>(() => RecordBackup.RestoreAsync(engine, backup, Cancel));
        Assert.Contains("holds a record already", occupied.Message, StringComparison.Ordinal);

        await using (var file = new FileStream(Path.Combine(backup, "record.db"), FileMode.Open)) file.WriteByte(0);
        var changed = await Assert.ThrowsAsync<InvalidOperationException>(() => RecordBackup.RestoreAsync(other, backup, Cancel));
        Assert.Contains("record.db", changed.Message, StringComparison.Ordinal);

        File.Delete(Path.Combine(backup, "backup.json"));
        var unfinished = await Assert.ThrowsAsync<InvalidOperationException>(() => RecordBackup.RestoreAsync(other, backup, Cancel));
        Assert.Contains("no backup", unfinished.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(other.Data) && Directory.EnumerateFiles(other.Data).Any());
    }

    private async Task ComesBackAsync(RecordEngine engine, Func<Task<RecordEngine>> another)
    {
        var backup = Path.Combine(root, "backup");
        await using (var app = await StartedAsync(engine))
        {
            using var http = Client(app, engine);
            for (var i = 0; i < Before; i++) await CreateAsync(http, $"before-{i}");
            using var stop = new CancellationTokenSource();
            var load = Task.Run(async () =>
            {
                for (var i = 0; !stop.IsCancellationRequested; i++) await CreateAsync(http, $"during-{i}");
            }, Cancel);
            await RecordBackup.WriteAsync(engine, backup, TimeProvider.System.GetUtcNow(), Cancel);
            await stop.CancelAsync();
            await load;
            await app.StopAsync(Cancel);
        }

        var again = await another();
        await RecordBackup.RestoreAsync(again, backup, Cancel);
        await using var restored = await StartedAsync(again);
        using var client = Client(restored, again);
        var found = await client.GetStringAsync("Patient?_summary=count", Cancel);
        var total = System.Text.Json.JsonDocument.Parse(found).RootElement.GetProperty("total").GetInt32();
        Assert.True(total >= Before, $"{total} of at least {Before} came back.");
        Assert.Empty(await restored.Services.GetRequiredService<RecordUpkeep>().VerifyAsync(null, Cancel));
        var trail = await restored.Services.GetRequiredService<AuditTrail>().VerifyAsync(Cancel);
        Assert.True(trail.Holds, $"{trail.Problem} Row {trail.FirstBroken} of {trail.Rows}.");
        await CreateAsync(client, "after");
        await restored.StopAsync(Cancel);
    }

    private static async Task<Microsoft.AspNetCore.Builder.WebApplication> StartedAsync(RecordEngine engine)
    {
        var app = await Serving.BuildAsync(new(engine, "http://127.0.0.1:0"), Cancel);
        await app.StartAsync(Cancel);
        return app;
    }

    private static HttpClient Client(Microsoft.AspNetCore.Builder.WebApplication app, RecordEngine engine) => new()
    {
        BaseAddress = new(app.Urls.First() + "/fhir/"),
        DefaultRequestHeaders = { Authorization = new("Bearer", new Tokens(engine, TimeProvider.System).ForOperator(["system/*.cruds"], TimeSpan.FromHours(1))) },
    };

    private static async Task CreateAsync(HttpClient http, string value)
    {
        using var body = new StringContent(FhirServerFixture.Patient("urn:backup", value));
        body.Headers.ContentType = MediaTypeHeaderValue.Parse("application/fhir+json");
        using var response = await http.PostAsync(new Uri("Patient", UriKind.Relative), body, Cancel);
        Assert.Equal(System.Net.HttpStatusCode.Created, response.StatusCode);
    }

    public void Dispose() => Directory.Delete(root, recursive: true);
}
