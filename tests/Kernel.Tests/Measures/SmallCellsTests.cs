using CsCheck;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Tests.Measures;

public sealed class SmallCellsTests
{
    private static readonly DateOnly Today = new(2026, 11, 23);

    private static readonly Gen<Cell[]> Rows = Gen.Select(Gen.OneOf(Gen.Int[0, 8], Gen.Int[0, 60]), Gen.Int[0, 100])
        .Select((people, share) => (people, people * share / 100)).Array[1, 14]
        .Select(row => row.Select((c, i) => new Cell("i", $"o{i:00}", Today, c.Item1, c.Item2, 0)).ToArray());

    /// <summary>An attacker knows the total, every cell that is shown, and that each hidden count is nought or more.</summary>
    [Fact]
    public void No_hidden_count_can_be_computed_from_the_total_and_the_rest() => Rows.Sample(row =>
    {
        var total = new Cell("i", "all", Today, row.Sum(c => c.Denominator), row.Sum(c => c.Numerator), 0);
        if (SmallCells.IsSmall(total)) return; // then the total itself is hidden
        var hidden = SmallCells.Hidden(row);
        Assert.All(row.Where(SmallCells.IsSmall), c => Assert.Contains(c.Organisation, hidden));
        if (hidden.Count is 0) return;
        Func<Cell, long>[] counts = [c => c.Denominator, c => c.Numerator, c => c.Denominator - c.Numerator];
        foreach (var count in counts)
        {
            var rest = count(total) - row.Where(c => !hidden.Contains(c.Organisation)).Sum(count);
            Assert.False(SmallCells.IsSmall(rest), $"the hidden ones together are {rest}");
        }

        Assert.True(hidden.Count > 1, "one hidden cell is the total less the others");
    }, iter: 5_000);

    [Fact]
    public void A_row_without_small_cells_is_shown_whole() =>
        Assert.Empty(SmallCells.Hidden([new("i", "a", Today, 20, 10, 0), new("i", "b", Today, 0, 0, 0), new("i", "c", Today, 9, 0, 0)]));

    [Fact]
    public void One_small_village_takes_the_next_smallest_with_it() => Assert.Equal(["a", "c"], SmallCells.Hidden(
        [new("i", "a", Today, 3, 1, 0), new("i", "b", Today, 90, 50, 0), new("i", "c", Today, 20, 11, 0)]).Order());

    [Theory]
    [InlineData(Role.VillageDoctor, "v1", "v1", SensitivityLabels.None, Detail.Names)]
    [InlineData(Role.VillageDoctor, "v1", "v1", SensitivityLabels.MentalHealth, Detail.Counts)]
    [InlineData(Role.PublicHealthStaff, "t1", "t1", SensitivityLabels.MentalHealth, Detail.Names)]
    [InlineData(Role.CountyCommission, "office", "county", SensitivityLabels.None, Detail.Pseudonyms)]
    [InlineData(Role.CountyCommission, "office", "county", SensitivityLabels.MentalHealth, Detail.Counts)]
    [InlineData(Role.HospitalManager, "hospital", "county", SensitivityLabels.None, Detail.Pseudonyms)]
    [InlineData(Role.DiseaseControl, "cdc", "county", SensitivityLabels.None, Detail.Names)]
    [InlineData(Role.CityCommission, "city", "city", SensitivityLabels.None, Detail.Counts)]
    [InlineData(Role.Auditor, "office", "county", SensitivityLabels.None, Detail.Counts)]
    [InlineData(Role.Nobody, "v1", "v1", SensitivityLabels.None, Detail.Counts)]
    public void The_role_decides_how_near_one_comes(Role role, string organisation, string home, SensitivityLabels sensitivity, Detail expected)
    {
        var caller = new Caller { Subject = "Practitioner/x", Name = "x", Role = role, Organisation = organisation, Purpose = "TREAT" };

        Assert.Equal(expected, DetailRule.For(caller, OutlookTests.Indicator with { Sensitivity = sensitivity }, home));
    }
}
