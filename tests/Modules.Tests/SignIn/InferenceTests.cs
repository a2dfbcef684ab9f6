using System.Text;
using System.Text.RegularExpressions;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.SignIn;
using static Tongxin.Modules.Tests.SignIn.Places;

namespace Tongxin.Modules.Tests.SignIn;

/// <summary>Two servers, one with other people's data and one without: whatever an attacker asks, both must answer alike to the byte.</summary>
/// <remarks>Left out of the comparison: times, ids the server made, and the row number in a page's cursor (docs/decisions/what-an-answer-may-tell.md).</remarks>
public sealed partial class InferenceTests(ITestOutputHelper output)
{
    private const int FewestQuestions = 1_000;

    // Nobody below reaches the other county's people; nobody but the last two reaches what is confidential of m1.
    private static readonly (string Name, Post Post, string Subject, string[] Wards)[] Attackers =
    [
        ("village", new(Role.VillageDoctor, "village-a1"), "Practitioner/v", []), ("township", new(Role.TownshipClinician, "town-a"), "Practitioner/t", []),
        ("public", new(Role.PublicHealthStaff, "town-a"), "Practitioner/h", []), ("specialist", new(Role.Specialist, "east-hospital"), "Practitioner/s", []),
        ("leader", new(Role.TeamLeader, "town-a"), "Practitioner/l", []), ("manager", new(Role.HospitalManager, "town-a"), "Practitioner/g", []),
        ("county", new(Role.CountyCommission, "east"), "Practitioner/c", []), ("city", new(Role.CityCommission, "city"), "Practitioner/y", []),
        ("cdc", new(Role.DiseaseControl, "east-cdc"), "Practitioner/d", []), ("auditor", new(Role.Auditor, "east"), "Practitioner/a", []),
        ("security", new(Role.SecurityOfficer, "east"), "Practitioner/o", []), ("administrator", new(Role.Administrator, null), "Practitioner/r", []),
        ("proxy", new(Role.Proxy, null), "RelatedPerson/p", ["m1"]), ("resident", new(Role.Resident, null), "Patient/m2", []),
    ];

    private static readonly HashSet<string> OfTheMoment = new(StringComparer.OrdinalIgnoreCase) { "Date", "X-Request-Id", "Set-Cookie", "Content-Length" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_attacker_cannot_tell_whether_other_peoples_data_is_there(bool postgres)
    {
        await using var without = await StartAsync(postgres, isForeignThere: false);
        await using var with = await StartAsync(postgres, isForeignThere: true);
        var (asked, wrong) = (0, new List<string>());
        foreach (var (name, post, subject, wards) in Attackers)
        {
            var (left, right) = (await BrowserAsync(without, name, post, subject, wards), await BrowserAsync(with, name, post, subject, wards));
            using var both = left;
            using var too = right;
            foreach (var question in Questions.All)
            {
                asked++;
                var (one, other) = (await AnswerAsync(left, question), await AnswerAsync(right, question));
                if (one != other)
                    wrong.Add($"{name}: {question.Method} {question.Path} {question.Body} {string.Join(' ', question.Headers)}\n" +
                        $"  without: {Differing(one, other)}\n  with:    {Differing(other, one)}");
                if (one.StartsWith("500", StringComparison.Ordinal)) wrong.Add($"{name}: {question.Method} {question.Path} broke the server");
            }
        }

        output.WriteLine($"{asked} questions of {Attackers.Length} attackers, {wrong.Count} answered differently ({(postgres ? "PostgreSQL" : "SQLite")})");
        Assert.True(wrong.Count is 0, string.Join('\n', wrong.Take(20)));
        Assert.True(asked >= FewestQuestions);
    }

    private static async Task<TestServer> StartAsync(bool postgres, bool isForeignThere)
    {
        var server = await TestServer.StartAsync(postgres);
        await server.PutAsync(Tree);
        await server.PutAsync(
            Patient("m1", "village-a1", "李", "same"), Patient("m2", "village-a1", "王"),
            Observation("mo1", "m1", 120), Observation("mo2", "m2", 150), Condition("mc1", "m1", "I10"));
        if (!isForeignThere) return server;
        await server.PutAsync(
            Patient("f1", "village-c1", "李", "same"), Patient("f2", "village-c1", "赵"), Patient("f3", "village-c1", "钱"), Observation("fo1", "f1", 190),
            Observation("fo2", "f2", 110, ",\"hasMember\":[{\"reference\":\"Observation/mo1\"}]"), Condition("fc1", "f1", "I10"), Condition("fc2", "f2", "F20.0"),
            Condition("ms1", "m1", "T74.1"));
        // Foreign versions and tombstones, too.
        await server.PutAsync(Observation("fo1", "f1", 191), Patient("f2", "village-c1", "赵二"));
        await server.Records.CommitAsync(TestServer.Operator, [new Change.Delete(new("Patient", "f3")), new Change.Delete(new("Observation", "fo2"))], new(), Cancel);
        await server.PutAsync(Observation("fo3", "f1", 175));
        await server.Records.CommitAsync(TestServer.Operator, [new Change.Delete(new("Observation", "fo3"))], new(), Cancel);
        return server;
    }

    private static async Task<Browser> BrowserAsync(TestServer server, string name, Post post, string subject, string[] wards)
    {
        await server.AddAsync(name, post, subject, wards);
        return await server.SignedInAsync(name);
    }

    // Status, headers and body; a page leads on to the next.
    private static async Task<string> AnswerAsync(Browser browser, Question question)
    {
        var said = new StringBuilder();
        var path = "/fhir" + question.Path;
        for (var pages = 0; pages < 20; pages++)
        {
            using var request = new HttpRequestMessage(new(question.Method), path);
            if (question.Body is not null) request.Content = new StringContent(question.Body, Encoding.UTF8, question.ContentType);
            foreach (var (header, value) in question.Headers) request.Headers.TryAddWithoutValidation(header, value);
            using var response = await browser.Http.SendAsync(request, Cancel);
            var body = await response.Content.ReadAsStringAsync(Cancel);
            var headers = response.Headers.Concat(response.Content.Headers).Where(h => !OfTheMoment.Contains(h.Key))
                .Select(h => $"{h.Key}: {string.Join(',', h.Value)}").Order(StringComparer.Ordinal);
            said.Append((int)response.StatusCode).Append(' ').AppendJoin("; ", headers).Append('\n').Append(body).Append('\n');
            if (Next().Match(body) is not { Success: true } next) break;
            path = new Uri(next.Groups[1].Value.Replace("\\u0026", "&", StringComparison.Ordinal)).PathAndQuery;
        }

        return Plain(said.ToString());
    }

    private static string Plain(string text)
    {
        text = Time().Replace(text, "TIME");
        text = Rfc1123().Replace(text, "TIME");
        text = Port().Replace(text, "HOST");
        text = Cursor().Replace(text, "_cursor=CURSOR");
        var made = new Dictionary<string, string>(StringComparer.Ordinal);
        return Made().Replace(text, m => made.TryGetValue(m.Value, out var known) ? known : made[m.Value] = $"ID{made.Count}");
    }

    // The status and what stands around the first byte that differs.
    private static string Differing(string text, string other)
    {
        var at = text.AsSpan().CommonPrefixLength(other);
        return $"{text[..3]} …{text[Math.Max(0, at - 60)..Math.Min(text.Length, at + 160)].ReplaceLineEndings(" ")}…";
    }

    [GeneratedRegex("\"relation\":\"next\",\"url\":\"([^\"]+)\"")]
    private static partial Regex Next();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")]
    private static partial Regex Time();

    [GeneratedRegex("(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [^;\\n]* GMT")]
    private static partial Regex Rfc1123();

    [GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial Regex Port();

    [GeneratedRegex("_cursor=[^&\"\\\\]+")]
    private static partial Regex Cursor();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Made();
}

/// <summary>One thing an attacker may ask.</summary>
internal sealed record Question(string Method, string Path, string? Body = null, string ContentType = "application/fhir+json")
{
    public (string Name, string Value)[] Headers { get; init; } = [];
}
