using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Tongxin.Kernel.People;

/// <summary>An 18-character resident identity number (居民身份证号, GB 11643-1999).</summary>
/// <remarks>
/// A value made by <see cref="TryParse"/> has a valid check character and a real birth date. The division code is not checked: codes that
/// were abolished live on in numbers. Not proof of identity: it is a key.
/// </remarks>
public readonly partial record struct CitizenId
{
    // GB 11643-1999, annex A: weights and check characters of ISO 7064 MOD 11-2.
    private static ReadOnlySpan<byte> Weights => [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    private const string CheckCharacters = "10X98765432";

    private CitizenId(string value) => Value = value;

    /// <summary>FHIR identifier system of the number: the national object identifier of 公民身份号码 (OID 2.16.156.10011.1.3).</summary>
    public const string System = "urn:oid:2.16.156.10011.1.3";

    public string Value { get; }

    public DateOnly BirthDate => DateOnly.ParseExact(Value.AsSpan(6, 8), "yyyyMMdd", CultureInfo.InvariantCulture);

    /// <summary>Odd sequence numbers are men's (GB 11643 §4.3).</summary>
    public bool IsMale => (Value[16] - '0') % 2 is 1;

    /// <summary>Division of first registration; may no longer exist.</summary>
    public string Division => Value[..6];

    /// <summary>Reads 18 characters, or 15 of the first generation (born 19yy). Lower-case x and full-width digits are taken.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out CitizenId id)
    {
        id = default;
        var folded = text?.Trim().Normalize(global::System.Text.NormalizationForm.FormKC).ToUpperInvariant();
        if (folded is null) return false;
        if (OldShape.IsMatch(folded)) folded = Lengthen(folded);
        if (!Shape.IsMatch(folded)) return false;
        if (!DateOnly.TryParseExact(folded.AsSpan(6, 8), "yyyyMMdd", out _)) return false;
        if (folded[17] != CheckCharacter(folded)) return false;
        id = new(folded);
        return true;
    }

    /// <summary>Why a text is not an identity number, for the person who typed it; null when it is one.</summary>
    public static string? Fault(string text, DateOnly today)
    {
        if (TryParse(text, out var id)) return id.BirthDate > today ? "身份证号中的出生日期晚于今天。" : null;
        var folded = text.Trim().ToUpperInvariant();
        if (folded.Length is not (15 or 18)) return $"身份证号应为 18 位，现有 {folded.Length} 位。";
        if (!Shape.IsMatch(folded) && !OldShape.IsMatch(folded)) return "身份证号只含数字，末位可以是 X。";
        if (folded.Length is 18 && !DateOnly.TryParseExact(folded.AsSpan(6, 8), "yyyyMMdd", out _)) return $"身份证号中没有 {folded[6..14]} 这一天。";
        return folded.Length is 18 ? $"身份证号校验位不符，请核对（按前 17 位，末位应为 {CheckCharacter(folded)}）。" : "身份证号中的出生日期不存在。";
    }

    /// <summary>Makes a number with its check character; for synthetic people.</summary>
    public static CitizenId Make(string division, DateOnly birth, int sequence)
    {
        var first = $"{division}{birth.ToString("yyyyMMdd", CultureInfo.InvariantCulture)}{sequence % 1000:000}";
        return new(first + CheckCharacter(first));
    }

    /// <summary>Last four characters only: how a number is shown.</summary>
    public string Masked => $"**************{Value[14..]}";

    public override string ToString() => Value;

    private static string Lengthen(string old)
    {
        var first = $"{old[..6]}19{old[6..]}";
        return first + CheckCharacter(first);
    }

    private static char CheckCharacter(string first17)
    {
        var sum = 0;
        for (var i = 0; i < 17; i++) sum += (first17[i] - '0') * Weights[i];
        return CheckCharacters[sum % 11];
    }

    [GeneratedRegex(@"^[1-9]\d{16}[\dX]$")]
    private static partial Regex Shape { get; }

    [GeneratedRegex(@"^[1-9]\d{14}$")]
    private static partial Regex OldShape { get; }
}
