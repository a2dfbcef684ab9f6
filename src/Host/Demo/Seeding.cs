using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Host.Demo;

/// <summary>Puts a synthetic county into the record through its door, step by step; who was interrupted goes on from the last mark and ends with the same county.</summary>
internal sealed class Seeding(RecordAccess records, ServiceCatalogue catalogue)
{
    private const int ResourcesPerCommit = 200;
    private const int HouseholdsPerStep = 10;
    private const int HouseholdsPerStepOfContracts = 100;
    private const int StepsAtOnce = 4;
    private const int StepsPerMark = 32;
    private static readonly Caller Seeder = Caller.System("seed");
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One commit, and how many residents are in the record after it. Bodies are made only when the step is taken.</summary>
    /// <param name="IsAlone">What comes after refers to it: nothing is begun before it stands.</param>
    private sealed record Step(Func<IEnumerable<JsonObject>> Bodies, int Residents, bool IsAlone = false);

    /// <summary>True when a county was seeded to its end here before.</summary>
    public async Task<bool> IsDoneAsync(CancellationToken cancel) => await StandingAsync(cancel) is (true, null or { IsDone: true });

    /// <summary>The county that was begun here; null when none was, or one was ended.</summary>
    public async Task<SyntheticCounty?> BegunAsync(CancellationToken cancel) =>
        await StandingAsync(cancel) is (_, { IsDone: false } mark) ? new(mark.Seed, mark.Residents, mark.Day) : null;

    /// <param name="progress">Residents seeded so far.</param>
    /// <returns>Resources written by this run.</returns>
    public async Task<long> RunAsync(SyntheticCounty county, IProgress<int> progress, CancellationToken cancel)
    {
        var mark = (await StandingAsync(cancel)).Mark ?? new(county.Seed, county.Residents, county.Day, 0, false);
        if ((mark.Seed, mark.Residents, mark.Day) != (county.Seed, county.Residents, county.Day))
            throw new InvalidOperationException($"Another county stands here: seed {mark.Seed}, {mark.Residents} residents, drawn on {mark.Day:yyyy-MM-dd}.");
        if (mark.IsDone) return 0;
        await CommitAsync([mark.Body()], cancel);
        var (resources, step, running) = (0L, 0, new Queue<Task<int>>());
        try
        {
            foreach (var next in Steps(county))
            {
                if (step++ < mark.Steps) continue;
                while (running.Count > 0 && (next.IsAlone || running.Count >= StepsAtOnce)) resources += await running.Dequeue();
                running.Enqueue(Task.Run(() => CommitAsync([.. next.Bodies()], cancel), cancel));
                progress.Report(next.Residents);
                if (!next.IsAlone && step % StepsPerMark is not 0) continue;
                while (running.TryDequeue(out var earlier)) resources += await earlier;
                await CommitAsync([(mark with { Steps = step }).Body()], cancel);
            }

            while (running.TryDequeue(out var last)) resources += await last;
        }
        finally
        {
            // What still runs ends before the record is closed under it.
            await ((Task)Task.WhenAll(running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await CommitAsync([(mark with { Steps = step, IsDone = true }).Body()], cancel);
        return resources;
    }

    private IEnumerable<Step> Steps(SyntheticCounty county)
    {
        foreach (var chunk in county.Sites().Chunk(ResourcesPerCommit)) yield return new(() => chunk, 0, IsAlone: true);
        var residents = 0;
        foreach (var chunk in county.AllHouseholds.Chunk(HouseholdsPerStep))
            yield return new(() => chunk.SelectMany(county.People), residents += chunk.Sum(members => members.Count));
        var contracts = county.Contracts(catalogue);
        yield return new(contracts.Teams, residents, IsAlone: true);
        foreach (var chunk in county.AllHouseholds.Chunk(HouseholdsPerStepOfContracts))
            yield return new(() => chunk.SelectMany(members => members.SelectMany(contracts.Of).Concat(contracts.Plan(members))), residents);
    }

    private async Task<(bool Stands, SeedMark? Mark)> StandingAsync(CancellationToken cancel) =>
        await records.ReadAsync(Seeder, SeedMark.Key, cancel) is { IsDeleted: false } stored ? (true, SeedMark.Read(stored.Body)) : (false, null);

    private async Task<int> CommitAsync(IReadOnlyList<JsonObject> bodies, CancellationToken cancel)
    {
        if (bodies.Count is 0) return 0;
        var changes = bodies.Select(b => new Change.Put(
            new((string)b["resourceType"]!, (string)b["id"]!), JsonSerializer.SerializeToUtf8Bytes(b, Readable))).ToList();
        await records.CommitAsync(Seeder, changes, new(Reason: "demo county"), cancel);
        return bodies.Count;
    }
}
