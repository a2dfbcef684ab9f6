using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Encodings.Web;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Host.Demo;

/// <summary>Puts a synthetic county into the record through its door, batch by batch; what stands already is left as it is, so a second try goes on.</summary>
internal sealed class Seeding(RecordAccess records, ServiceCatalogue catalogue)
{
    private const int ResourcesPerCommit = 200;
    private const int CommitsAtOnce = 4;
    private static readonly Caller Seeder = Caller.System("seed");
    private static readonly ResourceKey Mark = new("Basic", "demo-county");
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>True when a county was seeded to its end here before.</summary>
    public async Task<bool> IsDoneAsync(CancellationToken cancel) => await records.ReadAsync(Seeder, Mark, cancel) is { IsDeleted: false };

    /// <param name="progress">Residents seeded so far.</param>
    public async Task<long> RunAsync(SyntheticCounty county, IProgress<int> progress, CancellationToken cancel)
    {
        long resources = 0;
        foreach (var chunk in county.Sites().Chunk(ResourcesPerCommit)) resources += await CommitAsync(chunk, cancel);
        var (residents, waiting, running) = (0, new List<JsonObject>(), new List<Task<int>>());
        foreach (var (people, bodies) in county.People())
        {
            waiting.AddRange(bodies);
            residents += people;
            if (waiting.Count < ResourcesPerCommit && residents < county.Residents) continue;
            running.Add(CommitAsync(waiting, cancel));
            waiting = [];
            if (running.Count < CommitsAtOnce) continue;
            resources += await running[0];
            running.RemoveAt(0);
            progress.Report(residents);
        }

        resources += (await Task.WhenAll(running)).Sum() + await CommitAsync(waiting, cancel);
        foreach (var chunk in county.Signed(catalogue).Chunk(ResourcesPerCommit)) resources += await CommitAsync(chunk, cancel);
        await CommitAsync([Done(county, residents)], cancel);
        progress.Report(residents);
        return resources;
    }

    private async Task<int> CommitAsync(IReadOnlyList<JsonObject> bodies, CancellationToken cancel)
    {
        if (bodies.Count is 0) return 0;
        var changes = bodies.Select(b => new Change.Put(
            new((string)b["resourceType"]!, (string)b["id"]!), JsonSerializer.SerializeToUtf8Bytes(b, Readable))).ToList();
        await records.CommitAsync(Seeder, changes, new(Reason: "demo county"), cancel);
        return bodies.Count;
    }

    private static JsonObject Done(SyntheticCounty county, int residents) => new()
    {
        ["resourceType"] = Mark.Type,
        ["id"] = Mark.Id,
        ["code"] = new JsonObject { ["text"] = string.Create(CultureInfo.InvariantCulture, $"{residents} residents, {county.Truth.Count} planted defects") },
    };
}
