using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Tests.Records;
using Tongxin.Modules.Referrals;
using Tongxin.Modules.Tests.FamilyDoctor;
using Tongxin.Modules.Tests.SignIn;
using Tongxin.Web.Components;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.Tests.Referrals;

/// <summary>Referrals to a house that does not work on this platform: another whole server, or one that misbehaves, on a port of its own.</summary>
public sealed class OutsideTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private readonly List<string> asked = [];
    private WebApplication peer = null!;
    private Func<HttpContext, Task> answer = _ => Task.CompletedTask;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Peer => peer.Urls.First();

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        peer = builder.Build();
        peer.Urls.Add("http://127.0.0.1:0");
        peer.Run(http =>
        {
            asked.Add($"{http.Request.Method} {http.Request.Path}");
            return answer(http);
        });
        await peer.StartAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await peer.DisposeAsync();
        folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Another_server_takes_the_order_with_the_record_once_however_often_it_is_told(bool postgres)
    {
        await using var there = await TestServer.StartAsync(postgres);
        await using var world = await OpenAsync(postgres, $"{there.Address.GetLeftPart(UriPartial.Authority)}/fhir");
        var token = new Tokens(there.Engine, TimeProvider.System).ForOperator(["system/*.cruds"], TimeSpan.FromMinutes(10));
        Allow($"{there.Address.GetLeftPart(UriPartial.Authority)} internal bearer={token}");
        var delivery = Delivery(world);
        await SendAsync(world);

        Assert.Equal(1, await delivery.DeliverDueAsync(Cancel));
        Assert.Equal(0, await delivery.DeliverDueAsync(Cancel));
        var letter = Assert.Single(await OutsideDelivery.OfReferralAsync(world.Records, ContractWorld.Village, "r0", Cancel));
        output.WriteLine($"{letter.Status}: {string.Join("; ", letter.Tries)}");
        Assert.Equal("completed", letter.Status);
        // The answer was lost on the way: it is told again.
        await BackAsync(world);
        Assert.Equal(1, await delivery.DeliverDueAsync(Cancel));

        var orders = (await there.Records.SearchAsync(TestServer.Operator, "ServiceRequest", "_include=ServiceRequest:patient&_include=ServiceRequest:performer", Cancel));
        var order = JsonReading.Parse(Assert.Single(orders.Matches));
        Assert.Equal("连续两次血压未达标", order.First("reasonCode")?.Text("text"));
        Assert.Contains(orders.Included, i => i.Key.Type is "Patient" && JsonReading.Parse(i).First("name")?.Text("text") is "陈秀英");
        Assert.Contains(orders.Included, i => i.Key.Type is "Organization" && i.Key.Id == order.First("performer")?.Text("reference")!.Split('/')[1]);
        Assert.Single((await there.Records.SearchAsync(TestServer.Operator, "Condition", "code=I10", Cancel)).Matches);
        Assert.Empty((await there.Records.SearchAsync(TestServer.Operator, "Condition", "code=F20.0", Cancel)).Matches);
        Assert.Single((await there.Records.SearchAsync(TestServer.Operator, "Patient", "name=陈", Cancel)).Matches);
    }

    [Fact]
    public async Task What_is_sensitive_by_its_code_stays_here_though_the_sender_may_see_it_and_only_chosen_parts_go()
    {
        await using var world = await OpenAsync(false, $"{Peer}/fhir");
        await world.PutAsync(Cancel, Condition("c3", "F20.1", ""), Condition("c4", "E11", ""),
            """{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"血糖"},"subject":{"reference":"Patient/p1"},""" +
            $$""" "effectiveDateTime":"{{world.Today:yyyy-MM-dd}}","valueQuantity":{"value":7.4} }""");
        await MoveReferral.HandleAsync(world.Records, ContractWorld.Leader, "r1", new ReferralStep.Send("city", true, Parts: ["diseases"]), null, world.Clock, Cancel);
        var letter = Assert.Single((await world.Records.SearchAsync(Caller.System("test"), "Communication", "based-on=ServiceRequest/r1", Cancel)).Matches);
        var data = JsonReading.Parse(letter).First("payload")!.Value.Member("contentAttachment")!.Value.Text("data")!;
        var package = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(data));
        foreach (var goes in new[] { "I10", "E11" }) Assert.Contains(goes, package, StringComparison.Ordinal);
        foreach (var stays in new[] { "F20", "Observation" }) Assert.DoesNotContain(stays, package, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_taken_is_tried_again_later_and_each_try_is_on_record()
    {
        await using var world = await OpenAsync(false, $"{Peer}/fhir");
        Allow($"{Peer} internal");
        var delivery = Delivery(world);
        var codes = new Queue<int>([503, 429, 200]);
        answer = async http =>
        {
            http.Response.StatusCode = codes.Dequeue();
            if (http.Response.StatusCode is 200) await http.Response.WriteAsync("""{"resourceType":"Bundle","type":"transaction-response"}""", Cancel);
        };
        await SendAsync(world);
        foreach (var (wait, tried) in new[] { (0, 1), (9, 0), (1, 1), (59, 0), (1, 1), (3_600, 0) })
        {
            world.Clock.Advance(TimeSpan.FromSeconds(wait));
            Assert.Equal(tried, await delivery.DeliverDueAsync(Cancel));
        }

        var letter = Assert.Single(await OutsideDelivery.OfReferralAsync(world.Records, ContractWorld.Village, "r0", Cancel));
        Assert.Equal("completed", letter.Status);
        Assert.Equal(["对方暂时不能接收（503）", "对方暂时不能接收（429）", "已送达（200）"], letter.Tries.Select(t => t.Said));
        Assert.Equal(["POST /fhir", "POST /fhir", "POST /fhir"], asked);
    }

    [Fact]
    public async Task A_redirect_is_not_followed_and_a_place_that_is_not_listed_is_never_spoken_to()
    {
        await using var world = await OpenAsync(false, $"{Peer}/fhir");
        var delivery = Delivery(world);
        await SendAsync(world);
        await delivery.DeliverDueAsync(Cancel);
        Assert.Empty(asked);
        Assert.Contains("不在允许名单", await LastAsync(world), StringComparison.Ordinal);

        Allow($"{Peer} internal");
        answer = http =>
        {
            http.Response.Redirect($"{Peer}/elsewhere", permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        };
        await BackAsync(world);
        await delivery.DeliverDueAsync(Cancel);
        Assert.Equal(["POST /fhir"], asked);
        Assert.Contains("不跟随", await LastAsync(world), StringComparison.Ordinal);
        Assert.Equal(0, await delivery.DeliverDueAsync(Cancel));

        // Listed, but not as internal: a name that leads into this machine is not followed there.
        Allow(Peer);
        await BackAsync(world);
        await delivery.DeliverDueAsync(Cancel);
        Assert.Single(asked);
        Assert.Contains("不允许连接", await LastAsync(world), StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_day_without_an_answer_a_person_has_to_look_and_the_sender_holds_the_referral_all_the_way()
    {
        await using var world = await OpenAsync(false, $"{Peer}/fhir");
        Allow($"{Peer} internal");
        answer = http =>
        {
            http.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        var delivery = Delivery(world);
        var sent = await SendAsync(world);
        Assert.Equal("village", sent.Holder);
        for (var hour = 0; hour < 30; hour++)
        {
            await delivery.DeliverDueAsync(Cancel);
            world.Clock.Advance(TimeSpan.FromHours(1));
        }

        Assert.Equal("stopped", Assert.Single(await OutsideDelivery.OfReferralAsync(world.Records, ContractWorld.Village, "r0", Cancel)).Status);
        Assert.Contains("请改用纸质单", await LastAsync(world), StringComparison.Ordinal);
        foreach (ReferralStep step in new ReferralStep[]
        {
            new ReferralStep.Accept(world.Clock.GetUtcNow().AddDays(1)), new ReferralStep.See(), new ReferralStep.Answer("原发性高血压 2 级"),
            new ReferralStep.Return("氨氯地平 10 mg", world.Today.AddDays(7)), new ReferralStep.Close(),
        })
            sent = await MoveReferral.HandleAsync(world.Records, ContractWorld.Village, "r0", step, null, world.Clock, Cancel);
        Assert.Equal(ReferralState.Closed, sent.State);
    }

    [Fact]
    public async Task A_consultation_is_answered_without_a_visit_and_its_meeting_lies_where_the_operator_allows()
    {
        await using var world = await OpenAsync(false, "https://x.example/fhir");
        Allow("https://meet.county.example");
        var places = new OutgoingAddresses(folder.Path);
        var county = new Caller { Subject = "Practitioner/s", Name = "许文涛", Role = Role.Specialist, Organisation = "county" };
        Task<Referral> Do(Caller who, string id, ReferralStep step) => MoveReferral.HandleAsync(world.Records, who, id, step, null, world.Clock, Cancel, places);
        var when = world.Clock.GetUtcNow().AddHours(2);
        await Do(ContractWorld.Village, "r0", new ReferralStep.Send("county", true, ReferralKind.Video));
        foreach (var wrong in new[] { null, "javascript:alert(1)",
            "https://evil.example/x", "https://meet.county.example.evil.example/", "https://a@meet.county.example/", "file:///etc/passwd" })
            Assert.Equal("link", (await Assert.ThrowsAsync<RefusedException>(() => Do(county, "r0", new ReferralStep.Accept(when, null, wrong)))).Issues[0].Code);
        var accepted = await Do(county, "r0", new ReferralStep.Accept(when, null, "https://meet.county.example/room/7"));
        Assert.Equal((ReferralKind.Video, "https://meet.county.example/room/7"), (accepted.Kind, accepted.Link));
        Assert.Equal(ReferralState.Answered, (await Do(county, "r0", new ReferralStep.Answer("继续原方案"))).State);

        await Do(ContractWorld.Village, "r1", new ReferralStep.Send("county", true, ReferralKind.Written));
        Assert.Equal(ReferralState.Answered, (await Do(county, "r1", new ReferralStep.Answer("加用利尿剂"))).State);
        await Do(ContractWorld.Village, "r2", new ReferralStep.Send("county", true));
        Assert.Equal("state", (await Assert.ThrowsAsync<RefusedException>(() => Do(county, "r2", new ReferralStep.Answer("没看人就答")))).Issues[0].Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_went_outside_without_a_referral_is_counted_with_her_visit(bool postgres)
    {
        await using var world = await OpenAsync(postgres, "https://x.example/fhir");
        await SendAsync(world);
        world.Clock.Advance(TimeSpan.FromDays(5));
        await world.PutAsync(Cancel, Visit("e1", "p1", "city", world.Today), Visit("e2", "p2", "city", world.Today), Visit("e3", "p2", "town", world.Today),
            Visit("e4", "p2", "city", world.Today, "cancelled"), Visit("e5", "p1", "city", world.Today.AddDays(-30)));
        var since = world.Today.AddDays(-60);
        var referrals = await ReferralReading.SinceAsync(world.Records, ContractWorld.Village, since, Cancel);
        var outside = await Leakage.SinceAsync(world.Records, ContractWorld.Village, since, referrals, Cancel);
        Assert.Equal([("e1", true), ("e2", false), ("e5", false)], outside.Select(v => (v.Encounter, v.IsReferred)).Order());
        Assert.Empty(await Leakage.SinceAsync(world.Records, ContractWorld.Stranger, since, [], Cancel));
    }

    private async Task<ContractWorld> OpenAsync(bool postgres, string endpoint)
    {
        var world = postgres ? await ContractWorld.PostgresAsync(Cancel) : await ContractWorld.OpenAsync(new RecordEngine.Sqlite(Path.Combine(folder.Path, "here")), Cancel);
        await world.PutAsync(Cancel,
            $$"""{"resourceType":"Endpoint","id":"city-fhir","status":"active","connectionType":{"code":"hl7-fhir-rest"},"payloadType":[{"text":"any"}],""" +
            $$""" "address":"{{endpoint}}"}""",
            """{"resourceType":"Organization","id":"city","name":"市人民医院","type":[{"coding":[{"system":"https://tongxin.health/cs/organisation-kind","code":"outside"}]}],""" +
            """ "endpoint":[{"reference":"Endpoint/city-fhir"}]}""",
            Condition("c1", "I10", ""), Condition("c2", "F20.0", """, "meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"PSY"}]}"""),
            Proposal("r0"), Proposal("r1"), Proposal("r2"));
        return world;
    }

    private OutsideDelivery Delivery(ContractWorld world) => new(world.Records, new OutgoingAddresses(folder.Path), world.Clock, NullLogger<OutsideDelivery>.Instance);

    private static Task<Referral> SendAsync(ContractWorld world) =>
        MoveReferral.HandleAsync(world.Records, ContractWorld.Village, "r0", new ReferralStep.Send("city", true), null, world.Clock, Cancel);

    // As if the letter had not been tried: what it holds and what was said stay.
    private static async Task BackAsync(ContractWorld world)
    {
        var page = await world.Records.SearchAsync(Caller.System("test"), "Communication", "_count=1", Cancel);
        var body = JsonWriting.Edit(page.Matches[0]);
        body["status"] = "preparation";
        body.Remove("extension");
        await world.PutAsync(Cancel, body.ToJsonString());
    }

    private static async Task<string> LastAsync(ContractWorld world) =>
        Assert.Single(await OutsideDelivery.OfReferralAsync(world.Records, ContractWorld.Village, "r0", Cancel)).Tries[^1].Said;

    private void Allow(string line)
    {
        var path = Path.Combine(folder.Path, OutgoingAddresses.FileName);
        File.WriteAllText(path, line + "\n");
        // The file is read anew by its time; two writes of one test run may fall into one tick.
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddTicks(Random.Shared.Next(10_000_000)));
    }

    private static string Proposal(string id) =>
        $$"""{"resourceType":"ServiceRequest","id":"{{id}}","status":"draft","intent":"proposal","priority":"routine",""" +
        """ "subject":{"reference":"Patient/p1"},"authoredOn":"2026-03-02","reasonCode":[{"text":"连续两次血压未达标"}]}""";

    private static string Condition(string id, string code, string more) =>
        $$"""{"resourceType":"Condition","id":"{{id}}","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},""" +
        $$""" "code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"{{code}}"}]},"subject":{"reference":"Patient/p1"}{{more}} }""";

    private static string Visit(string id, string patient, string place, DateOnly day, string status = "finished") =>
        $$"""{"resourceType":"Encounter","id":"{{id}}","status":"{{status}}","class":{"code":"AMB"},"subject":{"reference":"Patient/{{patient}}"},""" +
        $$""" "period":{"start":"{{day:yyyy-MM-dd}}"},"serviceProvider":{"reference":"Organization/{{place}}"} }""";
}
