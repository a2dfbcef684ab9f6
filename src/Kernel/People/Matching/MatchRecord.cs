using System.Globalization;
using System.Text;
using Tongxin.Kernel.Terminology;

namespace Tongxin.Kernel.People.Matching;

/// <summary>Attributes by which two records of a person are compared; the names that a column map may use.</summary>
public enum Attribute { Name, Given, Family, Sex, BirthDate, Phone, Identifier, Street, Locality, State, PostalCode }

/// <summary>One record of a person as the matcher sees it: folded values, null where the source said nothing.</summary>
public sealed class MatchRecord
{
    private readonly string?[] values = new string?[Count];

    public static readonly int Count = Enum.GetValues<Attribute>().Length;

    public required string Id { get; init; }

    /// <summary>Null: the source said nothing. Never empty.</summary>
    public string? this[Attribute attribute] => values[(int)attribute];

    /// <summary>Pinyin of a Chinese name (given and family in the order written); null for names in letters.</summary>
    public string? Sound { get; private set; }

    /// <summary>True when the identifier is a resident identity number with the right check character: then it is not a slip of the pen.</summary>
    public bool HasProvenNumber { get; private set; }

    /// <summary>Folds raw values: letters lower case and without accents, digits only in phones, dates as yyyyMMdd in any of the usual styles.</summary>
    public static MatchRecord Of(string id, Func<Attribute, string?> raw, Pinyin pinyin)
    {
        var record = new MatchRecord { Id = id };
        foreach (var attribute in Enum.GetValues<Attribute>())
            record.values[(int)attribute] = Fold(attribute, raw(attribute)) is { Length: > 0 } value ? value : null;
        if (CitizenId.TryParse(record[Attribute.Identifier], out var number))
        {
            record.HasProvenNumber = true;
            record.values[(int)Attribute.Identifier] = number.Value;
        }

        var name = record[Attribute.Name] ?? record[Attribute.Family] + record[Attribute.Given];
        if (name.Any(c => c > 0x2E7F) && pinyin.OfName(name).Full is { Length: > 0 } sound) record.Sound = sound;
        return record;
    }

    private static string? Fold(Attribute attribute, string? raw) => raw is null ? null : attribute switch
    {
        Attribute.Phone => Digits(raw).TrimStart('0') is { Length: >= 5 } phone ? phone : null,
        Attribute.BirthDate => Date(raw),
        Attribute.Identifier => Letters(raw, keepSpaces: false).ToUpperInvariant(),
        Attribute.Sex => Sex(raw.Trim()),
        Attribute.Street or Attribute.Locality or Attribute.Name => Letters(raw, keepSpaces: true),
        _ => Letters(raw, keepSpaces: false),
    };

    private static string? Sex(string raw) => raw.ToLowerInvariant() switch
    {
        "" or "0" or "9" or "未知" or "unknown" => null,
        "1" or "m" or "male" or "男" or "男性" => "m",
        "2" or "f" or "female" or "女" or "女性" => "f",
        var other => other,
    };

    private static string Digits(string raw) => new([.. raw.Normalize(NormalizationForm.FormKC).Where(char.IsAsciiDigit)]);

    private static string Letters(string raw, bool keepSpaces)
    {
        var folded = new StringBuilder(raw.Length);
        foreach (var c in raw.Trim().Normalize(NormalizationForm.FormKD))
        {
            if (CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark) continue;
            if (char.IsLetterOrDigit(c) || char.IsSurrogate(c)) folded.Append(char.ToLowerInvariant(c));
            else if (keepSpaces && folded.Length > 0 && folded[^1] is not ' ') folded.Append(' ');
        }

        return folded.ToString().TrimEnd();
    }

    private static string? Date(string raw)
    {
        var digits = Digits(raw);
        if (digits.Length is 8 && int.Parse(digits[..4], CultureInfo.InvariantCulture) is >= 1850 and <= 2150) return digits;
        string[] styles = ["yyyy-M-d", "yyyy/M/d", "yyyy.M.d", "yyyy年M月d日", "d/M/yyyy", "d-M-yyyy", "d.M.yyyy", "M/d/yyyy", "ddMMyyyy"];
        return DateOnly.TryParseExact(raw.Trim(), styles, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? date.ToString("yyyyMMdd", CultureInfo.InvariantCulture)
            : digits.Length is 8 ? digits : null;
    }
}
