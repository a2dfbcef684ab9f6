using System.Text.Json;
using System.Text.RegularExpressions;
using Tongxin.Fhir.FhirPath;

namespace Tongxin.Fhir.Views;

/// <summary>The named constants of a view, as FHIRPath values.</summary>
internal static partial class ViewConstants
{
    public static Dictionary<string, IReadOnlyList<PathValue>> Read(JsonElement view)
    {
        var constants = new Dictionary<string, IReadOnlyList<PathValue>>(StringComparer.Ordinal);
        if (!view.TryGetProperty("constant", out var list)) return constants;
        foreach (var constant in list.EnumerateArray())
        {
            var name = ViewDefinition.Text(constant, "name") ?? throw ViewDefinition.Refuse("A constant has no name.", "ViewDefinition.constant.name");
            if (!NameShape.IsMatch(name)) throw ViewDefinition.Refuse($"'{name}' is no name of a constant.", "ViewDefinition.constant.name");
            var value = constant.EnumerateObject().FirstOrDefault(m => m.Name.StartsWith("value", StringComparison.Ordinal));
            if (value.Value.ValueKind is JsonValueKind.Undefined) throw ViewDefinition.Refuse($"The constant '{name}' has no value.", "ViewDefinition.constant.value[x]");
            constants[name] = [Value(value.Name[5..], value.Value)];
        }

        return constants;
    }

    private static PathValue Value(string type, JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => new("Boolean", default, json.GetBoolean()),
        JsonValueKind.Number when type is "Decimal" => new("Decimal", default, json.GetDecimal()),
        JsonValueKind.Number => new("Integer", default, json.GetInt64()),
        _ => type switch
        {
            "Date" => Time(PathTimeKind.Date, json.GetString()!),
            "DateTime" or "Instant" => Time(PathTimeKind.DateTime, json.GetString()!),
            "Time" => Time(PathTimeKind.Time, json.GetString()!),
            _ => new("String", default, json.GetString()),
        },
    };

    private static PathValue Time(PathTimeKind kind, string text) => new(kind.ToString(), default, (object?)PathTime.Parse(kind, text) ?? text);

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_]*$", RegexOptions.None, 100)]
    private static partial Regex NameShape { get; }
}
