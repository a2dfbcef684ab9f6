using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People.Merging;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Tests.Records;

namespace Tongxin.Kernel.Tests.People;

/// <summary>Merging moves nothing silently: parted again, every resource is what it was.</summary>
public abstract class MergePeopleTests : IAsyncLifetime
{
    private static readonly Caller Doctor = new() { Subject = "Practitioner/d1", Name = "李建平", Role = Role.VillageDoctor, Organisation = "village" };
    private ServiceProvider services = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RecordAccess Records => services.GetRequiredService<RecordAccess>();

    private MergePeople Merge => new(Records, TimeProvider.System);

    public async ValueTask InitializeAsync()
    {
        var collection = new ServiceCollection();
        collection.AddLogging();
        await collection.AddRecordAsync(await EngineAsync(), Cancel);
        services = collection.BuildServiceProvider();
        await PutAsync(
            """{"resourceType":"Organization","id":"village","name":"村"}""", """{"resourceType":"Organization","id":"other","name":"邻村"}""",
            Patient("a", "王淑芳", "1"), Patient("b", "王淑方", "2"), Patient("c", "别人", "3", "other"),
            """{"resourceType":"Condition","id":"k1","code":{"text":"高血压"},"subject":{"reference":"Patient/b"}}""",
            """{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"血压"},"subject":{"reference":"Patient/b"},"note":[{"text":"写着 Patient/b"}]}""",
            """{"resourceType":"Observation","id":"o2","status":"final","code":{"text":"血压"},"subject":{"reference":"Patient/a"}}""",
            """{"resourceType":"Group","id":"g1","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/a"}},{"entity":{"reference":"Patient/b"}}]}""",
            """{"resourceType":"Task","id":"t1","status":"requested","intent":"order","for":{"reference":"Patient/b"},"focus":{"reference":"Condition/k1"}}""");
    }

    protected abstract Task<RecordEngine> EngineAsync();

    [Fact]
    public async Task After_merging_and_parting_every_resource_is_byte_for_byte_what_it_was()
    {
        var before = await AllAsync();

        var moved = await Merge.MergeAsync(Doctor, "a", "b", "同一人，重名登记", Cancel);

        Assert.Equal(4, moved);
        var merged = await AllAsync();
        Assert.DoesNotContain(merged.Where(r => r.Key is not "Patient/a" and not "Patient/b"), r => r.Value.Contains("\"Patient/b\"", StringComparison.Ordinal));
        Assert.Contains("写着 Patient/b", merged["Observation/o1"], StringComparison.Ordinal);
        Assert.Contains("\"replaced-by\"", merged["Patient/b"], StringComparison.Ordinal);
        Assert.Contains("no-2", merged["Patient/a"], StringComparison.Ordinal);

        var touched = await Merge.UnmergeAsync(Doctor, "b", "是两个人", Cancel);

        Assert.Empty(touched);
        Assert.Equal(before, await AllAsync());
        Assert.Equal(3, (await Records.ReadAsync(Caller.System("test"), new("Condition", "k1"), Cancel))!.Version);
        Assert.Equal(1, (await Records.ReadAsync(Caller.System("test"), new("Observation", "o2"), Cancel))!.Version);
    }

    [Fact]
    public async Task What_was_changed_since_the_merge_keeps_its_change_and_goes_back_to_its_person()
    {
        await Merge.MergeAsync(Doctor, "a", "b", "同一人", Cancel);
        await PutAsync("""{"resourceType":"Condition","id":"k1","code":{"text":"高血压二级"},"subject":{"reference":"Patient/a"}}""",
            """{"resourceType":"Condition","id":"k2","code":{"text":"新的"},"subject":{"reference":"Patient/a"}}""");

        var touched = await Merge.UnmergeAsync(Doctor, "b", "是两个人", Cancel);

        Assert.Equal([new ResourceKey("Condition", "k1")], touched);
        var all = await AllAsync();
        Assert.Contains("高血压二级", all["Condition/k1"], StringComparison.Ordinal);
        Assert.Contains("\"Patient/b\"", all["Condition/k1"], StringComparison.Ordinal);
        Assert.Contains("\"Patient/a\"", all["Condition/k2"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_merges_whom_she_may_not_see_nor_twice_nor_without_a_reason()
    {
        Assert.Equal(404, (await Assert.ThrowsAsync<RefusedException>(() => Merge.MergeAsync(Doctor, "a", "c", "同一人", Cancel))).Status);
        Assert.Equal(422, (await Assert.ThrowsAsync<RefusedException>(() => Merge.MergeAsync(Doctor, "a", "b", " ", Cancel))).Status);
        Assert.Equal(422, (await Assert.ThrowsAsync<RefusedException>(() => Merge.MergeAsync(Doctor, "a", "a", "同一人", Cancel))).Status);
        Assert.Equal(409, (await Assert.ThrowsAsync<RefusedException>(() => Merge.UnmergeAsync(Doctor, "b", "没有合并过", Cancel))).Status);
        await Merge.MergeAsync(Doctor, "a", "b", "同一人", Cancel);
        Assert.Equal(409, (await Assert.ThrowsAsync<RefusedException>(() => Merge.MergeAsync(Doctor, "a", "b", "同一人", Cancel))).Status);
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    // Without version and time of the version, which every version has of its own.
    private async Task<Dictionary<string, string>> AllAsync()
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var type in new[] { "Patient", "Condition", "Observation", "Group", "Task" })
            foreach (var stored in (await Records.SearchAsync(Caller.System("test"), type, "_count=100", Cancel)).Matches)
            {
                var text = Encoding.UTF8.GetString(stored.Body.Span);
                var meta = JsonNode.Parse(text)!["meta"]!;
                found[stored.Key.ToString()] = text.Replace((string)meta["lastUpdated"]!, "", StringComparison.Ordinal)
                    .Replace($"\"versionId\":\"{(string)meta["versionId"]!}\"", "", StringComparison.Ordinal);
            }

        return found;
    }

    private Task PutAsync(params string[] bodies) => Records.CommitAsync(Caller.System("test"), [.. bodies.Select(b =>
    {
        var json = JsonNode.Parse(b)!;
        return (Change)new Change.Put(new((string)json["resourceType"]!, (string)json["id"]!), Encoding.UTF8.GetBytes(b));
    })], new(), Cancel);

    private static string Patient(string id, string name, string number, string clinic = "village") =>
        $$"""{"resourceType":"Patient","id":"{{id}}","identifier":[{"system":"urn:x","value":"no-{{number}}"}],"name":[{"text":"{{name}}"}],"gender":"female",""" +
        $$""" "managingOrganization":{"reference":"Organization/{{clinic}}"} }""";
}

/// <summary>The same on SQLite.</summary>
public sealed class MergePeopleSqliteTests : MergePeopleTests
{
    protected override Task<RecordEngine> EngineAsync() =>
        Task.FromResult<RecordEngine>(new RecordEngine.Sqlite(Directory.CreateTempSubdirectory("tongxin-merge-").FullName));
}

/// <summary>The same on PostgreSQL.</summary>
public sealed class MergePeoplePostgresTests : MergePeopleTests
{
    protected override async Task<RecordEngine> EngineAsync() => new RecordEngine.Postgres(await (await PostgresCluster.OfThisProcess).CreateDatabaseAsync());
}
