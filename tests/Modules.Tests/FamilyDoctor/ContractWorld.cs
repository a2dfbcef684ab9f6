using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Tests.Records;
using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Modules.Tests.FamilyDoctor;

/// <summary>A township with two teams, a village, and a few people, over a real database and a clock that the test moves.</summary>
internal sealed class ContractWorld : IAsyncDisposable
{
    public const string Stroke = "M10 20L30 40L50 60";
    public static readonly Caller Village = Person("d1", "李建平", Role.VillageDoctor, "village");
    public static readonly Caller Leader = Person("l1", "王敏", Role.TeamLeader, "town");
    public static readonly Caller Stranger = Person("d2", "周某", Role.VillageDoctor, "other");

    private readonly ServiceProvider services;

    private ContractWorld(ServiceProvider services, FakeTimeProvider clock) => (this.services, Clock) = (services, clock);

    public FakeTimeProvider Clock { get; }
    public RecordAccess Records => services.GetRequiredService<RecordAccess>();
    public SignContract Sign => services.GetRequiredService<SignContract>();
    public IServiceProvider Services => services;

    public T The<T>() where T : notnull => services.GetRequiredService<T>();

    public FulfilContract Fulfil => services.GetRequiredService<FulfilContract>();
    public MoveContract Move => services.GetRequiredService<MoveContract>();
    public ServiceCatalogue Catalogue => services.GetRequiredService<ServiceCatalogue>();

    public static DateOnly Day(string day) => DateOnly.ParseExact(day, "yyyy-MM-dd");

    public DateOnly Today => Kernel.Programmes.LocalTime.Today(Clock);

    public static Offer Offer(DateOnly start, int years = 1, params string[] packages) => new("team-1", start, years, packages is [] ? ["basic"] : packages, [], Stroke);

    public static async Task<ContractWorld> OpenAsync(RecordEngine engine, CancellationToken cancel)
    {
        var clock = new FakeTimeProvider(new(2026, 3, 2, 4, 0, 0, TimeSpan.Zero));
        var collection = new ServiceCollection();
        collection.AddLogging();
        collection.AddSingleton<TimeProvider>(clock);
        await collection.AddRecordAsync(engine, cancel);
        new FamilyDoctorModule().AddServices(collection);
        var world = new ContractWorld(collection.BuildServiceProvider(), clock);
        await world.PutAsync(cancel,
            Organisation("county", "county", null), Organisation("town", "township", "county"), Organisation("village", "village", "town"),
            Organisation("other", "village", "county"), Team("team-1", 2_000), Team("team-2", 2_000), Team("team-full", 0),
            Patient("p1", "陈秀英", "1950-08-14"), Patient("p2", "李小宝", "2023-05-01"), Patient("p3", "王强", "1980-01-01"));
        return world;
    }

    public static async Task<ContractWorld> PostgresAsync(CancellationToken cancel) =>
        await OpenAsync(new RecordEngine.Postgres(await (await PostgresCluster.OfThisProcess).CreateDatabaseAsync()), cancel);

    public Task PutAsync(CancellationToken cancel, params string[] bodies) => Records.CommitAsync(Caller.System("test"), [.. bodies.Select(b =>
    {
        using var json = JsonDocument.Parse(b);
        var key = new ResourceKey(json.RootElement.GetProperty("resourceType").GetString()!, json.RootElement.GetProperty("id").GetString()!);
        return (Change)new Change.Put(key, Encoding.UTF8.GetBytes(b));
    })], new(), cancel);

    public Task<IReadOnlyList<FamilyContract>> ContractsAsync(string patient, CancellationToken cancel) =>
        ContractReading.OfPersonAsync(Records, Caller.System("test"), patient, cancel);

    public ValueTask DisposeAsync() => services.DisposeAsync();

    private static Caller Person(string id, string name, Role role, string organisation) =>
        new() { Subject = $"Practitioner/{id}", Name = name, Role = role, Organisation = organisation };

    private static string Organisation(string id, string kind, string? parent) =>
        $$"""{"resourceType":"Organization","id":"{{id}}","name":"{{id}}","identifier":[{"system":"https://tongxin.health/id/division","value":"9901"}],""" +
        $$""" "type":[{"coding":[{"system":"https://tongxin.health/cs/organisation-kind","code":"{{kind}}"}]}]""" +
        (parent is null ? "}" : $$""","partOf":{"reference":"Organization/{{parent}}"} }""");

    private static string Patient(string id, string name, string birth) =>
        $$"""{"resourceType":"Patient","id":"{{id}}","name":[{"text":"{{name}}"}],"gender":"female","birthDate":"{{birth}}",""" +
        """ "managingOrganization":{"reference":"Organization/village"} }""";

    private static string Team(string id, int limit) =>
        $$"""{"resourceType":"CareTeam","id":"{{id}}","extension":[{"url":"{{PanelLimit}}","valueInteger":{{limit}} }],"status":"active",""" +
        """ "category":[{"coding":[{"system":"https://tongxin.health/cs/care-team","code":"family-doctor"}]}],""" +
        $$""" "name":"{{id}}","participant":[{"member":{"reference":"Practitioner/d1","display":"李建平"},"onBehalfOf":{"reference":"Organization/village"} }],""" +
        """ "managingOrganization":[{"reference":"Organization/town"}]}""";

    private const string PanelLimit = Modules.FamilyDoctor.Team.PanelLimitExtension;
}
