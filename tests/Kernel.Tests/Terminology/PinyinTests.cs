using System.Globalization;
using Tongxin.Kernel.Terminology;

namespace Tongxin.Kernel.Tests.Terminology;

public sealed class PinyinTests : IDisposable
{
    private readonly Pinyin pinyin = new();

    [Theory]
    [InlineData("张三", "zhangsan", "zs")]
    [InlineData("单田芳", "shantianfang", "stf")]
    [InlineData("曾国藩", "zengguofan", "zgf")]
    [InlineData("仇英", "qiuying", "qy")]
    [InlineData("欧阳修", "ouyangxiu", "oyx")]
    [InlineData("吕布", "lubu", "lb")]
    public void A_name_is_typed_by_pinyin_or_initials(string name, string full, string initials) =>
        Assert.Equal(new PinyinReading(full, initials), pinyin.OfName(name));

    [Fact]
    public void Letters_and_digits_stay_and_signs_fall_away() => Assert.Equal("2xingtangniaobing", pinyin.Of("2 型糖尿病（").Full);

    [Fact]
    public void Characters_outside_the_base_plane_do_not_break_a_name() => Assert.StartsWith("zhang", pinyin.OfName("张𠮷").Full, StringComparison.Ordinal);

    /// <summary>Oracle: the commonest reading of each of the 8,105 characters of the national table (通用规范汉字表).</summary>
    [Fact]
    public void Readings_agree_with_the_national_character_table()
    {
        var file = SharedData.Path("china/pinyin/kMandarin_8105.txt");
        var lines = File.ReadLines(file).Where(l => l.StartsWith("U+", StringComparison.Ordinal)).Select(l => l.Split('#')[0]).Select(l => l.Split(':', 2)).ToList();
        var different = (
            from line in lines
            let character = char.ConvertFromUtf32(int.Parse(line[0].Trim()[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            let expected = WithoutTone(line[1].Trim().Split(',', ' ')[0])
            let actual = pinyin.Of(character).Full
            where expected != actual
            select $"{character} {expected} {actual}").ToList();

        Assert.True(lines.Count > 8000);
        Assert.True(different.Count <= lines.Count * 0.02, $"{different.Count} of {lines.Count} differ: {string.Join(", ", different.Take(30))}");
    }

    public void Dispose() => pinyin.Dispose();

    private static string WithoutTone(string syllable) => new([.. syllable
        .Replace('ü', 'u').Normalize(System.Text.NormalizationForm.FormD)
        .Where(c => CharUnicodeInfo.GetUnicodeCategory(c) is not UnicodeCategory.NonSpacingMark)]);
}
