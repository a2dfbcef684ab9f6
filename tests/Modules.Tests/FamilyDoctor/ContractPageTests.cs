using System.Net;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.FamilyDoctor;
using Tongxin.Modules.Tests.SignIn;

namespace Tongxin.Modules.Tests.FamilyDoctor;

/// <summary>Contracts as people meet them: the pages and forms of the whole server, on both engines.</summary>
public sealed class ContractPageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_village_doctor_signs_on_the_page_and_the_next_who_tries_is_told(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        using var doctor = await server.SignedInAsync("doctor");
        var page = await doctor.Http.GetStringAsync("/contracts/sign/m1", Cancel);
        Assert.Contains("基础包", page, StringComparison.Ordinal);
        Assert.Contains("青山团队", page, StringComparison.Ordinal);

        var signed = await SignAsync(doctor, "m1", ContractWorld.Stroke);
        Assert.EndsWith("?done=signed", signed, StringComparison.Ordinal);
        var contract = await doctor.Http.GetStringAsync(signed, Cancel);
        foreach (var word in new[] { "已签约，现在生效。", "履行中", "首诊与健康咨询", ContractWorld.Stroke }) Assert.Contains(word, contract, StringComparison.Ordinal);
        Assert.EndsWith("?refused=valid", await SignAsync(doctor, "m1", ContractWorld.Stroke), StringComparison.Ordinal);
        Assert.Contains("/contracts/", await doctor.Http.GetStringAsync("/contracts", Cancel), StringComparison.Ordinal);
        Assert.Contains(signed.Split('?')[0], await doctor.Http.GetStringAsync("/contracts", Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_contract_is_ended_on_its_page_and_is_nobodys_business_elsewhere(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        using var doctor = await server.SignedInAsync("doctor");
        using var other = await server.SignedInAsync("other");
        var contract = (await SignAsync(doctor, "m1", ContractWorld.Stroke)).Split('?')[0];

        Assert.Equal(HttpStatusCode.NotFound, (await other.Http.GetAsync(contract, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await other.Http.GetAsync("/contracts/sign/m1", Cancel)).StatusCode);
        Assert.EndsWith("?refused=not-found", await PostAsync(other, $"{contract}/move", ("step", "end"), ("reason", "move")), StringComparison.Ordinal);
        Assert.EndsWith("?refused=reason", await PostAsync(doctor, $"{contract}/move", ("step", "end"), ("reason", "whim")), StringComparison.Ordinal);
        Assert.EndsWith("?done=ended", await PostAsync(doctor, $"{contract}/move", ("step", "end"), ("reason", "move")), StringComparison.Ordinal);
        var page = await doctor.Http.GetStringAsync(contract, Cancel);
        Assert.Contains("已解约", page, StringComparison.Ordinal);
        Assert.Contains("迁出", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_signature_nothing_is_signed_but_a_draft_and_a_refusal_are_kept()
    {
        await using var server = await OpenAsync(postgres: false);
        using var doctor = await server.SignedInAsync("doctor");
        Assert.EndsWith("?refused=signature", await SignAsync(doctor, "m1", ""), StringComparison.Ordinal);
        var draft = await PostAsync(doctor, "/contracts/sign/m1/step", ("step", "draft"), ("team", "team-a"), ("years", "2"), ("package", "basic"));
        Assert.EndsWith("?done=draft", draft, StringComparison.Ordinal);
        Assert.Contains("草稿", await doctor.Http.GetStringAsync(draft, Cancel), StringComparison.Ordinal);
        Assert.EndsWith("?refused=reason", await PostAsync(doctor, "/contracts/sign/m2/step", ("step", "refuse"), ("reason", " ")), StringComparison.Ordinal);
        Assert.EndsWith("?done=refused", await PostAsync(doctor, "/contracts/sign/m2/step", ("step", "refuse"), ("reason", "长期在外")), StringComparison.Ordinal);
        var asked = Assert.Single(await ContractReading.OfPersonAsync(server.Records, TestServer.Operator, "m2", Cancel));
        Assert.Equal((ContractState.Refused, "长期在外"), (asked.StateOn(LocalTime.Today(TimeProvider.System)), asked.Reason));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Key_groups_count_each_person_once_and_a_promise_is_struck_off_when_it_was_given(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        await server.PutAsync(Places.Resource("Flag", "f1", $$"""
            "status":"active","code":{{Places.Concept(KeyGroups.Flags, "disabled")}},"subject":{{Places.Reference("Patient", "m1")}}
            """));
        using var doctor = await server.SignedInAsync("doctor");
        var contract = (await SignAsync(doctor, "m1", ContractWorld.Stroke)).Split('?')[0];
        await PostAsync(doctor, "/contracts/sign/m2/step", ("step", "refuse"), ("reason", "长期在外"));
        var caller = new Caller { Subject = "Practitioner/d", Name = "d", Role = Role.VillageDoctor, Organisation = "village-a1" };
        var people = await KeyGroupCount.OfAsync(server.Records, caller, LocalTime.Today(TimeProvider.System), Cancel);
        Assert.Equal([("m1", Asked.Signed, 2), ("m2", Asked.Refused, 1)], people.Select(p => (p.Patient, p.Asked, p.Groups.Count)));
        var page = await doctor.Http.GetStringAsync("/contracts/groups?group=all&asked=refused", Cancel);
        Assert.Contains("长期在外", page, StringComparison.Ordinal);
        Assert.DoesNotContain(contract, page, StringComparison.Ordinal);

        Assert.Contains("上门服务 1/1", await doctor.Http.GetStringAsync("/contracts/promises?days=366", Cancel), StringComparison.Ordinal);
        var today = LocalTime.Today(TimeProvider.System).ToString("yyyy-MM-dd");
        var given = await PostAsync(doctor, $"{contract}/give", ("item", "home-visit"), ("day", today), ("evidence", "照片 3 张"));
        Assert.EndsWith("?done=given", given, StringComparison.Ordinal);
        Assert.DoesNotContain("上门服务", await doctor.Http.GetStringAsync("/contracts/promises?days=366", Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_resident_orders_an_item_her_team_takes_it_and_she_rates_it_once(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        using var doctor = await server.SignedInAsync("doctor");
        using var resident = await server.SignedInAsync("resident");
        Assert.Contains("您现在没有签约", await resident.Http.GetStringAsync("/my-doctor", Cancel), StringComparison.Ordinal);
        var contract = (await SignAsync(doctor, "m1", ContractWorld.Stroke)).Split('?')[0];
        var token = await resident.TokenAsync("/my-doctor");
        async Task<string> Post(string path, params (string, string)[] fields)
        {
            using var answer = await resident.PostFormAsync(path, token, fields);
            return answer.Headers.Location!.ToString();
        }

        Assert.EndsWith("?refused=menu", await Post("/my-doctor/order", ("item", "consultation")), StringComparison.Ordinal);
        Assert.EndsWith("?done=ordered", await Post("/my-doctor/order", ("item", "ecg")), StringComparison.Ordinal);
        Assert.EndsWith("?refused=ordered", await Post("/my-doctor/order", ("item", "ecg")), StringComparison.Ordinal);
        var list = await doctor.Http.GetStringAsync("/contracts?list=order", Cancel);
        var answer = list[list.IndexOf("/contracts/orders/", StringComparison.Ordinal)..].Split('"')[0];
        Assert.EndsWith("&done=taken", await PostAsync(doctor, answer, ("step", "take")), StringComparison.Ordinal);
        Assert.EndsWith("&refused=not-found", await PostAsync(doctor, answer, ("step", "take")), StringComparison.Ordinal);
        var today = LocalTime.Today(TimeProvider.System).ToString("yyyy-MM-dd");
        Assert.EndsWith("?done=given", await PostAsync(doctor, $"{contract}/give", ("item", "ecg"), ("day", today), ("evidence", "图号 7")), StringComparison.Ordinal);

        var page = await resident.Http.GetStringAsync("/my-doctor", Cancel);
        foreach (var word in new[] { "青山团队", "李建平", "心电图", "今年已做完" }) Assert.Contains(word, page, StringComparison.Ordinal);
        var service = page[page.IndexOf("hand-", StringComparison.Ordinal)..].Split('"')[0];
        Assert.EndsWith("?refused=stars", await Post("/my-doctor/rate", ("service", service), ("stars", "9")), StringComparison.Ordinal);
        Assert.EndsWith("?done=rated", await Post("/my-doctor/rate", ("service", service), ("stars", "5")), StringComparison.Ordinal);
        Assert.EndsWith("?refused=rated", await Post("/my-doctor/rate", ("service", service), ("stars", "1")), StringComparison.Ordinal);
        Assert.Contains("★★★★★", WebUtility.HtmlDecode(await resident.Http.GetStringAsync("/my-doctor", Cancel)), StringComparison.Ordinal);
        using var stranger = await doctor.Http.GetAsync("/my-doctor", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, stranger.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_months_statement_is_items_times_price_times_what_another_site_confirmed(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        await server.AddAsync("leader", new(Role.TeamLeader, "town-a"), "Practitioner/l");
        using var doctor = await server.SignedInAsync("doctor");
        using var leader = await server.SignedInAsync("leader");
        var contract = (await SignAsync(doctor, "m1", ContractWorld.Stroke)).Split('?')[0];
        var today = LocalTime.Today(TimeProvider.System);
        await PostAsync(doctor, $"{contract}/give", ("item", "home-visit"), ("day", $"{today:yyyy-MM-dd}"), ("evidence", "照片"));
        await PostAsync(doctor, $"{contract}/give", ("item", "blood-pressure"), ("day", $"{today:yyyy-MM-dd}"), ("evidence", "本子"));
        var address = $"/contracts/statement?month={today:yyyy-MM}&site=village-a1";
        var page = await leader.Http.GetStringAsync(address, Cancel);
        Assert.Contains("42.00", page, StringComparison.Ordinal);
        Assert.Contains("待抽查", page, StringComparison.Ordinal);
        var checks = page.Split('"').Where(p => p.StartsWith("/contracts/checks/", StringComparison.Ordinal)).Distinct().ToList();
        Assert.Equal(2, checks.Count);

        Assert.EndsWith("&refused=own", await PostAsync(doctor, checks[0], ("given", "true")), StringComparison.Ordinal);
        Assert.EndsWith("&done=checked", await PostAsync(leader, checks[0], ("given", "true")), StringComparison.Ordinal);
        Assert.EndsWith("&done=checked", await PostAsync(leader, checks[1], ("given", "false")), StringComparison.Ordinal);
        page = await leader.Http.GetStringAsync(address, Cancel);
        Assert.Contains("50.0 %", page, StringComparison.Ordinal);
        Assert.Contains("21.00", page, StringComparison.Ordinal);
    }

    internal static async Task<TestServer> OpenAsync(bool postgres)
    {
        var server = await TestServer.StartAsync(postgres);
        await server.PutAsync(Places.Tree);
        await server.PutAsync(Places.Patient("m1", "village-a1"), Places.Patient("m2", "village-a1"), Places.Resource("CareTeam", "team-a", $$"""
            "status":"active","name":"青山团队","category":[{{Places.Concept(Team.Category, Team.FamilyDoctor)}}],
            "participant":[{"member":{"reference":"Practitioner/d","display":"李建平"},"onBehalfOf":{{Places.Reference("Organization", "village-a1")}}}],
            "managingOrganization":[{{Places.Reference("Organization", "town-a")}}]
            """));
        await server.AddAsync("doctor", new(Role.VillageDoctor, "village-a1"), "Practitioner/d");
        await server.AddAsync("other", new(Role.VillageDoctor, "village-b1"), "Practitioner/o");
        await server.AddAsync("resident", new(Role.Resident, null), "Patient/m1");
        return server;
    }

    internal static Task<string> SignAsync(Browser browser, string patient, string stroke) =>
        PostAsync(browser, $"/contracts/sign/{patient}/step", ("step", "sign"), ("team", "team-a"),
            ("years", "1"), ("package", "basic"), ("menu", "home-visit"), ("stroke", stroke));

    /// <summary>Where the answer leads.</summary>
    internal static async Task<string> PostAsync(Browser browser, string path, params (string, string)[] fields)
    {
        using var answer = await browser.PostFormAsync(path, await browser.TokenAsync("/contracts/sign/m2"), fields);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return answer.Headers.Location!.ToString();
    }
}
