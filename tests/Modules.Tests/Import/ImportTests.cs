using System.IO.Compression;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Host.Commands;
using Tongxin.Web.Fhir.Bulk;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Tests.Records;

namespace Tongxin.Modules.Tests.Import;

/// <summary>Files become resources: bad rows stay out alone and are reported, and a run that is repeated changes nothing.</summary>
public sealed class ImportTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-import-").FullName;
    private ServiceProvider? services;

    private RecordAccess Record => services!.GetRequiredService<RecordAccess>();

    public async ValueTask InitializeAsync()
    {
        var cluster = await PostgresCluster.OfThisProcess;
        services = await RecordApplication.OpenAsync(new RecordEngine.Postgres(await cluster.CreateDatabaseAsync()), CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (services is not null) await services.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_bad_row_stays_out_alone_and_is_reported_with_its_line()
    {
        var file = Write("rows.ndjson", """
            {"resourceType":"Patient","id":"ok-1"}
            {"resourceType":"Patient","id":"bad","gender":"x"}
            not json

            {"resourceType":"Patient","id":"ok-2"}
            """);

        Assert.Equal((2, 2), await ImportAsync(file));
        Assert.NotNull(await ReadAsync("ok-1"));
        Assert.NotNull(await ReadAsync("ok-2"));
        Assert.Null(await ReadAsync("bad"));
        var report = await File.ReadAllLinesAsync(Path.Combine(folder, "errors.csv"), TestContext.Current.CancellationToken);
        Assert.Contains(report, line => line.Contains("\"2\",\"Patient.gender\"", StringComparison.Ordinal));
        Assert.Contains(report, line => line.Contains("\"3\",", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bundle_that_needs_another_file_waits_for_it_and_a_second_run_does_nothing()
    {
        var first = Write("a.json", """
            {"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},
             "subject":{"reference":"Patient?identifier=urn:x|1"}},"request":{"method":"POST","url":"Observation"}}]}
            """);
        var second = Path.Combine(folder, "b.json.gz");
        await using (var packed = new GZipStream(File.Create(second), CompressionLevel.Fastest))
            await packed.WriteAsync("""{"resourceType":"Patient","id":"p1","identifier":[{"system":"urn:x","value":"1"}]}"""u8.ToArray(), TestContext.Current.CancellationToken);

        Assert.Equal((2, 0), await ImportAsync(first, second));
        Assert.Equal((0, 0), await ImportAsync(first, second));
    }

    private async Task<(long Taken, int Failed)> ImportAsync(params string[] files)
    {
        using var state = ImportState.Open(folder, "test", files, anew: false);
        using var errors = new ErrorReport(Path.Combine(folder, "errors.csv"));
        var run = new ImportRun(Record, state, errors, new Progress<(string, long)>());
        await run.RunAsync(files, TestContext.Current.CancellationToken);
        return (run.Resources, errors.Count);
    }

    private Task<Kernel.Records.Stored?> ReadAsync(string id) => Record.ReadAsync(Caller.System("test"), new("Patient", id), TestContext.Current.CancellationToken);

    private string Write(string name, string text)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
