using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using static Tongxin.Kernel.Tests.Access.AccessWorld;

namespace Tongxin.Kernel.Tests.Access;

/// <summary>The sealed chain: whoever changes the database by hand is found, and where.</summary>
public sealed class AuditTrailTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("UPDATE audit SET entry = entry || '\\x00'::bytea WHERE seq = 3", 3)]
    [InlineData("UPDATE audit SET at = at + 1 WHERE seq = 2", 2)]
    [InlineData("DELETE FROM audit WHERE seq = 4", 4)]
    [InlineData("DELETE FROM audit_seal WHERE seq >= 3", 3)]
    [InlineData("UPDATE audit_seal SET hash = sha256(hash) WHERE seq = 5", 5)]
    [InlineData("DELETE FROM audit WHERE seq > 4; DELETE FROM audit_seal WHERE seq > 4", 5)]
    public async Task A_row_changed_by_SQL_is_found_with_its_position(string sql, long position)
    {
        await using var world = await OpenAsync();
        for (var i = 0; i < 5; i++) await world.PutAsync(Patient($"p{i}", "village-a1"));
        await world.Trail.FlushAsync(Cancel);
        Assert.Equal(new AuditVerdict(6, null, null), await world.Trail.VerifyAsync(Cancel));

        await using var connection = new NpgsqlConnection(world.ConnectionString);
        await connection.OpenAsync(Cancel);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);

        Assert.Equal(position, (await world.Trail.VerifyAsync(Cancel)).FirstBroken);
    }

    [Fact]
    public async Task Every_passage_leaves_one_entry()
    {
        await using var world = await OpenAsync();
        await world.PutAsync(Patient("p1", "village-a1"));
        var doctor = As(Role.VillageDoctor, "village-a1");
        for (var i = 0; i < 500; i++) await world.Door.ReadAsync(doctor, new("Patient", i % 2 is 0 ? "p1" : "other"), Cancel);
        await Assert.ThrowsAsync<RefusedException>(() => world.PutAsync(doctor, Observation("o", "other", 1)));

        await world.Trail.FlushAsync(Cancel);

        var entries = (await world.Trail.LatestAsync(Cancel, rows: 1_000)).Passages.Select(p => p.Entry).ToList();
        Assert.Equal(500, entries.Count(e => e.Did is "read"));
        Assert.Equal(250, entries.Count(e => e.Did is "read" && e.People.Contains("p1")));
        Assert.Single(entries, e => e is { Did: "commit", Permitted: false });
    }

    [Fact]
    public async Task A_broken_glass_shows_one_person_for_an_hour_and_tells_everybody()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 31, 8, 0, 0, TimeSpan.Zero));
        await using var world = await OpenAsync(clock);
        await world.PutAsync(Patient("theirs", "village-b1"), Patient("others", "village-b1"));
        var glass = new BreakGlass(world.Door, world.Trail, clock);
        var doctor = As(Role.VillageDoctor, "village-a1") with { Session = "s1" };
        await Assert.ThrowsAsync<RefusedException>(() => glass.OpenAsync(doctor, "theirs", "emergency", "短", Cancel));
        await Assert.ThrowsAsync<RefusedException>(() => glass.OpenAsync(As(Role.Administrator, null) with { Session = "s2" }, "theirs", "emergency", "胸痛急诊，需要用药史", Cancel));
        Assert.Null(await world.Door.ReadAsync(glass.Apply(doctor), new("Patient", "theirs"), Cancel));

        await glass.OpenAsync(doctor, "theirs", "emergency", "胸痛急诊，需要了解用药史", Cancel);

        var opened = glass.Apply(doctor);
        Assert.NotNull(await world.Door.ReadAsync(opened, new("Patient", "theirs"), Cancel));
        Assert.Null(await world.Door.ReadAsync(opened, new("Patient", "others"), Cancel));
        Assert.Equal(404, (await Assert.ThrowsAsync<RefusedException>(() => world.PutAsync(opened, Observation("o", "theirs", 1)))).Status);
        Assert.Single((await world.Door.SearchAsync(As(Role.Resident, null, "Patient/theirs"), "Communication", "", Cancel)).Matches);
        Assert.Single((await world.Door.SearchAsync(As(Role.Auditor, "east"), "Task", "", Cancel)).Matches);
        clock.Advance(BreakGlass.Longest);
        Assert.Null(await world.Door.ReadAsync(glass.Apply(doctor), new("Patient", "theirs"), Cancel));
    }
}
