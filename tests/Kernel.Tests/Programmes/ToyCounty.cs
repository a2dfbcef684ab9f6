using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Tests.Records;

namespace Tongxin.Kernel.Tests.Programmes;

/// <summary>One village and the toy programme on a real database of its own, with a clock that the test moves; can be closed and opened again like a server.</summary>
internal sealed class ToyCounty : IAsyncDisposable
{
    public static readonly Caller Doctor = new() { Subject = "Practitioner/li", Name = "李建平", Role = Role.System };
    private readonly RecordEngine engine;
    private ServiceProvider services = null!;

    private ToyCounty(RecordEngine engine, FakeTimeProvider clock) => (this.engine, Clock) = (engine, clock);

    public FakeTimeProvider Clock { get; }
    public RecordAccess Records => services.GetRequiredService<RecordAccess>();
    public FollowUps FollowUps => services.GetRequiredService<FollowUps>();
    public WorkLists WorkLists => services.GetRequiredService<WorkLists>();
    public InstalledProgrammes Programmes => services.GetRequiredService<InstalledProgrammes>();
    public RecordedProgrammes Recorded => services.GetRequiredService<RecordedProgrammes>();
    public DryRun DryRun => services.GetRequiredService<DryRun>();
    public IRecordStore Store => services.GetRequiredService<IRecordStore>();
    public ProgrammeFollower Follower => new(Store, FollowUps, Records, Recorded, new(), Clock, NullLogger<ProgrammeFollower>.Instance);
    public Midnight Midnight => new(Store, Records, FollowUps, Programmes, Clock, NullLogger<Midnight>.Instance);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="engine"><c>sqlite</c> or <c>postgres</c>.</param>
    /// <param name="at">Local time (UTC+8) at which it begins.</param>
    public static async Task<ToyCounty> OpenAsync(string engine, string at)
    {
        var place = engine is "sqlite" ? (RecordEngine)new RecordEngine.Sqlite(Directory.CreateTempSubdirectory("toy-county").FullName)
            : new RecordEngine.Postgres(await (await PostgresCluster.OfThisProcess).CreateDatabaseAsync());
        var county = new ToyCounty(place, new(DateTimeOffset.Parse($"{at}+08:00")));
        await county.StartAsync();
        await county.Records.CommitAsync(Doctor,
            [new Change.Put(new("Organization", "village"), """{"resourceType":"Organization","id":"village","name":"某村卫生室"}"""u8.ToArray())], new(), Cancel);
        return county;
    }

    public async Task RestartAsync()
    {
        await services.DisposeAsync();
        await StartAsync();
    }

    /// <summary>Runs the follower over all that is in the feed; answers how far it came.</summary>
    public async Task<long> FollowAsync(long from = 0)
    {
        while ((await Store.FeedAsync(from, 1, Cancel)).Count > 0) from = await Follower.FollowAsync(from, Cancel);
        return from;
    }

    public Task PutAsync(params JsonObject[] resources) => Records.CommitAsync(Doctor, [.. resources.Select(r =>
        new Change.Put(new((string)r["resourceType"]!, (string)r["id"]!), JsonSerializer.SerializeToUtf8Bytes(r)))], new(), Cancel);

    public static JsonObject Person(string id, string born = "1960-03-01", string? died = null)
    {
        var person = new JsonObject
        {
            ["resourceType"] = "Patient", ["id"] = id, ["name"] = new JsonArray(new JsonObject { ["text"] = $"居民{id}" }), ["birthDate"] = born,
            ["managingOrganization"] = new JsonObject { ["reference"] = "Organization/village" },
        };
        if (died is not null) person["deceasedDateTime"] = died;
        return person;
    }

    public static JsonObject Visit(string person, string id, string date, int score)
    {
        var visit = ToyProgramme.Visit(id, DateOnly.Parse(date), score);
        visit["subject"] = new JsonObject { ["reference"] = $"Patient/{person}" };
        return visit;
    }

    public async Task<IReadOnlyList<ProgrammeTask>> OpenTasksAsync(WorkSpan span = WorkSpan.All) =>
        [.. (await WorkLists.ForAsync(Doctor, new() { Span = span, Count = WorkFilter.Most }, Cancel)).Items.Select(i => i.Task)];

    public async Task<IReadOnlyList<string>> FeedAsync() => [.. (await Store.FeedAsync(0, 5_000, Cancel)).Select(e => $"{e.Stored.Key}/{e.Stored.Version}")];

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        if (engine is RecordEngine.Sqlite { Folder: { } folder }) Directory.Delete(folder, recursive: true);
    }

    private async Task StartAsync()
    {
        var collection = new ServiceCollection();
        collection.AddSingleton<TimeProvider>(Clock);
        await collection.AddRecordAsync(engine, Cancel);
        collection.AddLogging();
        collection.AddProgrammes(Path.Combine(Path.GetTempPath(), "no-such-folder"));
        services = collection.BuildServiceProvider();
        Programmes.Install(ToyProgramme.Source());
    }
}
