using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.SignIn;
using static Tongxin.Modules.Tests.SignIn.Places;

namespace Tongxin.Modules.Tests.SignIn;

/// <summary>The routes that are no plain FHIR request: pages, sheets, terminology, bulk files and event streams answer alike with and without other people's data.</summary>
/// <remarks>
/// Left out of the comparison: times, ids and form tokens the server made, and an event's place in the feed, which is a row number like a page's cursor.
/// Not asked: the city's own figures, which rightly count the other county, and saving a registration, which rightly says that a number is taken.
/// </remarks>
public sealed partial class LaterRoutesInferenceTests(ITestOutputHelper output)
{
    private static readonly (string Name, Post Post, string Subject, string[] Wards)[] Attackers =
    [
        ("village", new(Role.VillageDoctor, "village-a1"), "Practitioner/v", []), ("public", new(Role.PublicHealthStaff, "town-a"), "Practitioner/h", []),
        ("specialist", new(Role.Specialist, "east-hospital"), "Practitioner/s", []), ("leader", new(Role.TeamLeader, "town-a"), "Practitioner/l", []),
        ("manager", new(Role.HospitalManager, "town-a"), "Practitioner/g", []), ("county", new(Role.CountyCommission, "east"), "Practitioner/c", []),
        ("cdc", new(Role.DiseaseControl, "east-cdc"), "Practitioner/d", []), ("administrator", new(Role.Administrator, null), "Practitioner/r", []),
        ("proxy", new(Role.Proxy, null), "RelatedPerson/p", ["m1"]), ("resident", new(Role.Resident, null), "Patient/m2", []),
    ];

    private static string Evaluate => $"/fhir/Measure/hypertension-control/$evaluate-measure?periodStart={Today.Year}-01-01&periodEnd={Today:yyyy-MM-dd}";
    private static DateOnly Today => Kernel.Programmes.LocalTime.Today(TimeProvider.System);

    private static readonly string[] Pages =
    [
        "/cockpit", "/cockpit?people=1", "/cockpit.csv",
        "/duplicates", "/duplicates/m1/f1", "/duplicates/m1/never", "/duplicates/f1/f2", "/registration",
        "/registration?q=赵",
        "/registration/new", "/registration/found?q=赵", "/registration/found?q=李", "/registration/found?q=n-f2", "/registration/found?q=1960",
        "/registration/roll", "/registration/roll/never", "/registration/roll/never/refused",
        "/people", "/people?q=赵", "/people?q=李",
        "/person/f1", "/person/never", "/person/f1/card", "/follow-up/f1", "/today", "/today/traced", "/panel", "/panel?programme=severe-mental-disorders", "/panel?place=town-c",
        "/contracts", "/contracts/sign/f1", "/contracts/groups",
        "/contracts/promises",
        "/contracts/statement", "/referrals", "/referrals/statistics", "/referrals/slots", "/mine", "/my-rights", "/my-rights/record.json", "/corrections", "/accounts",
        "/fhir/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender", "/fhir/ValueSet/$expand?url=urn:foreign",
        "/fhir/ValueSet/$expand?url=urn:foreign&filter=赵",
        "/fhir/CodeSystem/$lookup?system=http://hl7.org/fhir/sid/icd-10&code=F20.0", "/fhir/CodeSystem/$lookup?system=urn:x&code=n-f2",
        "/fhir/Measure", "/fhir/Measure/hypertension-control", Evaluate, $"{Evaluate}&reporter=Organization/town-c", $"{Evaluate}&reportType=subject-list",
        $"{Evaluate}&subject=Patient/f1", $"{Evaluate}&subject=Patient/never",
    ];

    private static readonly string[] Exports =
        ["/fhir/$export", "/fhir/Patient/$export", "/fhir/$export?_type=Patient,Observation,Condition", "/fhir/$export?_since=2020-01-01T00:00:00Z"];
    private static readonly string[] Streams = ["/fhir/Patient/$events", "/fhir/Condition/$events", "/fhir/Observation/$events?value-quantity=gt180"];

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(4), Longest = TimeSpan.FromSeconds(90);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pages_files_and_streams_do_not_tell_whether_other_peoples_data_is_there(bool postgres)
    {
        await using var without = await StartAsync(postgres, isForeignThere: false);
        await using var with = await StartAsync(postgres, isForeignThere: true);
        await Task.WhenAll(SettledAsync(without), SettledAsync(with));
        // The pair of m1 and f1 was found, so what is compared below is with it.
        Assert.Single((await with.Records.SearchAsync(TestServer.Operator, "Linkage", "", Cancel)).Matches);
        var (asked, wrong, found) = (0, new List<string>(), new Dictionary<string, int>());
        foreach (var attacker in Attackers)
        {
            await without.AddAsync(attacker.Name, attacker.Post, attacker.Subject, attacker.Wards);
            await with.AddAsync(attacker.Name, attacker.Post, attacker.Subject, attacker.Wards);
            using var left = await without.SignedInAsync(attacker.Name);
            using var right = await with.SignedInAsync(attacker.Name);
            foreach (var (kind, path, ask) in Questions())
            {
                asked++;
                var (one, other) = await SettledAsync(() => ask(left), () => ask(right));
                var key = $"{kind} {one[..3]}";
                found[key] = found.GetValueOrDefault(key) + 1;
                if (one.StartsWith("500", StringComparison.Ordinal) || other.StartsWith("500", StringComparison.Ordinal)) wrong.Add($"{attacker.Name}: {path} broke the server");
                if (one == other) continue;
                wrong.Add($"{attacker.Name}: {path}\n  without: {Around(one, other)}\n  with:    {Around(other, one)}");
            }
        }

        var kinds = string.Join(", ", found.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key} × {f.Value}"));
        output.WriteLine($"{asked} questions, {wrong.Count} answered differently ({(postgres ? "PostgreSQL" : "SQLite")}): {kinds}");
        Assert.True(wrong.Count is 0, string.Join('\n', wrong.Take(20)));
        Assert.Contains(found, f => f.Key is "export 200");
        Assert.Contains(found, f => f.Key is "stream 200");
    }

    private static IEnumerable<(string Kind, string Path, Func<Browser, Task<string>> Ask)> Questions()
    {
        foreach (var path in Pages) yield return ("page", path, browser => GetAsync(browser, path));
        foreach (var path in Exports) yield return ("export", path, browser => ExportAsync(browser, path));
        foreach (var path in Streams) yield return ("stream", path, browser => StreamAsync(browser, path));
    }

    private static async Task<string> GetAsync(Browser browser, string path)
    {
        using var answer = await browser.Http.GetAsync(path, Cancel);
        return $"{(int)answer.StatusCode} {answer.Headers.Location} {answer.Content.Headers.ContentType}\n{await answer.Content.ReadAsStringAsync(Cancel)}";
    }

    // The order, the manifest when it is done, and every file in it.
    private static async Task<string> ExportAsync(Browser browser, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Prefer", "respond-async" } } };
        using var order = await browser.Http.SendAsync(request, Cancel);
        if (order.Content.Headers.ContentLocation is not { } place) return $"{(int)order.StatusCode} {await order.Content.ReadAsStringAsync(Cancel)}";
        var manifest = await GetAsync(browser, place.PathAndQuery);
        for (var i = 0; i < 200 && manifest.StartsWith("202", StringComparison.Ordinal); i++)
        {
            await Task.Delay(50, Cancel);
            manifest = await GetAsync(browser, place.PathAndQuery);
        }

        var said = new StringBuilder(manifest);
        foreach (Match file in File().Matches(manifest))
            if (!file.Groups[1].Value.EndsWith("$export", StringComparison.Ordinal) && file.Groups[1].Value.Contains("bulk-file", StringComparison.Ordinal))
                said.Append('\n').Append(await GetAsync(browser, new Uri(file.Groups[1].Value.Replace("\\u0026", "&", StringComparison.Ordinal)).PathAndQuery));
        return said.ToString();
    }

    // From the beginning of the feed, until it has said nothing new for a while.
    private static async Task<string> StreamAsync(Browser browser, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Last-Event-ID", "0");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        using var answer = await browser.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
        var said = new StringBuilder($"{(int)answer.StatusCode} {answer.Content.Headers.ContentType}\n");
        if (!answer.IsSuccessStatusCode) return said.Append(await answer.Content.ReadAsStringAsync(Cancel)).ToString();
        timeout.CancelAfter(TimeSpan.FromSeconds(1.2));
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(timeout.Token));
        try
        {
            while (await reader.ReadLineAsync(timeout.Token) is { } line)
                if (!line.StartsWith(':') && line.Length > 0) said.Append(line).Append('\n');
        }
        catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
        {
            // What was there to say has been said.
        }

        return said.ToString();
    }

    // Indicators of months past are reckoned in the background for minutes and write no version: who differs is asked again until the time is over.
    private static async Task<(string One, string Other)> SettledAsync(Func<Task<string>> left, Func<Task<string>> right)
    {
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(TimeSpan.FromSeconds(2), Cancel))
        {
            var answers = await Task.WhenAll(left(), right());
            var (one, other) = (Plain(answers[0]), Plain(answers[1]));
            if (one == other || Stopwatch.GetElapsedTime(began) > Longest) return (one, other);
        }
    }

    // What follows the record (programmes, indicators, outlooks, duplicates) has caught up when it writes nothing more.
    private static async Task SettledAsync(TestServer server)
    {
        var (feed, position, began, quietSince) = (server.Services.GetRequiredService<RecordFeed>(), 0L, Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(quietSince) < Quiet)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Longest, "The followers of the record do not come to rest.");
            if (await feed.AfterAsync(TestServer.Operator, position, 1_000, Cancel) is [.., var last]) (position, quietSince) = (last.Position, Stopwatch.GetTimestamp());
            else await Task.Delay(100, Cancel);
        }
    }

    private static async Task<TestServer> StartAsync(bool postgres, bool isForeignThere)
    {
        var server = await TestServer.StartAsync(postgres);
        await server.PutAsync(Tree);
        await server.PutAsync(
            Patient("m1", "village-a1", "李", "same"), Patient("m2", "village-a1", "王"), Observation("mo1", "m1", 120),
            Observation("mo2", "m2", 185), Condition("mc1", "m1", "I10"));
        if (isForeignThere)
        {
            await server.PutAsync(Patient("f1", "village-c1", "李", "same"), Patient("f2", "village-c1", "赵"), Patient("f3", "village-c1", "钱"),
                Observation("fo1", "f1", 190),
                Observation("fo2", "f2", 188), Condition("fc1", "f1", "I10"), Condition("fc2", "f2", "F20.0"), Condition("ms1", "m1", "T74.1"));
            await server.PutAsync(Observation("fo1", "f1", 191), Patient("f2", "village-c1", "赵二"));
            await server.Records.CommitAsync(TestServer.Operator, [new Change.Delete(new("Patient", "f3")), new Change.Delete(new("Observation", "fo2"))], new(), Cancel);
        }

        return server;
    }

    private static string Around(string text, string other) => string.Join('\n', text.Split('\n').Except(other.Split('\n')));

    private static string Plain(string text)
    {
        text = Token().Replace(text, "TOKEN");
        text = Time().Replace(text, "TIME");
        text = Clock().Replace(text, "CLOCK");
        text = Port().Replace(text, "HOST");
        text = Place().Replace(text, "id: PLACE");
        var made = new Dictionary<string, string>(StringComparer.Ordinal);
        return Made().Replace(text, m => made.TryGetValue(m.Value, out var known) ? known : made[m.Value] = $"ID{made.Count}");
    }

    [GeneratedRegex("\"url\":\\s*\"([^\"]+)\"")]
    private static partial Regex File();

    [GeneratedRegex("CfDJ8[A-Za-z0-9_-]+")]
    private static partial Regex Token();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")]
    private static partial Regex Time();

    [GeneratedRegex(@"\b\d\d:\d\d(:\d\d)?\b")]
    private static partial Regex Clock();

    [GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial Regex Port();

    [GeneratedRegex(@"^id: \d+", RegexOptions.Multiline)]
    private static partial Regex Place();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}")]
    private static partial Regex Made();
}
