using System.Net;
using System.Net.Http.Headers;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.FamilyDoctor;
using Tongxin.Modules.Tests.SignIn;
using static Tongxin.Modules.Tests.FamilyDoctor.ContractPageTests;

namespace Tongxin.Modules.Tests.FamilyDoctor;

/// <summary>A contract that is signed on the resident's own phone, or on paper.</summary>
public sealed class SigningTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_resident_signs_by_a_code_that_opens_once_and_tells_nothing_of_her_record(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        using var doctor = await server.SignedInAsync("doctor");
        using var other = await server.SignedInAsync("other");
        var draft = await DraftAsync(doctor);
        Assert.EndsWith("?refused=not-found", await PostAsync(other, $"{draft}/code"), StringComparison.Ordinal);
        var token = await TokenAsync(doctor, draft);

        using var phone = server.NewBrowser();
        var page = await phone.Http.GetStringAsync($"/c/{token}", Cancel);
        foreach (var word in new[] { "李**", "青山团队", "首诊与健康咨询" }) Assert.Contains(word, page, StringComparison.Ordinal);
        Assert.DoesNotContain("1960-02", page, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await SignAsync(phone, token, ""));
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => SignAsync(phone, token, ContractWorld.Stroke)));
        Assert.Equal(1, answers.Count(a => a is HttpStatusCode.OK));
        Assert.All(answers.Where(a => a is not HttpStatusCode.OK), a => Assert.True(a is HttpStatusCode.NotFound or HttpStatusCode.Conflict, $"{a}"));
        foreach (var wrong in new[] { token, token[..^1] + (token[^1] is '0' ? '1' : '0'), "x" })
            Assert.Equal(HttpStatusCode.NotFound, (await phone.Http.GetAsync($"/c/{wrong}", Cancel)).StatusCode);

        var contracts = await ContractReading.OfPersonAsync(server.Records, TestServer.Operator, "m1", Cancel);
        var active = Assert.Single(contracts, c => c.StateOn(LocalTime.Today(TimeProvider.System)) is ContractState.Active);
        Assert.Contains(ContractWorld.Stroke, await doctor.Http.GetStringAsync($"/contracts/{active.Id}", Cancel), StringComparison.Ordinal);
        Assert.Equal([ContractState.Active, ContractState.Ended], contracts.Select(c => c.Kept).Order());
    }

    [Fact]
    public async Task A_code_is_over_after_a_day()
    {
        using var folder = new Tongxin.Kernel.Tests.Records.TemporaryFolder();
        await using var world = await ContractWorld.OpenAsync(new Kernel.Access.RecordEngine.Sqlite(folder.Path), Cancel);
        var links = new SigningLink(world.Records, world.Sign, world.Clock);
        var token = await links.DrawAsync(ContractWorld.Village, await world.Sign.DraftAsync(ContractWorld.Village, "p1", ContractWorld.Offer(world.Today), Cancel), Cancel);
        world.Clock.Advance(SigningLink.Lifetime - TimeSpan.FromMinutes(1));
        Assert.NotNull(await links.OpenAsync(token, Cancel));
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(await links.OpenAsync(token, Cancel));
        Assert.Equal(404, (await Assert.ThrowsAsync<Tongxin.Fhir.RefusedException>(() => links.SignAsync(token, ContractWorld.Stroke, Cancel))).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_contract_on_paper_is_kept_as_a_photo_of_the_right_kind_and_size_that_only_her_carers_see(bool postgres)
    {
        await using var server = await OpenAsync(postgres);
        using var doctor = await server.SignedInAsync("doctor");
        using var other = await server.SignedInAsync("other");
        byte[] photo = [0xFF, 0xD8, 0xFF, 0xE0, .. Enumerable.Range(0, 5_000).Select(n => (byte)(n * 31))];
        Assert.EndsWith("?refused=photo", await PhotoAsync(doctor, [.. "<svg onload=alert(1)>"u8, .. new byte[500]]), StringComparison.Ordinal);
        Assert.EndsWith("?refused=photo", await PhotoAsync(doctor, [.. photo, .. new byte[PaperPhoto.MostBytes]]), StringComparison.Ordinal);
        Assert.EndsWith("?refused=signature", await PhotoAsync(doctor, []), StringComparison.Ordinal);

        var signed = await PhotoAsync(doctor, photo);
        Assert.EndsWith("?done=signed", signed, StringComparison.Ordinal);
        var contract = signed.Split('?')[0];
        Assert.Contains($"{contract}/paper", await doctor.Http.GetStringAsync(contract, Cancel), StringComparison.Ordinal);
        using var shown = await doctor.Http.GetAsync($"{contract}/paper", Cancel);
        Assert.Equal(("image/jpeg", "nosniff"), (shown.Content.Headers.ContentType!.MediaType, shown.Headers.GetValues("X-Content-Type-Options").Single()));
        Assert.Equal(photo, await shown.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal(HttpStatusCode.NotFound, (await other.Http.GetAsync($"{contract}/paper", Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_contract_that_ends_within_thirty_days_stands_on_the_doctors_list()
    {
        await using var server = await OpenAsync(postgres: false);
        using var doctor = await server.SignedInAsync("doctor");
        var contract = (await ContractPageTests.SignAsync(doctor, "m1", ContractWorld.Stroke)).Split('?')[0];
        Assert.DoesNotContain(contract, await doctor.Http.GetStringAsync("/contracts?list=ending", Cancel), StringComparison.Ordinal);
        var stored = await server.Records.ReadAsync(TestServer.Operator, new("Contract", contract.Split('/')[^1]), Cancel);
        var body = Web.Components.JsonWriting.Edit(stored!);
        var today = LocalTime.Today(TimeProvider.System);
        foreach (var (days, isListed) in new[] { (ContractRules.PromptDays + 1, false), (ContractRules.PromptDays, true), (0, true), (-1, false) })
        {
            body["applies"] = ContractBody.Term(today.AddYears(-1), today.AddDays(days));
            await server.PutAsync(body.ToJsonString());
            Assert.Equal(isListed, (await doctor.Http.GetStringAsync("/contracts?list=ending", Cancel)).Contains(contract, StringComparison.Ordinal));
        }
    }

    private static async Task<string> DraftAsync(Browser doctor) =>
        (await PostAsync(doctor, "/contracts/sign/m1/step", ("step", "code"), ("team", "team-a"), ("years", "2"), ("package", "basic"), ("menu", "home-visit"))).Split('?')[0];

    private static async Task<string> TokenAsync(Browser doctor, string draft)
    {
        using var answer = await doctor.PostFormAsync($"{draft}/code", await doctor.TokenAsync("/contracts/sign/m2"));
        var page = await answer.Content.ReadAsStringAsync(Cancel);
        return page[(page.IndexOf("/c/", StringComparison.Ordinal) + 3)..][..32];
    }

    private static async Task<HttpStatusCode> SignAsync(Browser phone, string token, string stroke)
    {
        using var answer = await phone.PostFormAsync($"/c/{token}", token: null, ("stroke", stroke));
        return answer.StatusCode;
    }

    private static async Task<string> PhotoAsync(Browser doctor, byte[] bytes)
    {
        using var form = new MultipartFormDataContent();
        foreach (var (name, value) in new[] { ("step", "sign"), ("team", "team-a"), ("years", "1"), ("package", "basic"), ("stroke", ""),
            ("__RequestVerificationToken", await doctor.TokenAsync("/contracts/sign/m2")) }) form.Add(new StringContent(value), name);
        using var photo = new ByteArrayContent(bytes);
        photo.Headers.ContentType = new MediaTypeHeaderValue("image/jpeg");
        form.Add(photo, "photo", "paper.jpg");
        using var answer = await doctor.Http.PostAsync("/contracts/sign/m1/step", form, Cancel);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return answer.Headers.Location!.ToString();
    }
}
