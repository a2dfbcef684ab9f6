using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tongxin.Kernel.Access;

namespace Tongxin.Modules.Tests.SignIn;

/// <summary>What the auditor and the resident see of who looked, over HTTP; and that neither log nor trail keeps what a person is called.</summary>
public sealed class AuditPagesTests
{
    private const string Name = "欧阳雪莉", Number = "110101199003077758", Phone = "13912345678", Village = "某某村唯一路九号";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_resident_sees_within_five_seconds_who_looked_at_her_record()
    {
        await using var server = await StartAsync();
        using var resident = await server.SignedInAsync("resident");
        using var doctor = await server.SignedInAsync("doctor");
        Assert.DoesNotContain(">doctor<", await resident.Http.GetStringAsync("/mine", Cancel), StringComparison.Ordinal);

        using var looked = await doctor.Http.GetAsync("/fhir/Patient/m1", Cancel);
        var began = TimeProvider.System.GetTimestamp();
        while (!(await resident.Http.GetStringAsync("/mine", Cancel)).Contains(">doctor<", StringComparison.Ordinal))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Soon, "not on the page after five seconds");
            await Task.Delay(100, Cancel);
        }
    }

    [Fact]
    public async Task The_auditor_finds_who_looked_and_who_searched_for_a_name_that_the_trail_does_not_keep()
    {
        await using var server = await StartAsync();
        using var doctor = await server.SignedInAsync("doctor");
        using var auditor = await server.SignedInAsync("auditor");
        using var search = await doctor.Http.GetAsync($"/fhir/Patient?name={Uri.EscapeDataString(Name)}", Cancel);
        using var read = await doctor.Http.GetAsync("/fhir/Patient/m1", Cancel);
        await server.Services.GetRequiredService<AuditTrail>().FlushAsync(Cancel);

        Assert.Equal("/audit", (await auditor.Http.GetAsync("/", Cancel)).Headers.Location!.ToString());
        Assert.Contains("Patient/m1", await RowsAsync(auditor, "?person=m1&did=read"), StringComparison.Ordinal);
        Assert.Contains("<td>doctor", await RowsAsync(auditor, "?who=Practitioner/d"), StringComparison.Ordinal);
        Assert.DoesNotContain("<td>doctor", await RowsAsync(auditor, "?who=Practitioner/x"), StringComparison.Ordinal);
        Assert.Contains("<td>doctor", await RowsAsync(auditor, $"?sought={Uri.EscapeDataString(Name)}"), StringComparison.Ordinal);
        Assert.DoesNotContain("<td>doctor", await RowsAsync(auditor, $"?sought={Uri.EscapeDataString("赵钱孙")}"), StringComparison.Ordinal);
        Assert.DoesNotContain("<td>doctor", await RowsAsync(auditor, "?from=2999-01-01"), StringComparison.Ordinal);
        foreach (var bad in new[] { "?before=x", "?from=x&until=y", "?person=%27%3Bdrop", "?refused=true" })
            Assert.True((await auditor.Http.GetAsync("/audit" + bad, Cancel)).StatusCode < HttpStatusCode.InternalServerError);
    }

    [Fact]
    public async Task After_half_a_year_both_are_told_what_is_archived_and_the_auditor_still_finds_it()
    {
        var clock = new ShiftedClock();
        await using var server = await StartAsync(b => b.Services.AddSingleton<TimeProvider>(clock));
        using (var doctor = await server.SignedInAsync("doctor"))
        using (await doctor.Http.GetAsync("/fhir/Patient/m1", Cancel))
        {
            await server.Services.GetRequiredService<AuditTrail>().FlushAsync(Cancel);
            using var early = await server.SignedInAsync("resident");
            var before = await early.Http.GetStringAsync("/mine", Cancel);
            Assert.Contains(">doctor<", before, StringComparison.Ordinal);
            Assert.DoesNotContain("id=\"archived\"", before, StringComparison.Ordinal);
        }

        clock.Advance(TimeSpan.FromDays(190));
        await server.PutAsync(Places.Patient("m2", "village-a1"));
        var archiving = server.Services.GetServices<IHostedService>().Single(s => s.GetType().Name is "AuditArchiving");
        await archiving.StopAsync(Cancel);
        await archiving.StartAsync(Cancel);
        var trail = server.Services.GetRequiredService<AuditTrail>();
        for (var i = 0; i < 100 && trail.Archived is null; i++) await Task.Delay(100, Cancel);

        using var resident = await server.SignedInAsync("resident");
        var mine = await resident.Http.GetStringAsync("/mine", Cancel);
        Assert.DoesNotContain(">doctor<", mine, StringComparison.Ordinal);
        Assert.Contains("id=\"archived\"", mine, StringComparison.Ordinal);
        using var auditor = await server.SignedInAsync("auditor");
        Assert.Contains("id=\"archived\"", await auditor.Http.GetStringAsync("/audit", Cancel), StringComparison.Ordinal);
        Assert.Contains("<td>doctor", await RowsAsync(auditor, "?person=m1&did=read"), StringComparison.Ordinal);
        Assert.True((await trail.VerifyAsync(Cancel)).Holds);
    }

    [Fact]
    public async Task Broken_glass_waits_for_the_auditors_verdict_with_its_deadline()
    {
        var clock = new ShiftedClock();
        await using var server = await StartAsync(b => b.Services.AddSingleton<TimeProvider>(clock));
        await server.PutAsync(Places.Patient("far", "village-c1", "远"));
        using var doctor = await server.SignedInAsync("doctor");
        using var opened = await doctor.PostFormAsync("/break-glass", ("person", "far"), ("reason", "emergency"), ("text", "村口车祸，昏迷，需要既往史"));
        Assert.Equal(HttpStatusCode.OK, (await doctor.Http.GetAsync("/fhir/Patient/far", Cancel)).StatusCode);
        clock.Advance(TimeSpan.FromMinutes(61));
        using var again = await server.SignedInAsync("doctor");
        Assert.Equal(HttpStatusCode.NotFound, (await again.Http.GetAsync("/fhir/Patient/far", Cancel)).StatusCode);

        using var auditor = await server.SignedInAsync("auditor");
        var page = WebUtility.HtmlDecode(await auditor.Http.GetStringAsync("/reviews", Cancel));
        Assert.Contains("村口车祸", page, StringComparison.Ordinal);
        Assert.Contains("期限 due", page, StringComparison.Ordinal);
        clock.Advance(TimeSpan.FromHours(72));
        using var late = await server.SignedInAsync("auditor");
        page = WebUtility.HtmlDecode(await late.Http.GetStringAsync("/reviews", Cancel));
        Assert.Contains("已超期", page, StringComparison.Ordinal);
        var id = System.Text.RegularExpressions.Regex.Match(page, "action=\"/reviews/([^\"]+)\"", default, TimeSpan.FromSeconds(1)).Groups[1].Value;
        using var empty = await late.PostFormAsync("/reviews/" + id, Browser.TokenIn(page), ("verdict", "justified"), ("text", ""), ("version", "1"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, empty.StatusCode);
        using var judged = await late.PostFormAsync("/reviews/" + id, Browser.TokenIn(page), ("verdict", "justified"), ("text", "急诊记录已核对"), ("version", "1"));
        Assert.Equal(HttpStatusCode.Redirect, judged.StatusCode);
        Assert.Contains("急诊记录已核对", WebUtility.HtmlDecode(await late.Http.GetStringAsync("/reviews", Cancel)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Neither_the_log_nor_the_trail_says_what_a_person_is_called()
    {
        var log = new Lines();
        await using var server = await StartAsync(b => b.Logging.ClearProviders().AddProvider(log));
        using var doctor = await server.SignedInAsync("doctor");
        var body = $$"""
            {"resourceType":"Patient","identifier":[{"system":"urn:id","value":"{{Number}}"}],"name":[{"text":"{{Name}}","family":"{{Name[..2]}}"}],
            "telecom":[{"system":"phone","value":"{{Phone}}"}],"address":[{"text":"{{Village}}"}],"gender":"female","birthDate":"1990-03-07",
            "managingOrganization":{"reference":"Organization/village-a1"} }
            """;
        foreach (var bad in new[] { body, body.Replace("\"female\"", $"\"{Name}\"", StringComparison.Ordinal), body[..^3],
                     body.Replace("birthDate", Name, StringComparison.Ordinal) })
            using (await doctor.Http.PostAsync("/fhir/Patient", new StringContent(bad, Encoding.UTF8, "application/fhir+json"), Cancel)) { }
        foreach (var query in new[] { $"name={Name}", $"identifier=urn:id|{Number}", $"phone={Phone}", $"address={Village}",
                     $"birthdate=1990-03-07&family={Name}", $"{Name}={Number}" })
        {
            using var search = await doctor.Http.GetAsync("/fhir/Patient?" + query, Cancel);
            using var chain = await doctor.Http.GetAsync("/fhir/Observation?subject:Patient." + query, Cancel);
            using var page = await doctor.Http.GetAsync("/people?q=" + query.Split('=')[1], Cancel);
        }

        using var wrong = await doctor.PostFormAsync("/sign-in", ("name", Name), ("password", Number));
        using var glass = await doctor.PostFormAsync("/break-glass", ("person", Name), ("reason", "emergency"), ("text", "short"));
        var trail = server.Services.GetRequiredService<AuditTrail>();
        await trail.FlushAsync(Cancel);
        var kept = string.Join('\n', (await trail.LatestAsync(Cancel, rows: 500)).Passages.Select(p => System.Text.Json.JsonSerializer.Serialize(p.Entry, Plain)));

        Assert.Contains("Patient.name", kept, StringComparison.Ordinal);
        foreach (var secret in new[] { Name, Number, Phone, Village, "1990-03-07" })
        {
            Assert.DoesNotContain(secret, kept, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, log.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(Uri.EscapeDataString(secret), log.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_first_start_warns_of_nothing()
    {
        var log = new Lines();
        await using (var server = await TestServer.StartAsync(with: b => b.Logging.ClearProviders().AddProvider(log)))
        {
            using var browser = server.NewBrowser();
            await browser.TokenAsync("/sign-in");
            foreach (var file in Directory.EnumerateFiles(Path.Combine(server.Folder, "protection")))
                Assert.DoesNotContain("<value>", await File.ReadAllTextAsync(file, Cancel), StringComparison.Ordinal);
        }

        Assert.DoesNotContain("XML encryptor", log.ToString(), StringComparison.Ordinal);
    }

    private static readonly System.Text.Json.JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static async Task<TestServer> StartAsync(Action<Microsoft.AspNetCore.Builder.WebApplicationBuilder>? with = null)
    {
        var server = await TestServer.StartAsync(with: with);
        await server.PutAsync(Places.Tree);
        await server.PutAsync(Places.Patient("m1", "village-a1"));
        await server.AddAsync("doctor", new(Role.VillageDoctor, "village-a1"), "Practitioner/d");
        await server.AddAsync("auditor", new(Role.Auditor, "east"), "Practitioner/a");
        await server.AddAsync("resident", new(Role.Resident, null), "Patient/m1");
        return server;
    }

    private static async Task<string> RowsAsync(Browser browser, string query)
    {
        var page = WebUtility.HtmlDecode(await browser.Http.GetStringAsync("/audit" + query, Cancel));
        return page[page.IndexOf("<tbody>", StringComparison.Ordinal)..];
    }

    /// <summary>All that was logged at the levels the host logs, exceptions too.</summary>
    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly StringBuilder text = new();

        public ILogger CreateLogger(string categoryName) => this;
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (text) text.AppendLine(formatter(state, exception)).AppendLine(exception?.ToString());
        }

        public override string ToString()
        {
            lock (text) return text.ToString();
        }

        public void Dispose() { }
    }
}
