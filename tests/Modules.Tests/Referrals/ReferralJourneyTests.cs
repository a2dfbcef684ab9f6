using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Tests.Records;
using Tongxin.Modules.Referrals;
using Tongxin.Web.Components;

namespace Tongxin.Modules.Tests.Referrals;

/// <summary>A referral from the village to the county and back, over a real database and through the door.</summary>
public sealed class ReferralJourneyTests
{
    private const string Request = "refer-1";
    private static readonly Caller Village = Person("d1", "李建平", Role.VillageDoctor, "village");
    private static readonly Caller County = Person("s1", "许文涛", Role.Specialist, "hospital");
    private static readonly Caller Stranger = Person("s2", "周某", Role.VillageDoctor, "other");

    [Fact]
    public async Task The_county_sees_the_person_only_while_the_referral_runs_and_its_plan_is_on_the_villages_list()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var services = await OpenAsync(cancel);
        var records = services.GetRequiredService<RecordAccess>();
        Task<Referral> Do(Caller who, ReferralStep step) => MoveReferral.HandleAsync(records, who, Request, step, null, TimeProvider.System, cancel);
        async Task<bool> Sees(Caller who) => await records.ReadAsync(who, new("Patient", "p1"), cancel) is not null;

        Assert.False(await Sees(County));
        Assert.Equal(404, (await Assert.ThrowsAsync<RefusedException>(() => Do(Stranger, new ReferralStep.Send("hospital", true)))).Status);
        await Do(Village, new ReferralStep.Send("hospital", true));
        Assert.True(await Sees(County));
        Assert.False(await Sees(Stranger));
        var inbox = Assert.Single(await ReferralReading.OpenAsync(records, County, TimeProvider.System.GetUtcNow(), cancel));
        Assert.Equal("陈秀英", inbox.Name);

        await Do(County, new ReferralStep.Accept(TimeProvider.System.GetUtcNow().AddDays(1)));
        Assert.Equal("turn", (await Assert.ThrowsAsync<RefusedException>(() => Do(Village, new ReferralStep.See()))).Issues[0].Code);
        await Do(County, new ReferralStep.See());
        await Do(County, new ReferralStep.Answer("原发性高血压 2 级"));
        await Do(County, new ReferralStep.Return("氨氯地平 10 mg，每日监测", LocalTime.Today(TimeProvider.System).AddDays(7)));
        var work = await new WorkLists(records, TimeProvider.System).ForAsync(Village, new(), cancel);
        Assert.Equal("回转后首次随访", Assert.Single(work.Items).Task.Title);

        await Do(Village, new ReferralStep.Close());
        Assert.False(await Sees(County));
        Assert.Empty((await new WorkLists(records, TimeProvider.System).ForAsync(Village, new(), cancel)).Items);
    }

    [Fact]
    public async Task Of_two_who_accept_at_once_one_wins_and_the_other_is_told()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var services = await OpenAsync(cancel);
        var records = services.GetRequiredService<RecordAccess>();
        await MoveReferral.HandleAsync(records, Village, Request, new ReferralStep.Send("hospital", true), null, TimeProvider.System, cancel);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(async n =>
        {
            try
            {
                await MoveReferral.HandleAsync(records, County, Request, new ReferralStep.Accept(TimeProvider.System.GetUtcNow().AddDays(1)), 1, TimeProvider.System,
                    cancel);
                return 200;
            }
            catch (RefusedException refused)
            {
                return refused.Status;
            }
        }));
        Assert.Equal(1, outcomes.Count(o => o is 200));
        Assert.All(outcomes.Where(o => o is not 200), o => Assert.True(o is 409 or 412 or 422));
    }

    [Fact]
    public void Chinese_and_English_have_the_same_words()
    {
        var assembly = typeof(ReferralsModule).Assembly;
        Assert.Equal(Texts.Of(Texts.Chinese, assembly, "Referrals").Keys.Order(), Texts.Of(Texts.English, assembly, "Referrals").Keys.Order());
    }

    private static async Task<ServiceProvider> OpenAsync(CancellationToken cancel)
    {
        var services = new ServiceCollection();
        await services.AddRecordAsync(new RecordEngine.Postgres(await (await PostgresCluster.OfThisProcess).CreateDatabaseAsync()), cancel);
        var provider = services.BuildServiceProvider();
        string[] bodies =
        [
            """{"resourceType":"Organization","id":"county","name":"县","identifier":[{"system":"https://tongxin.health/id/division",""" +
                """ "value":"990101"}],"type":[{"coding":[{"system":"https://tongxin.health/cs/organisation-kind","code":"county"}]}]}""",
            """{"resourceType":"Organization","id":"hospital","name":"县医院","partOf":{"reference":"Organization/county"},""" +
                """ "type":[{"coding":[{"system":"https://tongxin.health/cs/organisation-kind","code":"hospital"}]}]}""",
            """{"resourceType":"Organization","id":"village","name":"上坪村卫生室","partOf":{"reference":"Organization/county"}}""",
            """{"resourceType":"Organization","id":"other","name":"下坪村卫生室","partOf":{"reference":"Organization/county"}}""",
            """{"resourceType":"Patient","id":"p1","name":[{"text":"陈秀英"}],"gender":"female","birthDate":"1959-08-14",""" +
                """ "managingOrganization":{"reference":"Organization/village"}}""",
            """{"resourceType":"ServiceRequest","id":"refer-1","status":"draft","intent":"proposal","priority":"routine",""" +
                """ "subject":{"reference":"Patient/p1"},"authoredOn":"2026-03-02","reasonCode":[{"text":"连续两次血压未达标"}]}""",
        ];
        var records = provider.GetRequiredService<RecordAccess>();
        await records.CommitAsync(Caller.System("test"), [.. bodies.Select(b => Change(b))], new(), cancel);
        return provider;
    }

    private static Change Change(string body)
    {
        using var json = System.Text.Json.JsonDocument.Parse(body);
        return new Change.Put(new(json.RootElement.GetProperty("resourceType").GetString()!, json.RootElement.GetProperty("id").GetString()!),
            Encoding.UTF8.GetBytes(body));
    }

    private static Caller Person(string id, string name, Role role, string organisation) => new() { Subject = $"Practitioner/{id}", Name = name, Role = role,
        Organisation = organisation };
}
