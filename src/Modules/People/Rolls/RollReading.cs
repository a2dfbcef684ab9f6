using System.Globalization;
using System.Text;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;

namespace Tongxin.Modules.People.Rolls;

/// <summary>One row as a registration form: the dirt of sheet programs taken off, nothing guessed that the row does not say.</summary>
internal static class RollReading
{
    private const string NotToldReason = "花名册未填";
    private const int LastSheetDay = 73_050; // 2099-12-31

    /// <summary>The form, or issues whose expression is the field.</summary>
    /// <param name="places">Where rows may go: the clinic and what stands below it.</param>
    public static (RegistrationForm Form, IReadOnlyList<Issue> Issues) Read(RollLine line, RollColumns columns, Organisation clinic, IReadOnlyList<Organisation> places)
    {
        var issues = new List<Issue>();
        string Cell(RollField field)
        {
            if (!columns.Map.TryGetValue(field, out var column)) return "";
            var (text, fault) = Clean(line[column]);
            if (fault is not null) issues.Add(Issue.Error("value", $"{columns.Heads[column]}：{fault}", field.ToString()));
            return text;
        }

        var number = string.Concat(Cell(RollField.Number).Where(c => !char.IsWhiteSpace(c) && c is not '-'));
        var form = new RegistrationForm
        {
            Name = Cell(RollField.Name), Number = number, NoNumber = Cell(RollField.NoNumber) is { Length: > 0 } reason ? reason : NotToldReason,
            Sex = Sex(Cell(RollField.Sex)), Birth = Day(Cell(RollField.Birth)), Phone = Phone(Cell(RollField.Phone)), Address = Cell(RollField.Address),
            Household = Cell(RollField.Household), RecordNumber = Cell(RollField.RecordNumber), Clinic = clinic.Id,
            Residence = Cell(RollField.Residence) is "2" or "非户籍" or "流动" or "非户籍常住" ? "2" : "1",
        };
        if (Cell(RollField.Place) is { Length: > 0 } named)
        {
            var found = Places(named, places);
            if (found.Count is 1) form = form with { Clinic = found[0].Id };
            else issues.Add(Issue.Error("value", found.Count is 0 ? $"本机构和下属机构中没有“{named}”。" : $"“{named}”有 {found.Count} 个机构，请写全名。", "Place"));
        }

        return (form, issues);
    }

    /// <summary>Full width made half, the mark of text taken off, a number that a sheet program shortened made whole again or refused.</summary>
    internal static (string Text, string? Fault) Clean(string cell)
    {
        var text = cell.Normalize(NormalizationForm.FormKC).Trim().Trim('\u200B', '\uFEFF').TrimStart('\'').Trim();
        if (text.Contains('\uFFFD')) return (text, "编码损坏：这一行既不是 UTF-8 也不是 GB18030。");
        if (text is ['=', ..]) return (text, "是公式，不是值：请复制后“选择性粘贴为数值”。");
        if (text is "#N/A" or "#REF!" or "#VALUE!" or "#NAME?" or "#DIV/0!" or "#NULL!" or "#NUM!") return (text, $"公式出错（{text}），没有值。");
        return Scientific(text);
    }

    private static (string Text, string? Fault) Scientific(string text)
    {
        var mark = text.IndexOfAny(['e', 'E']);
        if (mark <= 0 || !char.IsAsciiDigit(text[0]) || !decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)) return (text, null);
        var digits = text[..mark].Count(char.IsAsciiDigit);
        var whole = decimal.Truncate(value).ToString(CultureInfo.InvariantCulture);
        return digits >= whole.Length ? (whole, null)
            : (text, "被表格软件存成了数字，后几位已经丢失：请把这一列设为“文本”后重新填写。");
    }

    private static string Sex(string text) => text switch
    {
        "男" or "男性" or "1" or "M" or "m" or "male" => "male",
        "女" or "女性" or "2" or "F" or "f" or "female" => "female",
        "未知" or "0" or "9" or "未说明" or "未说明的性别" => "unknown",
        _ => "",
    };

    // 43101 is 2018-01-01 in a sheet whose column was set to numbers.
    private static string Day(string text)
    {
        if (text.Length is 4 or 5 && int.TryParse(text, CultureInfo.InvariantCulture, out var serial) && serial is > 366 and <= LastSheetDay && (text.Length is 5 || serial < 1850))
            return DateTime.FromOADate(serial).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var day = text.Split(' ')[0];
        return DateOnly.TryParseExact(day, Styles, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : text;
    }

    private static readonly string[] Styles = ["yyyy-M-d", "yyyy/M/d", "yyyy.M.d", "yyyy年M月d日", "yyyyMMdd", "yyyy、M、d", "yyyy年M月d号"];

    // Two telephones in one cell are usual; the first is taken.
    private static string Phone(string text)
    {
        var first = text.Split(['/', '、', ',', ';', '，', '；'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
        return first.StartsWith("+86", StringComparison.Ordinal) ? first[3..] : first;
    }

    private static List<Organisation> Places(string named, IReadOnlyList<Organisation> places)
    {
        var exact = places.Where(p => p.Name == named || p.Id == named || p.Division == named).ToList();
        return exact.Count > 0 ? exact : [.. places.Where(p => p.Name.Contains(named.TrimEnd('村', '居'), StringComparison.Ordinal) && named.TrimEnd('村', '居').Length > 1)];
    }
}
