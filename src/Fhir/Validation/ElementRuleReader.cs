using System.Globalization;
using System.Text.Json;
using Tongxin.Fhir.FhirPath;

namespace Tongxin.Fhir.Validation;

/// <summary>Reads one ElementDefinition of a profile.</summary>
internal static class ElementRuleReader
{
    private static readonly string[] Understood = ["value", "pattern", "type", "exists"];

    public static void Fill(ElementRule rule, JsonElement element, string where)
    {
        foreach (var member in element.EnumerateObject())
        {
            switch (member.Name)
            {
                case "min" when member.Value.TryGetInt32(out var min):
                    rule.Min = min;
                    break;
                case "max":
                    rule.Max = member.Value.GetString() is { } max && int.TryParse(max, NumberStyles.None, CultureInfo.InvariantCulture, out var most) ? most : int.MaxValue;
                    break;
                case "type":
                    ReadTypes(rule, member.Value);
                    break;
                case "binding" when Profile.Text(member.Value, "strength") is "required":
                    rule.Binding = Profile.Text(member.Value, "valueSet");
                    break;
                case "slicing":
                    ReadSlicing(rule, member.Value, where);
                    break;
                case "constraint":
                    ReadConstraints(rule, member.Value, where);
                    break;
                case var name when name.StartsWith("fixed", StringComparison.Ordinal):
                    rule.Fixed = member.Value.Clone();
                    break;
                case var name when name.StartsWith("pattern", StringComparison.Ordinal):
                    rule.Pattern = member.Value.Clone();
                    break;
            }
        }
    }

    private static void ReadTypes(ElementRule rule, JsonElement types)
    {
        rule.Types = [.. types.EnumerateArray().Select(t => Profile.Text(t, "code")).OfType<string>()];
        if (rule.Name is "extension" or "modifierExtension" && types.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } first &&
            first.TryGetProperty("profile"u8, out var profiles) && profiles.ValueKind is JsonValueKind.Array && profiles.GetArrayLength() > 0)
            rule.ExtensionUrl = profiles[0].GetString();
    }

    private static void ReadSlicing(ElementRule rule, JsonElement slicing, string where)
    {
        rule.IsClosed = Profile.Text(slicing, "rules") is "closed";
        if (!slicing.TryGetProperty("discriminator"u8, out var discriminators)) return;
        var read = discriminators.EnumerateArray().Select(d => (Type: Profile.Text(d, "type") ?? "", Path: Profile.Text(d, "path") ?? "")).ToList();
        foreach (var (type, path) in read)
            if (!Understood.Contains(type) || path.Contains('(', StringComparison.Ordinal))
                throw RefusedException.Because(422, "not-supported", $"Slicing by {type} at '{path}' is not understood.", where + ".slicing");
        rule.Discriminators = read;
    }

    private static void ReadConstraints(ElementRule rule, JsonElement constraints, string where)
    {
        var read = new List<(string, string, FhirPathExpression)>();
        foreach (var constraint in constraints.EnumerateArray())
        {
            if (Profile.Text(constraint, "severity") is not "error" || Profile.Text(constraint, "expression") is not { } text) continue;
            try
            {
                read.Add((Profile.Text(constraint, "key") ?? "", Profile.Text(constraint, "human") ?? "", FhirPathExpression.Compile(text)));
            }
            catch (FhirPathException wrong)
            {
                throw RefusedException.Because(422, "value", $"The constraint is not FHIRPath: {wrong.Message}", where + ".constraint");
            }
        }

        rule.Constraints = read;
    }
}
