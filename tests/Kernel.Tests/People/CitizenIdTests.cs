using CsCheck;
using Tongxin.Kernel.People;

namespace Tongxin.Kernel.Tests.People;

/// <summary>GB 11643-1999.</summary>
public sealed class CitizenIdTests
{
    [Theory]
    [InlineData("11010519491231002X")]
    [InlineData("440524188001010014")]
    [InlineData("321084200001010016")]
    [InlineData("350402196507151230")]
    [InlineData("11010519491231002x")]
    public void A_number_with_the_right_check_character_is_taken(string text) => Assert.True(CitizenId.TryParse(text, out _));

    [Theory]
    [InlineData("110105194912310021", "校验位")]
    [InlineData("110105194902310025", "没有 19490231")]
    [InlineData("1101051949123100", "16 位")]
    [InlineData("11010519491231A02X", "只含数字")]
    public void A_wrong_number_says_what_is_wrong(string text, string said)
    {
        Assert.False(CitizenId.TryParse(text, out _));
        Assert.Contains(said, CitizenId.Fault(text, new(2026, 1, 1)), StringComparison.Ordinal);
    }

    [Fact]
    public void An_old_number_of_15_digits_becomes_the_new_one()
    {
        Assert.True(CitizenId.TryParse("110105491231002", out var id));
        Assert.Equal("11010519491231002X", id.Value);
    }

    [Fact]
    public void Any_single_wrong_digit_or_swap_of_neighbours_is_found() =>
        Gen.Select(Gen.Int[0, 999], Gen.Int[0, 20_000], Gen.Int[0, 16], Gen.Int[1, 9]).Sample((sequence, day, place, by) =>
        {
            var right = CitizenId.Make("350402", new DateOnly(1950, 1, 1).AddDays(day), sequence).Value;
            var digits = right.ToCharArray();
            digits[place] = (char)('0' + (digits[place] - '0' + by) % 10);
            Assert.False(CitizenId.TryParse(new(digits), out _));
        });
}
