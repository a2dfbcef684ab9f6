using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using static Tongxin.Kernel.Tests.Access.AccessWorld;

namespace Tongxin.Kernel.Tests.Access;

/// <summary>What others have must leave no trace: random pairs of user and record, and answers with and without foreign data.</summary>
public sealed class LeakTests(ITestOutputHelper output)
{
    private const int Pairs = 100_000;
    private static readonly string[] Homes = ["village-a1", "village-a2", "village-b1", "village-c1", "town-a", "town-b", "town-c", "east-hospital", "west-hospital"];
    private static readonly string[] Types = ["Patient", "Observation", "Condition"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_user_finds_a_record_that_is_not_theirs_among_100000_random_pairs()
    {
        await using var world = await OpenAsync();
        var random = new Random(20260331);
        var rows = Rows(random, people: 160);
        foreach (var chunk in rows.Chunk(200)) await world.PutAsync([.. chunk.Select(r => r.Body)]);
        var (pairs, leaks, missing) = (0, new List<string>(), new List<string>());
        while (pairs < Pairs)
        {
            var caller = User(random, rows);
            foreach (var type in Types)
            {
                var found = new HashSet<string>(StringComparer.Ordinal);
                var page = await world.Door.SearchAsync(caller, type, "_count=1000", Cancel);
                found.UnionWith(page.Matches.Select(m => m.Key.Id));
                foreach (var row in rows.Where(r => r.Type == type))
                {
                    pairs++;
                    var may = PolicyOracle.May(caller.Role, TieOf(caller, row), type, Interactions.Search, row.Label);
                    if (found.Contains(row.Id) && !may) leaks.Add($"{caller.Role} at {caller.Organisation} found {row.Type}/{row.Id} of {row.Home}");
                    if (!found.Contains(row.Id) && may) missing.Add($"{caller.Role} at {caller.Organisation} missed {row.Type}/{row.Id} of {row.Home}");
                }
            }
        }

        output.WriteLine($"{pairs} pairs, {leaks.Count} leaks, {missing.Count} missed");
        Assert.True(leaks.Count is 0, string.Join('\n', leaks.Take(20)));
        Assert.True(missing.Count is 0, string.Join('\n', missing.Take(20)));
    }

    [Fact]
    public async Task An_attacker_learns_nothing_from_searches_over_foreign_data()
    {
        await using var without = await OpenAsync();
        await using var with = await OpenAsync();
        string[] mine = [Patient("m1", "village-a1", "李"), Patient("m2", "village-a1", "王"), Observation("mo1", "m1", 120), Observation("mo2", "m2", 150),
            Condition("mc1", "m1", "I10")];
        // Foreign people, foreign observations, and what is sensitive of one's own people.
        string[] foreign =
        [
            Patient("f1", "village-b1", "李"), Patient("f2", "village-c1", "赵"), Observation("fo1", "f1", 190), Observation("fo2", "f2", 110),
            Condition("fc1", "f1", "I10"), Condition("ms1", "m1", "F20.0"), Condition("ms2", "m2", "B20"),
        ];
        await without.PutAsync(mine);
        await with.PutAsync([.. mine, .. foreign]);
        var attacker = As(Role.VillageDoctor, "village-a1");
        var asked = 0;
        foreach (var (type, query) in Questions())
        {
            var (left, right) = (await AnswerAsync(without, attacker, type, query), await AnswerAsync(with, attacker, type, query));
            Assert.True(left == right, $"{type}?{query}\nwithout: {left}\nwith:    {right}");
            asked++;
        }

        foreach (var key in new ResourceKey[] { new("Patient", "f1"), new("Observation", "fo1"), new("Condition", "ms1"), new("Patient", "none") })
        {
            Assert.Null(await with.Door.ReadAsync(attacker, key, Cancel));
            Assert.Null(await with.Door.ReadVersionAsync(attacker, key, 1, Cancel));
            Assert.Empty((await with.Door.HistoryAsync(attacker, new(key.Type, key.Id, null, null, 10, null), Cancel)).Versions);
        }

        output.WriteLine($"{asked} questions answered alike with and without foreign data");
    }

    private static IEnumerable<(string Type, string Query)> Questions()
    {
        string[] patient =
        [
            "", "family=李", "family=赵", "_id=f1", "_id=m1,f1", "_sort=family", "_sort=-_id", "_sort=-_lastUpdated", "_total=accurate", "_summary=count", "family:missing=true",
            "family:missing=false&_total=accurate", "family:not=李", "_has:Observation:subject:value-quantity=gt180", "_has:Observation:subject:value-quantity=gt140",
            "_has:Condition:subject:code=F20.0", "_has:Condition:subject:code=B20", "_has:Condition:subject:code=I10&_total=accurate", "organization=Organization/village-b1",
            "organization:Organization.name=village-b1", "_revinclude=Observation:subject", "_revinclude=Condition:subject", "_include=Patient:organization",
                "_count=1", "_count=1&_total=accurate",
            "family:contains=赵", "general-practitioner:missing=true&_summary=count", "_lastUpdated=gt2000-01-01&_total=accurate",
        ];
        string[] observation =
        [
            "", "subject=Patient/f1", "subject=Patient/m1", "patient=f1", "subject:Patient.family=赵", "subject:Patient.family=李&_total=accurate",
                "value-quantity=gt180", "value-quantity=lt115",
            "_sort=value-quantity", "_sort=-value-quantity&_count=1", "_include=Observation:subject", "code=8480-6&_total=accurate", "_summary=count", "subject:missing=true",
            "subject:Patient._has:Condition:subject:code=F20.0", "_has:Observation:has-member:code=8480-6",
        ];
        string[] condition = ["", "code=F20.0", "code=F20.0&_summary=count", "code:not=I10&_total=accurate", "_sort=code",
            "subject:Patient.family=李&_total=accurate", "_include=Condition:subject", "code:missing=false&_total=accurate"];
        return patient.Select(q => ("Patient", q)).Concat(observation.Select(q => ("Observation", q))).Concat(condition.Select(q => ("Condition", q)))
            .Append(("Patient", "nonsense=1")).Append(("Observation", "value-quantity=x"));
    }

    // All pages, without times: what an attacker can tell apart.
    private static async Task<string> AnswerAsync(AccessWorld world, Caller caller, string type, string query)
    {
        try
        {
            var said = new List<string>();
            string? cursor = null;
            for (var pages = 0; pages < 50; pages++)
            {
                var page = await world.Door.SearchAsync(caller, type, cursor is null ? query : $"{query}&_cursor={Uri.EscapeDataString(cursor)}", Cancel);
                var matches = page.Matches.Select(m => $"{m.Key}v{m.Version}");
                var included = page.Included.Select(m => m.Key.ToString()).Order(StringComparer.Ordinal);
                said.Add($"{string.Join(' ', matches)} + {string.Join(' ', included)} of {page.Total}");
                cursor = page.Next;
                if (cursor is null) break;
            }

            return string.Join(" / ", said);
        }
        catch (RefusedException refusal)
        {
            return $"{refusal.Status} {string.Join(' ', refusal.Issues.Select(i => i.Diagnostics))}";
        }
    }

    private sealed record Row(string Type, string Id, string Person, string Home, SensitivityLabels Label, string Body);

    private static List<Row> Rows(Random random, int people)
    {
        var rows = new List<Row>();
        for (var p = 0; p < people; p++)
        {
            var (id, home) = ($"p{p}", Homes[random.Next(Homes.Length)]);
            rows.Add(new("Patient", id, id, home, SensitivityLabels.None, Patient(id, home)));
            for (var o = random.Next(4); o > 0; o--) rows.Add(new("Observation", $"{id}-o{o}", id, home, SensitivityLabels.None, Observation($"{id}-o{o}", id,
                random.Next(90, 200))));
            var (code, label) = random.Next(4) switch
            {
                0 => ("F20.0", SensitivityLabels.MentalHealth),
                1 => ("B20", SensitivityLabels.Hiv),
                2 => ("Z30.2", SensitivityLabels.FamilyPlanning),
                _ => ("I10", SensitivityLabels.None),
            };
            rows.Add(new("Condition", $"{id}-c", id, home, label, Condition($"{id}-c", id, code)));
        }

        return rows;
    }

    private static Caller User(Random random, List<Row> rows)
    {
        var role = Policy.Roles.ElementAt(random.Next(Policy.Roles.Count()));
        var place = Places[random.Next(Places.Count)].Id;
        var someone = rows[random.Next(rows.Count)].Person;
        return role switch
        {
            Role.Resident => As(role, null, $"Patient/{someone}"),
            Role.Proxy => As(role, null, "RelatedPerson/r") with { Wards = [someone] },
            _ => As(role, place),
        };
    }

    private static PolicyOracle.Tie TieOf(Caller caller, Row row)
    {
        if (caller.Subject == $"Patient/{row.Person}" || caller.Wards.Contains(row.Person)) return PolicyOracle.Tie.Herself;
        if (caller.Organisation == row.Home) return PolicyOracle.Tie.OwnOrganisation;
        if (Up(row.Home).Contains(caller.Organisation)) return caller.Role is Role.DiseaseControl ? PolicyOracle.Tie.SameCounty : PolicyOracle.Tie.OrganisationBelow;
        // The city's disease control reaches both counties; any other place reaches its own.
        return CountyOf(caller.Organisation) == CountyOf(row.Home) ? PolicyOracle.Tie.SameCounty : PolicyOracle.Tie.OtherCounty;
    }

    private static IEnumerable<string?> Up(string? id)
    {
        for (var at = id; at is not null; at = Places.First(p => p.Id == at).Parent) yield return at;
    }

    private static string? CountyOf(string? id) => Up(id).FirstOrDefault(i => i is "east" or "west");
}
