using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Bench.Store;
using Tongxin.Host;
using Tongxin.Host.Demo;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Tests.Records;
using Tongxin.Modules.FamilyDoctor;
using Tongxin.Web.SignIn;

namespace Tongxin.Bench.Family;

/// <summary>How long a form takes at the server that signs a contract, sends a referral with its package, accepts one: whole pages over HTTP, signed in, audited.</summary>
/// <remarks>One person after another, as at one desk; the followers of the record run as they do in a server, after they have caught up or the wait for them is over.</remarks>
internal static partial class FamilyBench
{
    private const ulong Seed = 20_170_228;
    private const string Town = "t01", Hospital = Places.HospitalId;
    private static readonly Caller Self = Caller.System("bench");

    /// <summary><c>family [RESIDENTS] [--at CONNECTION FOLDER] [--times N] [--settle SECONDS]</c>.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var times = Number(args, "--times", 200);
        var settle = TimeSpan.FromSeconds(Number(args, "--settle", 600));
        if (Array.IndexOf(args, "--at") is >= 0 and var at) return await MeasureAsync(new RecordEngine.Postgres(args[at + 1]) { Folder = args[at + 2] }, null, times, settle);
        await using var cluster = await PostgresCluster.StartAsync();
        var folder = Directory.CreateTempSubdirectory("tongxin-bench-").FullName;
        var residents = args.Select(a => int.TryParse(a, out var n) ? n : 0).FirstOrDefault(2_000);
        return await MeasureAsync(new RecordEngine.Postgres(await cluster.CreateDatabaseAsync()) { Folder = folder }, residents, times, settle);
    }

    private static async Task<int> MeasureAsync(RecordEngine engine, int? residents, int times, TimeSpan settle)
    {
        await using var app = await Serving.BuildAsync(new(engine, "http://127.0.0.1:0") { SignIn = new() { IsDemo = true } }, default);
        var records = app.Services.GetRequiredService<RecordAccess>();
        if (residents is { } many)
            await new Seeding(records, app.Services.GetRequiredService<ServiceCatalogue>())
                .RunAsync(new(Seed, many, LocalTime.Today(TimeProvider.System)), new Progress<int>(), default);
        await DemoAccounts.MakeAsync(app.Services, default);
        await app.StartAsync();
        var people = (await records.SearchAsync(Self, "Patient", "_summary=count", default)).Total;
        var isQuiet = await QuietAsync(settle);
        Report.Say($"PostgreSQL, {people} residents, {times} of each, followers {(isQuiet ? "caught up" : "still busy")}, load before {Load()}");
        using var township = await SignInAsync(app, $"c-{Town}");
        using var specialist = await SignInAsync(app, "s-cardiology");
        var unsigned = await UnsignedAsync(township, times);
        var drafts = await DraftsAsync(records, unsigned);
        var when = LocalTime.Today(TimeProvider.System).AddDays(3).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) + "T09:00";
        Report.Say("| step | times | page median ms | page p95 ms | post median ms | post p95 ms | post longest ms |");
        await StepAsync("sign a contract", township, unsigned, p => ($"/contracts/sign/{p}", $"/contracts/sign/{p}/step"),
            [("step", "sign"), ("team", $"team-{Town}"), ("years", "1"), ("package", "basic"), ("stroke", "M10 20L30 40L50 60L90 30")]);
        await StepAsync("send a referral", township, drafts, r => ($"/referrals/{r}", $"/referrals/{r}/step"),
            [("step", "send"), ("to", Hospital), ("consent", "true"), .. Modules.Referrals.ReferralPackage.Parts.Select(p => ("part", p))]);
        await StepAsync("accept it", specialist, drafts, r => ($"/referrals/{r}", $"/referrals/{r}/step"), [("step", "accept"), ("when", when)]);
        Report.Say($"load after {Load()}");
        await app.StopAsync();
        return 0;
    }

    private static async Task StepAsync(
        string what, HttpClient client, IReadOnlyList<string> ids, Func<string, (string Page, string Post)> at, (string Name, string Value)[] fields)
    {
        var (pages, posts) = (new List<double>(), new List<double>());
        foreach (var id in ids)
        {
            var (page, post) = at(id);
            var clock = Stopwatch.GetTimestamp();
            var html = await client.GetStringAsync(page);
            pages.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
            var form = fields.Append(("__RequestVerificationToken", Token().Match(html).Groups[1].Value)).Select(f => KeyValuePair.Create(f.Item1, f.Item2));
            clock = Stopwatch.GetTimestamp();
            using var answer = await client.PostAsync(post, new FormUrlEncodedContent(form));
            posts.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
            if (answer.Headers.Location?.ToString().Contains("done=", StringComparison.Ordinal) is not true)
                throw new InvalidOperationException($"{post} was not done: {(int)answer.StatusCode} {answer.Headers.Location}");
        }

        Report.Say(string.Create(CultureInfo.InvariantCulture,
            $"| {what} | {ids.Count} | {Share(pages, 0.5):F0} | {Share(pages, 0.95):F0} | {Share(posts, 0.5):F0} | {Share(posts, 0.95):F0} | {posts.Max():F0} |"));
    }

    // Those of the town whom nobody signed, as the clinician's own list of key groups names them.
    private static async Task<IReadOnlyList<string>> UnsignedAsync(HttpClient township, int times)
    {
        var found = new List<string>();
        for (var page = 1; found.Count < times; page++)
        {
            var html = await township.GetStringAsync($"/contracts/groups?group=all&asked=notyet&page={page}");
            var more = Unsigned().Matches(html).Select(m => m.Groups[1].Value).Except(found).ToList();
            if (more.Count is 0) break;
            found.AddRange(more);
        }

        return [.. found.Take(times)];
    }

    private static async Task<IReadOnlyList<string>> DraftsAsync(RecordAccess records, IReadOnlyList<string> people)
    {
        var run = Guid.NewGuid().ToString("N")[..8];
        foreach (var chunk in people.Chunk(100))
            await records.CommitAsync(Self, [.. chunk.Select(p => new Change.Put(new("ServiceRequest", $"bench-{run}-{p}"), System.Text.Encoding.UTF8.GetBytes($$"""
                {"resourceType":"ServiceRequest","id":"bench-{{run}}-{{p}}","status":"draft","intent":"proposal","priority":"routine","subject":{"reference":"Patient/{{p}}"},
                "reasonCode":[{"text":"连续两次血压未达标"}]}
                """)))], new(), default);
        return [.. people.Select(p => $"bench-{run}-{p}")];
    }

    private static async Task<HttpClient> SignInAsync(WebApplication app, string practitioner)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() }) { BaseAddress = new(app.Urls.First()) };
        var html = await client.GetStringAsync("/sign-in");
        await using var scope = app.Services.CreateAsyncScope();
        var account = await scope.ServiceProvider.GetRequiredService<UserManager<Account>>().FindByNameAsync($"demo-{practitioner}")
            ?? throw new InvalidOperationException($"No account of the demo: {practitioner}");
        using var answer = await client.PostAsync("/sign-in/demo", new FormUrlEncodedContent([
            new("__RequestVerificationToken", Token().Match(html).Groups[1].Value), new("id", account.Id), new("post", "0")]));
        if (answer.StatusCode is not HttpStatusCode.Redirect) throw new InvalidOperationException($"{practitioner} could not sign in: {(int)answer.StatusCode}");
        return client;
    }

    // Quiet is a process that takes less than a tenth of a core for ten seconds.
    private static async Task<bool> QuietAsync(TimeSpan most)
    {
        var (clock, quiet) = (Stopwatch.StartNew(), 0);
        while (clock.Elapsed < most && quiet < 2)
        {
            var before = Process.GetCurrentProcess().TotalProcessorTime;
            await Task.Delay(TimeSpan.FromSeconds(5));
            quiet = Process.GetCurrentProcess().TotalProcessorTime - before < TimeSpan.FromMilliseconds(500) ? quiet + 1 : 0;
        }

        return quiet is 2;
    }

    private static double Share(List<double> all, double share) => all.Order().ElementAt((int)Math.Min(all.Count - 1, share * all.Count));

    private static string Load() => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]);

    private static int Number(string[] args, string name, int other) =>
        Array.IndexOf(args, name) is >= 0 and var at ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : other;

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*value=\"([^\"]+)\"")]
    private static partial Regex Token();

    [GeneratedRegex("href=\"/contracts/sign/([^\"?]+)\"")]
    private static partial Regex Unsigned();
}
