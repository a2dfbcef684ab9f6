using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People;
using Tongxin.Modules.People;
using Tongxin.Modules.Tests.SignIn;
using Tongxin.Web.Components;
using static Tongxin.Modules.Tests.SignIn.Places;

namespace Tongxin.Modules.Tests.People;

/// <summary>电子健康卡: a dynamic code is read once at whichever counter, a lost card resolves to nobody, and the next card is another.</summary>
public sealed class HealthCardsTests
{
    private static readonly Caller Village = new() { Subject = "Practitioner/v", Name = "李建平", Role = Role.VillageDoctor, Organisation = "village-a1" };
    private static readonly Caller Town = new() { Subject = "Practitioner/t", Name = "王医生", Role = Role.TownshipClinician, Organisation = "town-a" };
    private static readonly Caller Stranger = new() { Subject = "Practitioner/c", Name = "外县", Role = Role.VillageDoctor, Organisation = "village-c1" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_dynamic_code_is_read_once_and_typing_it_does_not_use_it_up(bool postgres)
    {
        await using var server = await StartAsync(postgres);
        var (cards, find) = (server.Services.GetRequiredService<HealthCards>(), server.Services.GetRequiredService<FindPeople>());
        var code = cards.Dynamic((await IssuedAsync(server))[0].Id);

        Assert.Equal(Found.Enter, (await find.HandleAsync(Village, code, isScan: false, Cancel)).Saying);
        var read = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => find.HandleAsync(i % 2 is 0 ? Village : Town, code, isScan: true, Cancel)));
        Assert.Equal(1, read.Count(f => f.People is [{ Id: "m1" }]));
        Assert.Equal(5, read.Count(f => f is { People: [], Saying: Found.Used }));
        // The static code is not used up.
        Assert.Single((await find.HandleAsync(Town, code.Split(':')[0], isScan: true, Cancel)).People);
        Assert.Single((await find.HandleAsync(Town, code.Split(':')[0], isScan: true, Cancel)).People);
    }

    [Fact]
    public async Task A_code_ends_with_its_time_and_one_not_made_here_is_none()
    {
        var clock = new ShiftedClock();
        await using var server = await StartAsync(with: b => b.Services.AddSingleton<TimeProvider>(clock));
        var (cards, find) = (server.Services.GetRequiredService<HealthCards>(), server.Services.GetRequiredService<FindPeople>());
        var card = (await IssuedAsync(server))[0].Id;
        var code = cards.Dynamic(card);
        clock.Advance(HealthCards.Lifetime + TimeSpan.FromSeconds(1));

        foreach (var dead in new[] { code, $"{card}:{new string('0', 32)}", $"{card}:x", $"{card}:{new string('0', 32)}:1" })
            Assert.Equal(Found.Ended, (await find.HandleAsync(Village, dead, isScan: true, Cancel)).Saying);
    }

    [Fact]
    public async Task A_lost_card_resolves_to_nobody_and_the_next_one_has_another_number()
    {
        await using var server = await StartAsync();
        var (cards, find) = (server.Services.GetRequiredService<HealthCards>(), server.Services.GetRequiredService<FindPeople>());
        var lost = (await IssuedAsync(server))[0].Id;
        var dynamic = cards.Dynamic(lost);

        await Assert.ThrowsAsync<RefusedException>(() => cards.RevokeAsync(Village, "m1", lost, " ", Cancel));
        await Assert.ThrowsAsync<RefusedException>(() => cards.RevokeAsync(Stranger, "m1", lost, "手机丢失", Cancel));
        await cards.RevokeAsync(Village, "m1", lost, "手机丢失", Cancel);
        Assert.Equal(404, (await Assert.ThrowsAsync<RefusedException>(() => cards.RevokeAsync(Village, "m1", lost, "再次", Cancel))).Status);

        Assert.Equal(Found.Revoked, (await find.HandleAsync(Town, lost, isScan: true, Cancel)).Saying);
        Assert.Equal(Found.Revoked, (await find.HandleAsync(Town, dynamic, isScan: true, Cancel)).Saying);
        // Whom she does not reach, a stranger is not told of.
        Assert.Null((await find.HandleAsync(Stranger, lost, isScan: true, Cancel)).Saying);
        using var browser = await server.SignedInAsync("town");
        Assert.Equal(404, (int)(await browser.Http.GetAsync($"/fhir/Patient/$ihe-pix?sourceIdentifier={HealthCard.System}|{lost}", Cancel)).StatusCode);

        var all = await IssuedAsync(server);
        Assert.Equal(2, all.Count);
        Assert.Equal(("手机丢失", true), (all[0].Because, all[0].Ended is not null));
        Assert.NotEqual(lost, all[1].Id);
        Assert.Single((await find.HandleAsync(Town, cards.Dynamic(all[1].Id), isScan: true, Cancel)).People);
    }

    [Fact]
    public async Task At_the_counter_a_scanned_code_opens_the_person_and_the_second_scan_says_why_not()
    {
        await using var server = await StartAsync();
        var code = server.Services.GetRequiredService<HealthCards>().Dynamic((await IssuedAsync(server))[0].Id);
        using var browser = await server.SignedInAsync("town");

        using var first = await browser.Http.GetAsync($"/registration?q={code}", Cancel);
        Assert.EndsWith("/person/m1", first.Headers.Location?.ToString(), StringComparison.Ordinal);
        Assert.Contains("已经扫过一次", await browser.Http.GetStringAsync($"/registration?q={code}", Cancel), StringComparison.Ordinal);
        Assert.Contains("有效", await browser.Http.GetStringAsync("/person/m1/card", Cancel), StringComparison.Ordinal);
    }

    private static async Task<TestServer> StartAsync(bool postgres = false, Action<WebApplicationBuilder>? with = null)
    {
        var server = await TestServer.StartAsync(postgres, with: with);
        await server.PutAsync(Tree);
        await server.PutAsync(Patient("m1", "village-a1").Replace("\"urn:x\"", $"\"{CitizenId.System}\"", StringComparison.Ordinal)
            .Replace("n-m1", CitizenId.Make("990101", new(1960, 2, 3), 382).Value, StringComparison.Ordinal));
        await server.AddAsync("town", new(Role.TownshipClinician, "town-a"), "Practitioner/t");
        return server;
    }

    private static async Task<IReadOnlyList<IssuedCard>> IssuedAsync(TestServer server)
    {
        await server.Services.GetRequiredService<HealthCards>().IssueAsync(Village, "m1", Cancel);
        return HealthCards.CardsOf(JsonReading.Parse((await server.Records.ReadAsync(Village, new("Patient", "m1"), Cancel))!));
    }
}
