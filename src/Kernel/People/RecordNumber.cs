using System.Globalization;

namespace Tongxin.Kernel.People;

/// <summary>Number of a resident's health record (居民健康档案编码): 12 digits of the village's division and 5 that the institution gives in order.</summary>
/// <remarks>国家基本公共卫生服务规范（第三版）居民健康档案管理. Not an identity: it stays with the record when the person moves within the county.</remarks>
public readonly record struct RecordNumber
{
    public const string System = "https://tongxin.health/id/record-number";
    public const int Length = 17;
    public const int DivisionLength = 12;
    public const int MostInVillage = 99_999;

    private RecordNumber(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse(string? text, out RecordNumber number)
    {
        var folded = text?.Trim().Normalize(global::System.Text.NormalizationForm.FormKC) ?? "";
        number = folded.Length is Length && folded.All(char.IsAsciiDigit) ? new(folded) : default;
        return number.Value is not null;
    }

    /// <summary>A division with fewer digits (a township's clinic) is filled with noughts: "other" villages (9xx) are for whoever runs the place to code.</summary>
    public static RecordNumber Make(string division, int serial) =>
        new(division.PadRight(DivisionLength, '0')[..DivisionLength] + serial.ToString("00000", CultureInfo.InvariantCulture));

    public override string ToString() => Value;
}
