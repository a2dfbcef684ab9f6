using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Tests.Records;

namespace Tongxin.Kernel.Tests.Access;

/// <summary>A door with a real record behind it: a city of two counties, three towns, villages, and whom the test puts there.</summary>
internal sealed class AccessWorld : IAsyncDisposable
{
    private readonly ServiceProvider services;

    private AccessWorld(ServiceProvider services) => this.services = services;

    public static Caller Operator { get; } = Caller.System("test");

    public RecordAccess Door => services.GetRequiredService<RecordAccess>();
    public AuditTrail Trail => services.GetRequiredService<AuditTrail>();
    public OrganisationTree Tree => services.GetRequiredService<OrganisationTree>();
    public IServiceProvider Services => services;
    public string Folder => services.GetRequiredService<RecordEngine>().Folder;
    public string ConnectionString => ((RecordEngine.Postgres)services.GetRequiredService<RecordEngine>()).Connection;

    public static async Task<AccessWorld> OpenAsync(TimeProvider? clock = null)
    {
        var cluster = await PostgresCluster.OfThisProcess;
        var collection = new ServiceCollection();
        if (clock is not null) collection.AddSingleton(clock);
        var engine = new RecordEngine.Postgres(await cluster.CreateDatabaseAsync()) { Folder = Directory.CreateTempSubdirectory("tongxin-access-").FullName };
        await collection.AddRecordAsync(engine, default);
        var world = new AccessWorld(collection.BuildServiceProvider());
        await world.PutAsync([.. Places.Select(p => Organisation(p.Id, p.Kind, p.Parent, p.Division))]);
        return world;
    }

    public static IReadOnlyList<(string Id, string Kind, string? Parent, string Division)> Places { get; } =
    [
        ("city", "city", null, "990100"),
        ("east", "county", "city", "990101"), ("west", "county", "city", "990102"),
        ("east-hospital", "hospital", "east", "990101"), ("west-hospital", "hospital", "west", "990102"),
        ("east-cdc", "disease-control", "east", "990101"),
        ("town-a", "township", "east", "990101001"), ("town-b", "township", "east", "990101002"), ("town-c", "township", "west", "990102001"),
        ("village-a1", "village", "town-a", "990101001101"), ("village-a2", "village", "town-a", "990101001102"),
        ("village-b1", "village", "town-b", "990101002101"), ("village-c1", "village", "town-c", "990102001101"),
    ];

    public static Caller As(Role role, string? organisation, string subject = "Practitioner/p1") => new()
    {
        Subject = subject, Name = "测试", Role = role, Organisation = organisation, Scopes = role is Role.Integration ? ["system/*.cruds"] : null,
    };

    public async Task<IReadOnlyList<Committed>> PutAsync(params string[] bodies) => await PutAsync(Operator, bodies);

    public async Task<IReadOnlyList<Committed>> PutAsync(Caller caller, params string[] bodies) =>
        await Door.CommitAsync(caller, [.. bodies.Select(Put)], new(), default);

    public static Change Put(string body)
    {
        using var document = System.Text.Json.JsonDocument.Parse(body);
        var key = new ResourceKey(document.RootElement.GetProperty("resourceType").GetString()!, document.RootElement.GetProperty("id").GetString()!);
        return new Change.Put(key, Encoding.UTF8.GetBytes(body));
    }

    public static string Patient(string id, string organisation, string family = "李") => Resource("Patient", id, $"""
        "name":[{"{"}"family":"{family}"{"}"}],"managingOrganization":{Reference("Organization", organisation)}
        """);

    public static string Condition(string id, string patient, string icd) => Resource("Condition", id, $"""
        "subject":{Reference("Patient", patient)},"code":{Concept("http://hl7.org/fhir/sid/icd-10", icd)}
        """);

    public static string Observation(string id, string patient, int systolic) => Resource("Observation", id, $"""
        "status":"final","code":{Concept("http://loinc.org", "8480-6")},"subject":{Reference("Patient", patient)},
        "valueQuantity":{"{"}"value":{systolic},"unit":"mmHg"{"}"}
        """);

    public static string Resource(string type, string id, string members) => $"{{\"resourceType\":\"{type}\",\"id\":\"{id}\",{members}}}";

    public static string Reference(string type, string id) => $"{{\"reference\":\"{type}/{id}\"}}";

    public static string Concept(string system, string code) => $"{{\"coding\":[{{\"system\":\"{system}\",\"code\":\"{code}\"}}]}}";

    private static string Organisation(string id, string kind, string? parent, string division) => Resource("Organization", id, $"""
        "active":true,"name":"{id}","identifier":[{"{"}"system":"{Organisations.DivisionSystem}","value":"{division}"{"}"}],
        "type":[{Concept(Organisations.KindSystem, kind)}]{(parent is null ? "" : $",\"partOf\":{Reference("Organization", parent)}")}
        """);

    public async ValueTask DisposeAsync()
    {
        var folder = Folder;
        await services.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
