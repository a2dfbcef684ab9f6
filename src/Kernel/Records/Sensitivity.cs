using System.Collections.Frozen;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records;

/// <summary>Reads sensitivity out of a resource's own labels (<c>meta.security</c>, HL7 v3 ActCode information sensitivity).</summary>
/// <remarks>What a diagnosis or programme implies is for the rules of Access.</remarks>
internal static class Sensitivity
{
    public const string System = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

    private static readonly FrozenDictionary<string, SensitivityLabels> Codes = new Dictionary<string, SensitivityLabels>(StringComparer.Ordinal)
    {
        ["PSY"] = SensitivityLabels.MentalHealth,
        ["PSYTHPN"] = SensitivityLabels.MentalHealth,
        ["HIV"] = SensitivityLabels.Hiv,
        ["SEX"] = SensitivityLabels.FamilyPlanning,
        ["PREGNANT"] = SensitivityLabels.FamilyPlanning,
        ["SDV"] = SensitivityLabels.DomesticViolence,
        ["VIO"] = SensitivityLabels.DomesticViolence,
        ["ADOL"] = SensitivityLabels.Minors,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>What one label means: none for null, every compartment for a label that is not known.</summary>
    public static SensitivityLabels Of(string? code) => code is null ? SensitivityLabels.None : Codes.GetValueOrDefault(code, SensitivityLabels.All);

    public static SensitivityLabels Of(IndexEntries index)
    {
        var labels = SensitivityLabels.None;
        foreach (var token in index.Tokens)
            if (token is { Parameter.Code: "_security", System: System } && Codes.TryGetValue(token.Code, out var label)) labels |= label;
        return labels;
    }
}
