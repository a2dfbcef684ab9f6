using System.Text.Json;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>Which codes put a resource into a sensitive compartment when it is written. A table; what the resource itself says in <c>meta.security</c> counts besides.</summary>
/// <remarks>Sources: 精神卫生法 §23 (severe mental disorder), 艾滋病防治条例 §39, 母婴保健法 and 人口与计划生育法 (family planning), 反家庭暴力法 §§5, 14.</remarks>
public static class SensitivityRules
{
    /// <summary>One rule: codes that begin so, in systems whose address contains so.</summary>
    public readonly record struct Rule(string SystemContains, string CodeFrom, string CodeTo, SensitivityLabels Label, string Source);

    public static IReadOnlyList<Rule> Table { get; } =
    [
        new("icd-10", "F20", "F29", SensitivityLabels.MentalHealth, "国家基本公共卫生服务规范 严重精神障碍: schizophrenia and delusional disorders"),
        new("icd-10", "F30", "F31", SensitivityLabels.MentalHealth, "bipolar disorder"),
        new("icd-10", "F70", "F79", SensitivityLabels.MentalHealth, "mental disorder from intellectual disability"),
        new("icd-10", "B20", "B24", SensitivityLabels.Hiv, "HIV disease"),
        new("icd-10", "Z21", "Z21", SensitivityLabels.Hiv, "asymptomatic HIV infection"),
        new("icd-10", "A50", "A64", SensitivityLabels.Hiv, "infections with a predominantly sexual mode of transmission"),
        new("loinc", "75622-1", "75622-1", SensitivityLabels.Hiv, "HIV 1 and 2 screening"),
        new("loinc", "56888-1", "56888-1", SensitivityLabels.Hiv, "HIV 1+2 Ab and p24 Ag"),
        new("icd-10", "O04", "O04", SensitivityLabels.FamilyPlanning, "medical abortion"),
        new("icd-10", "Z30", "Z30", SensitivityLabels.FamilyPlanning, "contraceptive management"),
        new("icd-10", "Z64", "Z64", SensitivityLabels.FamilyPlanning, "unwanted pregnancy"),
        new("icd-10", "T74", "T74", SensitivityLabels.DomesticViolence, "maltreatment syndromes"),
        new("icd-10", "Y06", "Y07", SensitivityLabels.DomesticViolence, "maltreatment by persons close"),
        new("tongxin.health", "severe-mental-disorder", "severe-mental-disorder", SensitivityLabels.MentalHealth, "programme 严重精神障碍患者管理"),
        new("tongxin.health", "severe-mental-disorders", "severe-mental-disorders", SensitivityLabels.MentalHealth, "programme 严重精神障碍患者管理"),
        new("tongxin.health", "severe-mental", "severe-mental", SensitivityLabels.MentalHealth, "programme 严重精神障碍患者管理"),
        new("tongxin.health", "hiv", "hiv", SensitivityLabels.Hiv, "programme 艾滋病"),
        new("tongxin.health", "family-planning", "family-planning", SensitivityLabels.FamilyPlanning, "programme 计划生育服务"),
    ];

    /// <summary>Labels by every coding in the resource, wherever it stands.</summary>
    public static SensitivityLabels Of(JsonElement resource)
    {
        // Definitions name the codes they are about; they are nobody's.
        return resource.TryGetProperty("resourceType", out var type) && ResourceGroups.Definitions.Contains(type.GetString() ?? "")
            ? SensitivityLabels.None
            : Walk(resource);
    }

    /// <summary>Whether a resource says itself that it is sensitive, or names something that is: for what must not leave this platform or stand where more people read.</summary>
    public static bool IsSensitive(JsonElement resource) => Of(resource) is not SensitivityLabels.None
        || (resource.TryGetProperty("meta", out var meta) && meta.TryGetProperty("security", out var labels) && labels.GetArrayLength() > 0);

    private static SensitivityLabels Walk(JsonElement element)
    {
        var labels = SensitivityLabels.None;
        if (element.ValueKind is JsonValueKind.Array)
            foreach (var item in element.EnumerateArray()) labels |= Walk(item);
        if (element.ValueKind is not JsonValueKind.Object) return labels;
        if (element.TryGetProperty("code", out var code) && code.ValueKind is JsonValueKind.String &&
            element.TryGetProperty("system", out var system) && system.ValueKind is JsonValueKind.String)
            labels |= Of(system.GetString()!, code.GetString()!);
        foreach (var member in element.EnumerateObject())
            if (member.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array) labels |= Walk(member.Value);
        return labels;
    }

    internal static SensitivityLabels Of(string system, string code)
    {
        var labels = SensitivityLabels.None;
        foreach (var rule in Table)
            if (system.Contains(rule.SystemContains, StringComparison.OrdinalIgnoreCase) && Within(rule, code)) labels |= rule.Label;
        return labels;
    }

    // F20.0 lies in F20–F29: the category decides, not what stands behind it.
    private static bool Within(Rule rule, string code)
    {
        if (code.Length < rule.CodeFrom.Length) return false;
        var category = code.AsSpan(0, rule.CodeFrom.Length);
        if (rule.SystemContains is not "icd-10" && code.Length != rule.CodeFrom.Length) return false;
        return category.CompareTo(rule.CodeFrom, StringComparison.OrdinalIgnoreCase) >= 0 && category.CompareTo(rule.CodeTo, StringComparison.OrdinalIgnoreCase) <= 0;
    }
}
