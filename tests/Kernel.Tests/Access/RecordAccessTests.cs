using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using static Tongxin.Kernel.Tests.Access.AccessWorld;

namespace Tongxin.Kernel.Tests.Access;

/// <summary>The door with a real record behind it.</summary>
public sealed class RecordAccessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static readonly Caller VillageDoctor = As(Role.VillageDoctor, "village-a1");

    [Fact]
    public async Task A_village_doctor_sees_the_people_of_her_clinic_and_nobody_else()
    {
        await using var world = await OpenAsync();
        await world.PutAsync(Patient("mine", "village-a1"), Patient("theirs", "village-b1"), Observation("o1", "mine", 150), Observation("o2", "theirs", 150));

        var found = await world.Door.SearchAsync(VillageDoctor, "Patient", "_total=accurate", Cancel);

        Assert.Equal(["mine"], found.Matches.Select(m => m.Key.Id));
        Assert.Equal(1, found.Total);
        Assert.Null(await world.Door.ReadAsync(VillageDoctor, new("Patient", "theirs"), Cancel));
        Assert.Null(await world.Door.ReadAsync(VillageDoctor, new("Observation", "o2"), Cancel));
        Assert.NotNull(await world.Door.ReadAsync(VillageDoctor, new("Observation", "o1"), Cancel));
        Assert.Equal(2, (await world.Door.SearchAsync(As(Role.DiseaseControl, "east-cdc"), "Patient", "_total=accurate", Cancel)).Total);
        Assert.Empty((await world.Door.SearchAsync(As(Role.CountyCommission, "east"), "Patient", "", Cancel)).Matches);
        Assert.Empty((await world.Door.SearchAsync(As(Role.Administrator, "east"), "Patient", "", Cancel)).Matches);
    }

    [Fact]
    public async Task Severe_mental_illness_is_seen_by_those_who_run_the_programme_and_not_by_the_village()
    {
        await using var world = await OpenAsync();
        await world.PutAsync(Patient("mine", "village-a1"), Condition("c1", "mine", "F20.0"), Condition("c2", "mine", "I10"));

        var village = await world.Door.SearchAsync(VillageDoctor, "Condition", "", Cancel);
        var township = await world.Door.SearchAsync(As(Role.PublicHealthStaff, "town-a"), "Condition", "", Cancel);

        Assert.Equal(["c2"], village.Matches.Select(m => m.Key.Id));
        Assert.Equal(2, township.Matches.Count);
    }

    [Fact]
    public async Task Nobody_writes_into_the_record_of_a_person_out_of_reach()
    {
        await using var world = await OpenAsync();
        await world.PutAsync(Patient("theirs", "village-b1"));

        var refusal = await Assert.ThrowsAsync<RefusedException>(() => world.PutAsync(VillageDoctor, Observation("o9", "theirs", 120)));
        var unknown = await Assert.ThrowsAsync<RefusedException>(() => world.PutAsync(VillageDoctor, Observation("o9", "nobody", 120)));
        var elsewhere = await Assert.ThrowsAsync<RefusedException>(() => world.PutAsync(VillageDoctor, Patient("new", "village-b1")));

        Assert.Equal((404, "There is no Patient/theirs."), (refusal.Status, refusal.Message));
        Assert.Equal((404, "There is no Patient/nobody."), (unknown.Status, unknown.Message));
        Assert.Equal(403, elsewhere.Status);
        Assert.Single(await world.PutAsync(VillageDoctor, Patient("new", "village-a1")));
        Assert.Single(await world.PutAsync(VillageDoctor, Observation("o9", "new", 120)));
    }

    [Fact]
    public async Task Who_may_only_add_replaces_nothing()
    {
        await using var world = await OpenAsync();
        await world.PutAsync(Patient("mine", "village-a1"), Observation("o1", "mine", 150));
        var resident = As(Role.Resident, null, "Patient/mine");

        var refusal = await Assert.ThrowsAsync<RefusedException>(() => world.PutAsync(resident, Observation("o1", "mine", 110)));

        Assert.Equal(412, refusal.Status);
        Assert.Equal(1, (await world.Door.ReadAsync(resident, new("Observation", "o1"), Cancel))!.Version);
        Assert.Single(await world.PutAsync(resident, Observation("o2", "mine", 110)));
    }

    [Fact]
    public async Task An_id_of_the_clients_choosing_is_for_those_who_see_everything()
    {
        await using var world = await OpenAsync();
        await world.PutAsync(Patient("mine", "village-a1"), Patient("theirs", "village-b1"));
        Task<IReadOnlyList<Committed>> put(Caller caller, string body) => world.Door.CommitAsync(caller, [((Change.Put)Put(body)) with { IsIdOfClient = true }], new(), Cancel);

        foreach (var id in new[] { "theirs", "free" })
            Assert.Equal((404, $"There is no Patient/{id}."), Told(await Assert.ThrowsAsync<RefusedException>(() => put(VillageDoctor, Patient(id, "village-a1")))));
        Assert.Equal(404, (await Assert.ThrowsAsync<RefusedException>(() => put(VillageDoctor, Observation("free", "mine", 120)))).Status);
        Assert.Equal(CommitOutcome.Updated, (await put(VillageDoctor, Patient("mine", "village-a1", "王")))[0].Outcome);
        Assert.Equal(CommitOutcome.Created, (await put(Operator, Patient("free", "village-a1")))[0].Outcome);
        Assert.Equal(CommitOutcome.Created, (await put(As(Role.Administrator, null), Resource("Location", "l1", "\"name\":\"x\"")))[0].Outcome);
    }

    [Fact]
    public async Task A_condition_finds_what_a_search_with_the_same_scopes_finds()
    {
        await using var world = await OpenAsync();
        await world.PutAsync(Patient("mine", "village-a1"), Observation("o1", "mine", 150));
        var writer = Operator with { Scopes = ["system/Observation.c"] };
        var reader = Operator with { Scopes = ["system/Observation.cs"] };
        Task<IReadOnlyList<Committed>> create(Caller caller, string condition) => world.Door.CommitAsync(
            caller, [new Change.Create("Observation", System.Text.Encoding.UTF8.GetBytes(Observation("x", "mine", 150)), condition)], new(), Cancel);

        Assert.Equal(403, (await Assert.ThrowsAsync<RefusedException>(() => create(writer, "code=8480-6"))).Status);
        Assert.Equal(CommitOutcome.Unchanged, (await create(reader, "code=8480-6"))[0].Outcome);
        // Patients are not in its scopes: nothing leads through them.
        Assert.Equal(CommitOutcome.Created, (await create(reader, "subject:Patient.family=李"))[0].Outcome);
    }

    private static (int, string) Told(RefusedException refusal) => (refusal.Status, refusal.Message);

    [Fact]
    public async Task The_resident_sees_who_looked()
    {
        await using var world = await OpenAsync();
        await world.PutAsync(Patient("mine", "village-a1"));
        await world.Door.ReadAsync(VillageDoctor, new("Patient", "mine"), Cancel);
        await world.Door.SearchAsync(VillageDoctor, "Patient", "family=李", Cancel);

        await world.Trail.FlushAsync(Cancel);

        var page = await world.Trail.OfPersonAsync("mine", Cancel);
        Assert.Equal(["search", "read", "commit"], page.Passages.Select(p => p.Entry.Did));
        Assert.All(page.Passages.Take(2), p => Assert.Equal(("Practitioner/p1", Role.VillageDoctor, "TREAT"), (p.Entry.Subject, p.Entry.Role, p.Entry.Purpose)));
    }

    [Fact]
    public async Task A_token_reaches_what_its_scopes_say()
    {
        await using var world = await OpenAsync();
        await world.PutAsync(Patient("mine", "village-a1"), Observation("o1", "mine", 150), Condition("c2", "mine", "I10"));
        var system = Operator with { Scopes = ["system/Observation.rs", "system/Condition.rs?code=E11"] };

        Assert.Single((await world.Door.SearchAsync(system, "Observation", "", Cancel)).Matches);
        Assert.Empty((await world.Door.SearchAsync(system, "Condition", "", Cancel)).Matches);
        Assert.Null(await world.Door.ReadAsync(system, new("Condition", "c2"), Cancel));
        Assert.Empty((await world.Door.SearchAsync(system, "Observation", "subject:Patient.family=李", Cancel)).Matches);
        Assert.Equal(403, (await Assert.ThrowsAsync<RefusedException>(() => world.Door.SearchAsync(system, "Patient", "", Cancel))).Status);
        Assert.Equal(403, (await Assert.ThrowsAsync<RefusedException>(() => world.PutAsync(system, Observation("o1", "mine", 160)))).Status);
    }
}
