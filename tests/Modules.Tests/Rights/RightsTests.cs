using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tongxin.Kernel.Access;
using Tongxin.Modules.Tests.SignIn;

namespace Tongxin.Modules.Tests.Rights;

/// <summary>What residents decide about their records, as they meet it: pages and forms of the whole server, on both engines.</summary>
public sealed partial class RightsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_consent_lets_an_institution_in_and_its_withdrawal_shuts_the_door_at_once(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        using var resident = await server.SignedInAsync("m1");
        using var specialist = await server.SignedInAsync("specialist");
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(specialist, "/fhir/Patient/m1"));
        Assert.EndsWith("?refused=organisation", await PostAsync(resident, "/my-rights/consent", ("purpose", "care")), StringComparison.Ordinal);
        Assert.EndsWith("?refused=purpose", await PostAsync(resident, "/my-rights/consent", ("purpose", "everything")), StringComparison.Ordinal);

        Assert.EndsWith("?done=given", await PostAsync(resident, "/my-rights/consent", ("purpose", "care"), ("organisation", "east-hospital")), StringComparison.Ordinal);
        Assert.EndsWith("?refused=given", await PostAsync(resident, "/my-rights/consent", ("purpose", "care"), ("organisation", "east-hospital")), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(specialist, "/fhir/Patient/m1"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(specialist, "/fhir/Patient/m2"));
        var page = await resident.Http.GetStringAsync("/my-rights", Cancel);
        foreach (var word in new[] { "个人信息保护法", "您的同意", "east-hospital" }) Assert.Contains(word, page, StringComparison.Ordinal);

        var consent = Withdraw().Match(page).Groups[1].Value;
        using var stranger = await server.SignedInAsync("m2");
        Assert.EndsWith("?refused=not-found", await PostAsync(stranger, "/my-rights/consent", ("withdraw", consent)), StringComparison.Ordinal);
        Assert.EndsWith("?done=withdrawn", await PostAsync(resident, "/my-rights/consent", ("withdraw", consent)), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(specialist, "/fhir/Patient/m1"));
        Assert.Contains("撤回于", await resident.Http.GetStringAsync("/my-rights", Cancel), StringComparison.Ordinal);
        Assert.EndsWith("?refused=not-found", await PostAsync(resident, "/my-rights/consent", ("withdraw", consent)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_proxy_sees_her_page_while_both_consent_and_nothing_after_either_withdraws(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        using var mother = await server.SignedInAsync("m1");
        using var daughter = await server.SignedInAsync("m2");
        Assert.EndsWith("?refused=not-found", await PostAsync(daughter, "/my-rights/act", ("person", "m1")), StringComparison.Ordinal);
        Assert.EndsWith("?refused=code", await PostAsync(daughter, "/my-rights/accept", ("code", "AAAAAAAAAA"), ("relationship", "CHILD")), StringComparison.Ordinal);
        Assert.EndsWith("?done=invited", await PostAsync(mother, "/my-rights/invite"), StringComparison.Ordinal);
        var code = Code().Match(await mother.Http.GetStringAsync("/my-rights", Cancel)).Groups[1].Value;
        Assert.Equal(10, code.Length);
        Assert.DoesNotMatch(Code(), await mother.Http.GetStringAsync("/my-rights", Cancel));
        Assert.EndsWith("?refused=code", await PostAsync(mother, "/my-rights/accept", ("code", code), ("relationship", "CHILD")), StringComparison.Ordinal);
        Assert.EndsWith("?done=accepted", await PostAsync(daughter, "/my-rights/accept", ("code", code.ToLowerInvariant()), ("relationship", "CHILD")), StringComparison.Ordinal);
        Assert.EndsWith("?refused=code", await PostAsync(daughter, "/my-rights/accept", ("code", code), ("relationship", "CHILD")), StringComparison.Ordinal);

        Assert.Equal("/mine", await PostAsync(daughter, "/my-rights/act", ("person", "m1")));
        var mine = await daughter.Http.GetStringAsync("/mine", Cancel);
        Assert.Contains("您正在代办", mine, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(daughter, "/fhir/Observation/mo1"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(daughter, "/fhir/Observation/mo2"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(daughter, "/my-rights"));
        Assert.Equal("/my-rights", await PostAsync(daughter, "/own-record"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(daughter, "/fhir/Observation/mo2"));
        Assert.Equal("/mine", await PostAsync(daughter, "/my-rights/act", ("person", "m1")));

        var given = End().Match(await mother.Http.GetStringAsync("/my-rights", Cancel)).Groups[1].Value;
        Assert.EndsWith("?done=ended", await PostAsync(mother, "/my-rights/end", ("consent", given)), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(daughter, "/fhir/Observation/mo1"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(daughter, "/mine"));
        Assert.Equal("/my-rights", await PostAsync(daughter, "/own-record"));
        Assert.EndsWith("?refused=not-found", await PostAsync(daughter, "/my-rights/act", ("person", "m1")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_correction_is_asked_answered_once_and_stays_on_record_with_its_change(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        using var resident = await server.SignedInAsync("m1");
        using var doctor = await server.SignedInAsync("doctor");
        using var other = await server.SignedInAsync("other");
        Assert.EndsWith("?refused=wanted", await PostAsync(resident, "/my-rights/correct", ("field", "phone"), ("wanted", " ")), StringComparison.Ordinal);
        Assert.EndsWith("?refused=field", await PostAsync(resident, "/my-rights/correct", ("field", "balance"), ("wanted", "1")), StringComparison.Ordinal);
        Assert.EndsWith("?done=asked", await PostAsync(resident, "/my-rights/correct", ("field", "phone"), ("wanted", "13900007777"), ("why", "换号了")), StringComparison.Ordinal);
        Assert.EndsWith("?done=asked", await PostAsync(resident, "/my-rights/correct", ("field", "record"), ("wanted", "我不吸烟")), StringComparison.Ordinal);

        Assert.DoesNotContain("13900007777", await other.Http.GetStringAsync("/corrections", Cancel), StringComparison.Ordinal);
        var list = await doctor.Http.GetStringAsync("/corrections", Cancel);
        Assert.Contains("换号了", list, StringComparison.Ordinal);
        var (phone, smoking) = (Answer(list, "13900007777"), Answer(list, "我不吸烟"));
        Assert.EndsWith("?refused=not-found", await PostAsync(other, phone, ("step", "accept")), StringComparison.Ordinal);
        Assert.EndsWith("?refused=reason", await PostAsync(doctor, smoking, ("step", "refuse"), ("reason", "")), StringComparison.Ordinal);
        Assert.EndsWith("?done=answered", await PostAsync(doctor, smoking, ("step", "refuse"), ("reason", "体检单写明吸烟")), StringComparison.Ordinal);
        Assert.EndsWith("?done=answered", await PostAsync(doctor, phone, ("step", "accept")), StringComparison.Ordinal);
        Assert.EndsWith("?refused=answered", await PostAsync(doctor, phone, ("step", "accept")), StringComparison.Ordinal);

        Assert.Contains("13900007777", await resident.Http.GetStringAsync("/fhir/Patient/m1", Cancel), StringComparison.Ordinal);
        var page = await resident.Http.GetStringAsync("/my-rights", Cancel);
        Assert.Contains("体检单写明吸烟", page, StringComparison.Ordinal);
        var sources = await resident.Http.GetStringAsync("/fhir/Provenance?patient=m1", Cancel);
        Assert.Contains("Practitioner/d", sources, StringComparison.Ordinal);
        var letters = await resident.Http.GetStringAsync("/fhir/Communication?subject=Patient/m1&_total=accurate&_summary=count", Cancel);
        Assert.Contains("\"total\":4", letters, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_resident_takes_all_of_her_record_and_nothing_of_others_and_it_is_on_record(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        using var resident = await server.SignedInAsync("m1");
        using var bundle = JsonDocument.Parse(await resident.Http.GetStringAsync("/my-rights/record.json", Cancel));
        var keys = bundle.RootElement.GetProperty("entry").EnumerateArray().Select(e => e.GetProperty("resource"))
            .Select(r => $"{r.GetProperty("resourceType")}/{r.GetProperty("id")}").ToList();
        foreach (var key in new[] { "Condition/mc1", "Observation/mo1", "Patient/m1" }) Assert.Contains(key, keys);
        Assert.DoesNotContain("m2", bundle.RootElement.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("mo2", bundle.RootElement.GetRawText(), StringComparison.Ordinal);
        var paper = await resident.Http.GetByteArrayAsync("/my-rights/record.pdf", Cancel);
        Assert.Equal("%PDF-1.5"u8.ToArray(), paper[..8]);
        using var doctor = await server.SignedInAsync("doctor");
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(doctor, "/my-rights/record.json"));

        var trail = (AuditTrail)server.Services.GetService(typeof(AuditTrail))!;
        await trail.FlushAsync(Cancel);
        var exports = (await trail.OfPersonAsync("m1", Cancel)).Passages.Select(p => p.Entry).Where(e => e.Did is "export").Select(e => (e.Subject, e.Query));
        Assert.Equal([("Patient/m1", "pdf"), ("Patient/m1", "fhir")], exports);
    }

    private static async Task<TestServer> OpenAsync(bool postgres)
    {
        var server = await TestServer.StartAsync(postgres);
        await server.PutAsync(Places.Tree);
        await server.PutAsync(Places.Patient("m1", "village-a1"), Places.Patient("m2", "village-a1"), Places.Observation("mo1", "m1", 120), Places.Observation("mo2", "m2", 150),
            Places.Condition("mc1", "m1", "I10"));
        await server.AddAsync("m1", new(Role.Resident, null), "Patient/m1");
        await server.AddAsync("m2", new(Role.Resident, null), "Patient/m2");
        await server.AddAsync("doctor", new(Role.VillageDoctor, "village-a1"), "Practitioner/d");
        await server.AddAsync("other", new(Role.VillageDoctor, "village-b1"), "Practitioner/o");
        await server.AddAsync("specialist", new(Role.Specialist, "east-hospital"), "Practitioner/s");
        return server;
    }

    private static async Task<HttpStatusCode> StatusAsync(Browser browser, string path)
    {
        using var answer = await browser.Http.GetAsync(path, Cancel);
        return answer.StatusCode;
    }

    private static async Task<string> PostAsync(Browser browser, string path, params (string, string)[] fields)
    {
        using var answer = await browser.PostFormAsync(path, await browser.TokenAsync("/sign-in"), fields);
        return answer.Headers.Location?.ToString() ?? $"{(int)answer.StatusCode}";
    }

    // The address to which the form beside a text posts.
    private static string Answer(string page, string text) =>
        page[page.IndexOf("/corrections/", page.IndexOf(text, StringComparison.Ordinal), StringComparison.Ordinal)..].Split('"')[0];

    [GeneratedRegex("name=\"withdraw\" value=\"([^\"]+)\"")]
    private static partial Regex Withdraw();

    [GeneratedRegex("name=\"consent\" value=\"([^\"]+)\"")]
    private static partial Regex End();

    [GeneratedRegex("id=\"proxy-code\">([^<]+)<")]
    private static partial Regex Code();
}
