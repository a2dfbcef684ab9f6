using CsCheck;
using Tongxin.Fhir;
using Tongxin.Modules.HospitalPerformance;

namespace Tongxin.Modules.Tests.HospitalPerformance;

public sealed class ScoringTests
{
    private static readonly HashSet<string> Known = new(["a", "b"], StringComparer.Ordinal);
    private static readonly Curve Rising = new([(0.30, 0), (0.60, 1)]), Falling = new([(0, 1), (0.05, 0)]);

    private static readonly ScoreCard Card = new("c", "表", "Card", "township", "1", new(2026, 1, 1), null, "县", [
        new("一", "One", [new("a", 60, Rising)]), new("二", "Two", [new("b", 40, Falling)])]);

    [Theory]
    [InlineData(0.10, 0)]
    [InlineData(0.30, 0)]
    [InlineData(0.45, 0.5)]
    [InlineData(0.60, 1)]
    [InlineData(0.99, 1)]
    public void Points_grow_along_the_curve_and_are_flat_outside(double rate, double share) => Assert.Equal(share, Rising.At(rate), 9);

    [Fact]
    public void A_score_is_the_sum_of_its_lines_and_says_how_many_people_bring_the_rest()
    {
        var score = Score(new(100, 45), new(200, 2));

        Assert.Equal(30 + 40 * 0.8, score.Total!.Value, 9);
        Assert.Equal(30d, score.Items[0].Lost!.Value, 9);
        Assert.Equal(15, score.Items[0].Missing);
        Assert.Equal(2, score.Items[1].Missing);
    }

    [Fact]
    public void Where_nobody_was_eligible_the_points_do_not_count_and_an_empty_place_has_no_score()
    {
        Assert.Equal(50d, Score(new(100, 45), new(0, 0)).Total!.Value, 9);
        Assert.Null(Score(new(0, 0), new(0, 0)).Total);
    }

    [Fact]
    public void A_line_that_may_not_be_told_hides_the_total_too()
    {
        var score = Score(new(100, 45), Measured.Hidden);

        Assert.Null(score.Total);
        Assert.Null(score.Items[1].Scored);
        Assert.Equal(30d, score.Items[0].Scored!.Value, 9);
    }

    [Fact]
    public void Equal_scores_share_a_rank_and_who_has_none_has_no_rank()
    {
        var ranked = Scoring.Ranked([new("x", [], 80), new("y", [], null), new("z", [], 90), new("w", [], 80)]);

        Assert.Equal([("z", (int?)1), ("w", 2), ("x", 2), ("y", null)], ranked.Select(r => (r.Score.Organisation, r.Rank)));
    }

    [Fact]
    public void With_the_people_that_are_said_to_be_missing_all_points_are_there_and_with_one_less_they_are_not() =>
        (from people in Gen.Int[1, 3000] from reached in Gen.Int[0, people] from low in Gen.Int[0, 90] from full in Gen.Int[low + 1, 100] from rises in Gen.Bool
         select (people, reached, low, full, rises)).Sample(c =>
        {
            var curve = c.rises ? new Curve([(c.low / 100.0, 0), (c.full / 100.0, 1)]) : new Curve([(c.low / 100.0, 1), (c.full / 100.0, 0)]);
            var card = Card with { Sections = [new("一", "One", [new("a", 10, curve)])] };
            var item = Scoring.Of(card, "t", _ => new(c.people, c.reached)).Items[0];
            if (item.Missing is not { } missing) return item.Lost < 1e-9;
            double shareWith(long moved) => curve.At((c.reached + (c.rises ? moved : -moved)) / (double)c.people);
            return missing > 0 && shareWith(missing) > 1 - 1e-9 && shareWith(missing - 1) < 1 - 1e-9;
        });

    [Theory]
    [InlineData("points: 59", "不等于 total")]
    [InlineData("indicator: z, points: 60", "没有指标 z")]
    [InlineData("curve: [[0.6, 0], [0.3, 1]]", "逐点增大")]
    [InlineData("curve: [[0.3, 0], [0.6, 1.2]]", "0～1")]
    [InlineData("curve: [[0.3, 0]]", "至少两点")]
    [InlineData("curve: [[0.1, 0], [0.5, 1], [0.9, 0]]", "一直升或一直降")]
    [InlineData("points: -60", "points")]
    [InlineData("points: NaN", "points")]
    public void A_card_that_does_not_add_up_is_refused_with_its_line(string wrong, string said)
    {
        var fields = new Dictionary<string, string> { ["indicator"] = "a", ["points"] = "60", ["curve"] = "[[0.3, 0], [0.6, 1]]" };
        foreach (var part in wrong.Split(", ", wrong.StartsWith("curve", StringComparison.Ordinal) ? 1 : 9)) fields[part.Split(": ")[0]] = part.Split(": ")[1];
        var yaml = $$"""
            id: c
            title: 表
            en: Card
            level: township
            edition: "1"
            from: 2026-01-01
            citation: 县
            total: 60
            sections:
              - title: 一
                en: One
                items:
                  - { indicator: {{fields["indicator"]}}, points: {{fields["points"]}}, curve: {{fields["curve"]}} }
            """;
        var refused = Assert.Throws<RefusedException>(() => ScoreCardYaml.Read("card.yaml", yaml, Known));

        Assert.Equal(422, refused.Status);
        Assert.Contains(said, refused.Issues[0].Diagnostics, StringComparison.Ordinal);
        Assert.Contains("card.yaml", refused.Issues[0].Diagnostics, StringComparison.Ordinal);
    }

    [Fact]
    public void Editions_of_one_card_may_not_hold_on_the_same_day_and_those_that_ship_are_sound()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "modules", "HospitalPerformance", "definitions", "score-cards");
        var ids = Tongxin.Kernel.Measures.IndicatorCatalogue.Load(Path.Combine(AppContext.BaseDirectory, "modules")).All.Select(i => i.Id).ToHashSet(StringComparer.Ordinal);
        var cards = ScoreCardYaml.ReadFolder(folder, ids);
        Assert.Equal(["township", "village"], cards.Select(c => c.Level));
        Assert.All(cards, c => Assert.Equal(100, c.Points, 9));

        var twice = Directory.CreateTempSubdirectory("tongxin-cards-").FullName;
        var text = File.ReadAllText(Path.Combine(folder, "village.yaml"));
        File.WriteAllText(Path.Combine(twice, "a.yaml"), text);
        File.WriteAllText(Path.Combine(twice, "b.yaml"), text.Replace("edition: \"2026\"\nfrom: 2026-01-01", "edition: \"2027\"\nfrom: 2027-01-01", StringComparison.Ordinal));
        Assert.Contains("有效期重叠", Assert.Throws<RefusedException>(() => ScoreCardYaml.ReadFolder(twice, ids)).Issues[0].Diagnostics, StringComparison.Ordinal);
        Directory.Delete(twice, recursive: true);
    }

    private static Score Score(Measured a, Measured b) => Scoring.Of(Card, "t", item => item.Indicator is "a" ? a : b);
}
