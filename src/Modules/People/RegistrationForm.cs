using System.Globalization;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.People;
using Tongxin.Web.Components;

namespace Tongxin.Modules.People;

/// <summary>What was typed at the counter, as typed. <see cref="Read"/> makes it a resident or tells each field what is wrong with it.</summary>
public sealed record RegistrationForm
{
    public const int LongestName = 64;
    public const int LongestAddress = 200;
    private const int MobileLength = 11;

    public string Name { get; init; } = "";
    public string Number { get; init; } = "";
    public string NoNumber { get; init; } = "";
    public string Sex { get; init; } = "";
    public string Birth { get; init; } = "";
    public string Phone { get; init; } = "";
    public string Address { get; init; } = "";
    public string Clinic { get; init; } = "";
    public string RecordNumber { get; init; } = "";
    public string Household { get; init; } = "";
    public string Residence { get; init; } = "1";

    /// <summary>The Patient, or issues whose expression is the field. The number decides birth date and sex where it stands.</summary>
    public (JsonObject? Patient, IReadOnlyList<Issue> Issues) Read(DateOnly today)
    {
        var issues = new List<Issue>();
        var name = string.Concat(Name.Where(c => !char.IsWhiteSpace(c) || !HasHan(Name))).Trim();
        if (name.Length is 0) issues.Add(Wrong("name", "请填写姓名。"));
        else if (name.EnumerateRunes().Count() > LongestName) issues.Add(Wrong("name", $"姓名最长 {LongestName} 个字。"));
        else if (name.Any(c => char.IsControl(c) || c is '<' or '>')) issues.Add(Wrong("name", "姓名中有不能用的符号。"));
        var citizen = Citizen(issues, today);
        var birth = citizen?.BirthDate ?? Day(Birth, "birth", today, issues);
        var sex = citizen is { } c ? c.IsMale ? "male" : "female" : Sex is "male" or "female" or "unknown" ? Sex : null;
        if (sex is null) issues.Add(Wrong("sex", "请选择性别。"));
        var phone = string.Concat(Phone.Normalize(System.Text.NormalizationForm.FormKC).Where(char.IsAsciiDigit));
        if (Phone.Trim().Length > 0 && phone.Length is < 7 or > 12) issues.Add(Wrong("phone", $"电话应为 {MobileLength} 位手机号，或带区号的座机号。"));
        if (phone.Length is MobileLength && phone[0] is not ('1' or '0')) issues.Add(Wrong("phone", "11 位手机号以 1 开头。"));
        if (Address.Length > LongestAddress) issues.Add(Wrong("address", $"地址最长 {LongestAddress} 个字。"));
        if (!Kernel.Records.ResourceKey.IsLegalId(Clinic)) issues.Add(Wrong("clinic", "请选择管理机构。"));
        if (RecordNumber.Trim().Length > 0 && !Kernel.People.RecordNumber.TryParse(RecordNumber, out _))
            issues.Add(Wrong("recordNumber", $"档案编号应为 {Kernel.People.RecordNumber.Length} 位数字，现有 {RecordNumber.Trim().Length} 位。"));
        return issues.Count > 0 ? (null, issues) : (Body(name, citizen, birth!.Value, sex!, phone), []);
    }

    private CitizenId? Citizen(List<Issue> issues, DateOnly today)
    {
        if (Number.Trim().Length is 0)
        {
            if (NoNumber.Trim().Length is 0) issues.Add(Wrong("number", "请填写身份证号；没有的，请选择原因。"));
            return null;
        }

        if (CitizenId.Fault(Number, today) is { } fault)
        {
            issues.Add(Wrong("number", fault));
            return null;
        }

        return CitizenId.TryParse(Number, out var citizen) ? citizen : null;
    }

    private static DateOnly? Day(string text, string field, DateOnly today, List<Issue> issues)
    {
        string[] styles = ["yyyy-MM-dd", "yyyyMMdd", "yyyy/M/d", "yyyy.M.d", "yyyy年M月d日"];
        if (!DateOnly.TryParseExact(text.Trim(), styles, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)) issues.Add(Wrong(field, "请填写出生日期，如 1965-07-15。"));
        else if (day > today) issues.Add(Wrong(field, "出生日期晚于今天。"));
        else if (day.Year < today.Year - 130) issues.Add(Wrong(field, "出生日期早于 130 年前，请核对。"));
        else return day;
        return null;
    }

    private JsonObject Body(string name, CitizenId? citizen, DateOnly birth, string sex, string phone)
    {
        var identifiers = new JsonArray();
        if (citizen is { } c) identifiers.Add(new JsonObject { ["use"] = "official", ["system"] = CitizenId.System, ["value"] = c.Value });
        if (Kernel.People.RecordNumber.TryParse(RecordNumber, out var record))
            identifiers.Add(new JsonObject { ["system"] = Kernel.People.RecordNumber.System, ["value"] = record.Value });
        if (Household.Trim() is { Length: > 0 } household) identifiers.Add(new JsonObject { ["system"] = ResidentCodes.HouseholdNumber, ["value"] = household });
        var extensions = new JsonArray(new JsonObject { ["url"] = ResidentCodes.Residence, ["valueCode"] = Residence is "2" ? "2" : "1" });
        if (citizen is null) extensions.Add(new JsonObject { ["url"] = ResidentCodes.NoNumber, ["valueString"] = NoNumber.Trim() });
        var body = new JsonObject
        {
            ["resourceType"] = "Patient", ["extension"] = extensions, ["identifier"] = identifiers, ["active"] = true,
            ["name"] = new JsonArray(new JsonObject { ["use"] = "official", ["text"] = name }),
        };
        if (phone.Length > 0) body["telecom"] = new JsonArray(new JsonObject { ["system"] = "phone", ["value"] = phone, ["use"] = "mobile" });
        body["gender"] = sex;
        body["birthDate"] = JsonWriting.Day(birth);
        if (Address.Trim().Length > 0) body["address"] = new JsonArray(new JsonObject { ["use"] = "home", ["text"] = Address.Trim() });
        body["managingOrganization"] = JsonWriting.Reference($"Organization/{Clinic}");
        return body;
    }

    private static bool HasHan(string text) => text.Any(c => c > '\u2E7F');

    private static Issue Wrong(string field, string sentence) => Issue.Error("value", sentence, field);
}

/// <summary>Systems and extensions of what FHIR has no element for.</summary>
public static class ResidentCodes
{
    /// <summary>户编号 of the household a resident lives in, as an identifier of each member.</summary>
    public const string HouseholdNumber = "https://tongxin.health/id/household";

    /// <summary>常住类型: 1 户籍, 2 非户籍.</summary>
    public const string Residence = "https://tongxin.health/fhir/StructureDefinition/residence-type";

    /// <summary>Why there is no identity number.</summary>
    public const string NoNumber = "https://tongxin.health/fhir/StructureDefinition/no-identity-number";
}
