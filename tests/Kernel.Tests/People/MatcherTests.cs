using System.Diagnostics;
using Tongxin.Kernel.People.Matching;
using Tongxin.Kernel.Terminology;

namespace Tongxin.Kernel.Tests.People;

/// <summary>Record linkage on data with known truth. Weights are learnt without labels, so nothing is learnt from the truth it is scored on.</summary>
public sealed class MatcherTests(ITestOutputHelper output) : IDisposable
{
    private const string Febrl = """
        id: rec_id
        given: given_name
        family: surname
        street: [street_number, address_1]
        locality: suburb
        state: state
        postalCode: postcode
        birthDate: date_of_birth
        identifier: soc_sec_id
        """;

    private readonly Pinyin pinyin = new();

    [Theory]
    [InlineData("febrl_dataset1")]
    [InlineData("febrl_dataset2")]
    [InlineData("febrl_dataset3")]
    public void Febrl_duplicates_are_found_and_strangers_are_not(string file)
    {
        var records = Read($"matching/{file}.csv.xz", Febrl);
        var truth = records.GroupBy(r => r.Id.Split('-')[1]).SelectMany(Pairs).ToHashSet();

        var (precision, recall, _) = Judge(file, records, truth);

        Assert.True(2 * precision * recall / (precision + recall) >= 0.98, $"{file}: precision {precision:0.0000}, recall {recall:0.0000}");
    }

    [Fact]
    public void Ugandan_patients_are_linked()
    {
        var records = Read("matching/opencr_uganda_5000.csv.xz", """
            id: rec_id
            given: given_name
            family: surname
            sex: sex
            birthDate: date_of_birth
            phone: phone_number
            identifier: [uganda_nin]
            """);
        var truth = File.ReadLines(SharedData.Path("matching/opencr_uganda_true_links.csv")).Skip(1).Select(l => l.Split(',')).Select(l => Ordered(l[0], l[1])).ToHashSet();

        var (precision, recall, _) = Judge("opencr_uganda", records, truth);

        Assert.True(precision >= 0.99 && recall >= 0.97, $"precision {precision:0.0000}, recall {recall:0.0000}");
    }

    /// <summary>Homophones, near glyphs, swapped digits, old cards, new telephones, merged towns, moved houses.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Chinese_people_registered_twice_are_found_and_twins_are_left_alone(int seed)
    {
        var town = new ChinesePairs(seed);
        var records = town.Make(5_000, pinyin);

        var (precision, recall, links) = Judge($"chinese {seed}", records, [.. town.Truth.Select(t => Ordered($"{t.Item1}", $"{t.Item2}"))]);

        Assert.True(town.Twins.Count > 20);
        Assert.DoesNotContain(town.Twins, t => links.Contains(Ordered($"{t.Item1}", $"{t.Item2}")));
        Assert.True(2 * precision * recall / (precision + recall) >= 0.98, $"precision {precision:0.0000}, recall {recall:0.0000}");
    }

    public void Dispose() => pinyin.Dispose();

    private (double Precision, double Recall, HashSet<(string, string)> Links) Judge(string name, IReadOnlyList<MatchRecord> records, HashSet<(string, string)> truth)
    {
        var result = new Matcher().Match(records);
        var links = result.Pairs.Where(p => p.IsLink).Select(p => Ordered(p.A, p.B)).ToHashSet();
        var right = links.Count(truth.Contains);
        var (precision, recall) = ((double)right / links.Count, (double)right / truth.Count);
        output.WriteLine(
            $"{name}: {records.Count} records, {truth.Count} true pairs, {links.Count} links, "
            + $"precision {precision:0.0000}, recall {recall:0.0000}, crowded {result.Crowded.Count}");
        return (precision, recall, links);
    }

    private IReadOnlyList<MatchRecord> Read(string file, string map)
    {
        using var xz = Process.Start(new ProcessStartInfo("xz", ["-dc", SharedData.Path(file)]) { RedirectStandardOutput = true })!;
        return MatchFile.Read(xz.StandardOutput, MatchFile.ReadMap(map), pinyin);
    }

    private static IEnumerable<(string, string)> Pairs(IEnumerable<MatchRecord> same)
    {
        var ids = same.Select(r => r.Id).ToList();
        return ids.SelectMany((a, i) => ids.Skip(i + 1).Select(b => Ordered(a, b)));
    }

    private static (string, string) Ordered(string a, string b) => string.CompareOrdinal(a, b) < 0 ? (a, b) : (b, a);
}
