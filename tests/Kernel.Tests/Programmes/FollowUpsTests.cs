using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Tests.Records;

namespace Tongxin.Kernel.Tests.Programmes;

/// <summary>A visit through the door and into a real database: one commit, once, and the work list shows what follows.</summary>
public sealed class FollowUpsTests
{
    private static readonly Caller Doctor = new() { Subject = "Practitioner/li", Name = "李建平", Role = Role.System };
    private static readonly string Today = $"{LocalTime.Today(TimeProvider.System):yyyy-MM-dd}";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_saved_visit_is_one_commit_and_the_same_key_saves_it_once()
    {
        await using var county = await County.OpenAsync();
        var before = await county.FeedAsync();

        var saved = await county.FollowUps.SaveAsync(Doctor, "p1", Answers(12), "key-1", Cancel);
        var again = await county.FollowUps.SaveAsync(Doctor, "p1", Answers(12), "key-1", Cancel);

        Assert.Equal("2", Assert.Single(saved.Decision.Verdicts).Class);
        Assert.Equal(saved.Response, again.Response);
        var written = (await county.FeedAsync()).Except(before).ToList();
        Assert.Equal(["EpisodeOfCare", "Observation", "Observation", "QuestionnaireResponse", "Task"], written.Select(w => w.Split('/')[0]).Order());
    }

    [Fact]
    public async Task The_work_list_shows_the_task_with_the_person_and_its_state_by_date()
    {
        await using var county = await County.OpenAsync();
        await county.FollowUps.SaveAsync(Doctor, "p1", Answers(12), "key-1", Cancel);
        var due = LocalTime.Today(TimeProvider.System).AddDays(14);

        var item = Assert.Single((await county.WorkLists.ForAsync(Doctor, new() { Organisations = ["Organization/village"] }, Cancel, due)).Items);
        Assert.Equal(WindowState.Due, item.State);
        Assert.Equal("张三", item.Patient.GetProperty("name")[0].GetProperty("text").GetString());
        Assert.All((await county.WorkLists.ForAsync(Doctor, new() { Organisations = ["Organization/village"] }, Cancel)).Items, i => Assert.Equal(WindowState.Upcoming, i.State));
        var late = Assert.Single((await county.WorkLists.ForAsync(Doctor, new() { Span = WorkSpan.Overdue }, Cancel, due.AddDays(4))).Items);
        Assert.Equal(WindowState.Overdue, late.State);
        Assert.Empty((await county.WorkLists.ForAsync(Doctor, new() { Span = WorkSpan.Overdue }, Cancel, due.AddDays(3))).Items);
        Assert.Empty((await county.WorkLists.ForAsync(Doctor, new() { Organisations = ["Organization/elsewhere"], Span = WorkSpan.All }, Cancel)).Items);
    }

    [Fact]
    public async Task A_corrected_visit_rewrites_what_was_derived_and_a_withdrawn_one_undoes_it()
    {
        await using var county = await County.OpenAsync();
        var saved = await county.FollowUps.SaveAsync(Doctor, "p1", Answers(12), "key-1", Cancel);
        var corrected = (JsonObject)JsonNode.Parse(Answers(3).GetRawText())!;
        corrected["id"] = saved.Response.Id;

        var second = await county.FollowUps.SaveAsync(Doctor, "p1", JsonSerializer.SerializeToElement(corrected), "key-2", Cancel, ifVersion: 1);
        Assert.Equal("1", Assert.Single(second.Decision.Verdicts).Class);
        var stale = await Assert.ThrowsAsync<RefusedException>(() => county.FollowUps
            .SaveAsync(Doctor, "p1", JsonSerializer.SerializeToElement(corrected), "key-3", Cancel, ifVersion: 1));
        Assert.Contains(stale.Status, new[] { 409, 412 });

        await county.FollowUps.VoidAsync(Doctor, "p1", saved.Response.Id, "录错了人", Cancel);
        // It was the visit that enrolled: without it nothing is owed.
        Assert.Empty((await county.WorkLists.ForAsync(Doctor, new() { Span = WorkSpan.All }, Cancel)).Items);
    }

    [Fact]
    public async Task Two_claims_of_one_task_give_it_to_one_and_a_new_day_needs_a_reason()
    {
        await using var county = await County.OpenAsync();
        await county.FollowUps.SaveAsync(Doctor, "p1", Answers(12), "key-1", Cancel);
        var task = Assert.Single((await county.WorkLists.ForAsync(Doctor, new() { Span = WorkSpan.All }, Cancel)).Items).Task;
        var day = LocalTime.Today(TimeProvider.System).AddDays(20);

        await county.WorkLists.ClaimAsync(Doctor, task.Id, Cancel);
        await Assert.ThrowsAsync<RefusedException>(() => county.WorkLists.RescheduleAsync(Doctor, task.Id, day, " ", Cancel));
        await county.WorkLists.AttemptAsync(Doctor, task.Id, ContactOutcome.Later, day, "外出探亲", Cancel);
        await county.FollowUps.ReconcileAsync(Doctor, "p1", Cancel);

        var moved = Assert.Single((await county.WorkLists.ForAsync(Doctor, new() { Span = WorkSpan.All }, Cancel)).Items).Task;
        Assert.Equal((day, "later", "Practitioner/li"), (moved.Window.Due, moved.LastOutcome, moved.Owner));
    }

    [Fact]
    public async Task Death_closes_what_is_open_and_an_imported_visit_is_judged_like_any_other()
    {
        await using var county = await County.OpenAsync();
        var import = ToyProgramme.Visit("imported", LocalTime.Today(TimeProvider.System), 12);
        import["subject"] = new JsonObject { ["reference"] = "Patient/p1" };
        await county.Records.CommitAsync(Doctor, [new Change.Put(new("QuestionnaireResponse", "imported"), JsonSerializer.SerializeToUtf8Bytes(import))], new(), Cancel);

        Assert.Equal(3, await county.FollowUps.ReconcileAsync(Doctor, "p1", Cancel));
        Assert.Equal(0, await county.FollowUps.ReconcileAsync(Doctor, "p1", Cancel));
        Assert.Single((await county.WorkLists.ForAsync(Doctor, new() { Span = WorkSpan.All }, Cancel)).Items);

        await county.Records.CommitAsync(Doctor, [County.Person(deceased: Today)], new(), Cancel);
        await county.FollowUps.ReconcileAsync(Doctor, "p1", Cancel);
        Assert.Empty((await county.WorkLists.ForAsync(Doctor, new() { Span = WorkSpan.All }, Cancel)).Items);
    }

    [Fact]
    public async Task Wrong_answers_are_refused_with_the_field_and_nothing_is_written()
    {
        await using var county = await County.OpenAsync();
        var before = await county.FeedAsync();

        var refused = await Assert.ThrowsAsync<RefusedException>(() => county.FollowUps.SaveAsync(Doctor, "p1", Answers(500), "key-1", Cancel));
        Assert.Equal("score", Assert.Single(refused.Issues).Expression);
        Assert.Equal(404, (await Assert.ThrowsAsync<RefusedException>(() => county.FollowUps.SaveAsync(Doctor, "nobody", Answers(5), "key-2", Cancel))).Status);
        Assert.Equal(before, await county.FeedAsync());
    }

    private static JsonElement Answers(int score) => JsonSerializer.SerializeToElement(new
    {
        resourceType = "QuestionnaireResponse", questionnaire = "https://tongxin.health/fhir/Questionnaire/toy-form|1", status = "in-progress",
        item = new object[]
        {
            new { linkId = "visit-date", answer = new[] { new { valueDate = Today } } },
            new { linkId = "score", answer = new[] { new { valueInteger = score } } },
        },
    });

    /// <summary>One village, one person, the toy programme, on a database of its own.</summary>
    private sealed class County(ServiceProvider services) : IAsyncDisposable
    {
        public RecordAccess Records => services.GetRequiredService<RecordAccess>();
        public FollowUps FollowUps => services.GetRequiredService<FollowUps>();
        public WorkLists WorkLists => services.GetRequiredService<WorkLists>();

        public static async Task<County> OpenAsync()
        {
            var database = await (await PostgresCluster.OfThisProcess).CreateDatabaseAsync();
            var services = new ServiceCollection();
            await services.AddRecordAsync(new RecordEngine.Postgres(database), Cancel);
            services.AddLogging();
            services.AddProgrammes(Path.Combine(Path.GetTempPath(), "no-such-folder"));
            var provider = services.BuildServiceProvider();
            provider.GetRequiredService<InstalledProgrammes>().Install(ToyProgramme.Source());
            var county = new County(provider);
            await county.Records.CommitAsync(Doctor,
                [new Change.Put(new("Organization", "village"), """{"resourceType":"Organization","id":"village","name":"某村卫生室"}"""u8.ToArray()), Person()], new(), Cancel);
            return county;
        }

        public static Change Person(string? deceased = null)
        {
            var person = new JsonObject
            {
                ["resourceType"] = "Patient", ["id"] = "p1", ["name"] = new JsonArray(new JsonObject { ["text"] = "张三" }), ["birthDate"] = "1960-02-29",
                ["managingOrganization"] = new JsonObject { ["reference"] = "Organization/village" },
            };
            if (deceased is not null) person["deceasedDateTime"] = deceased;
            return new Change.Put(new("Patient", "p1"), JsonSerializer.SerializeToUtf8Bytes(person));
        }

        public async Task<IReadOnlyList<string>> FeedAsync() =>
            [.. (await services.GetRequiredService<IRecordStore>().FeedAsync(0, 1_000, Cancel)).Select(e => $"{e.Stored.Key}/{e.Stored.Version}")];

        public ValueTask DisposeAsync() => services.DisposeAsync();
    }
}
