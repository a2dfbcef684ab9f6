using System.Globalization;
using Tongxin.Kernel.Programmes.Packages;
using Tongxin.Kernel.Tests;

namespace Tongxin.Modules.Tests.ChildHealth;

/// <summary>The package's growth curves against z-scores that WHO's own software gave.</summary>
public sealed class GrowthTests
{
    private const decimal Tolerance = 0.02m;
    private const decimal LengthHeight = 0.7m;
    private const decimal DaysPerMonth = 30.4375m;

    [Fact]
    public void Every_z_score_agrees_with_anthro_2006()
    {
        var curves = Curves();
        var (compared, wrong) = (0, new List<string>());
        foreach (var row in Rows("who2006_anthro_reference_3000.csv"))
        {
            var (sex, days) = (Sex(row["sex"]), Number(row["age_days"]));
            if (days is not { } age || age > 1856 || row["oedema"] is "y") continue;
            Compare("weight-for-age", age, Number(row["weight_kg"]), Number(row["zwei"]));
            Compare("height-for-age", age, Number(row["clenhei"]), Number(row["zlen"]));
            Compare("bmi-for-age", age, Number(row["cbmi"]), Number(row["zbmi"]));
            Compare("head-for-age", age, Number(row["headc_cm"]), Number(row["zhc"]));
            if (Number(row["clenhei"]) is { } length) Compare(age < 731 ? "weight-for-length" : "weight-for-height", length, Number(row["weight_kg"]), Number(row["zwfl"]));

            void Compare(string curve, decimal at, decimal? value, decimal? expected)
            {
                if (value is not { } measured || expected is not { } z || curves[curve].ZScore(sex, at, measured) is not { } ours) return;
                compared++;
                if (Math.Abs(ours - z) > Tolerance) wrong.Add($"case {row["case"]} {curve} at {at} value {measured}: {ours}, WHO {z}");
            }
        }

        Assert.True(wrong.Count is 0, $"{wrong.Count} of {compared} differ:\n" + string.Join('\n', wrong.Take(20)));
        Assert.True(compared > 10_000, $"only {compared} compared");
    }

    [Fact]
    public void From_five_to_seven_years_the_z_scores_agree_with_anthroplus_2007()
    {
        var curves = Curves();
        var (compared, wrong) = (0, new List<string>());
        foreach (var row in Rows("who2007_anthroplus_reference_2000.csv"))
        {
            if (Number(row["age_in_months"]) is not { } months || months is < 62 or > 86) continue;
            foreach (var (curve, value, expected) in new[] { ("height-for-age", row["height_cm"], row["zhfa"]),
                ("weight-for-age", row["weight_kg"], row["zwfa"]), ("bmi-for-age", row["cbmi"], row["zbfa"]) })
            {
                if (Number(value) is not { } measured || Number(expected) is not { } z) continue;
                compared++;
                if (curves[curve].ZScore(Sex(row["sex"]), months * DaysPerMonth, measured) is not { } ours || Math.Abs(ours - z) > Tolerance)
                    wrong.Add($"case {row["case"]} {curve} at {months}: WHO {z}");
            }
        }

        Assert.True(wrong.Count is 0, $"{wrong.Count} of {compared} differ:\n" + string.Join('\n', wrong.Take(20)));
        Assert.True(compared > 100, $"only {compared} compared");
    }

    [Fact]
    public void Outside_the_reference_there_is_no_score()
    {
        var weight = Curves()["weight-for-age"];

        Assert.Null(weight.ZScore("male", -1, 3));
        Assert.Null(weight.ZScore("male", 4_000, 30));
        Assert.Null(weight.ZScore("other", 100, 6));
        Assert.Null(weight.ZScore("male", 100, 0));
    }

    [Fact]
    public void What_stands_at_a_deviation_scores_that_deviation()
    {
        foreach (var curve in Curves().Values)
            foreach (var z in new[] { -3m, -2, -1, 0, 1, 2, 3 })
            {
                var at = curve.Id.StartsWith("weight-for-", StringComparison.Ordinal) && !curve.Id.EndsWith("age", StringComparison.Ordinal) ? 80m : 365m;
                var value = Assert.NotNull(curve.ValueAt("female", at, z));
                Assert.InRange(curve.ZScore("female", at, value)!.Value, z - Tolerance, z + Tolerance);
            }
    }

    private static IReadOnlyDictionary<string, ReferenceCurve> Curves()
    {
        var source = PackageSource.FromFolder(Path.Combine(AppContext.BaseDirectory, "modules", "ChildHealth"));
        return PackageReader.Read(source!).Curves;
    }

    private static IEnumerable<Dictionary<string, string>> Rows(string file)
    {
        var path = SharedData.Path($"clinical/who_growth/{file}");
        var lines = File.ReadLines(path).Select(l => l.Split(',').Select(c => c.Trim('"')).ToArray()).ToList();
        return lines.Skip(1).Select(l => lines[0].Zip(l).GroupBy(p => p.First).ToDictionary(p => p.Key, p => p.First().Second, StringComparer.Ordinal));
    }

    private static string Sex(string text) => text is "1" or "m" or "M" ? "male" : "female";

    private static decimal? Number(string text) => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}
