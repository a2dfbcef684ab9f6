namespace Tongxin.Fhir.Questionnaires;

/// <summary>Extension addresses of FHIR R4 and HL7 SDC that the form logic understands, and the one of our own (usual range).</summary>
public static class SdcUrls
{
    public const string Variable = "http://hl7.org/fhir/StructureDefinition/variable";
    public const string Hidden = "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden";
    public const string ItemControl = "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl";
    public const string Unit = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit";
    public const string Constraint = "http://hl7.org/fhir/StructureDefinition/questionnaire-constraint";
    public const string OptionExclusive = "http://hl7.org/fhir/StructureDefinition/questionnaire-optionExclusive";
    public const string MinValue = "http://hl7.org/fhir/StructureDefinition/minValue";
    public const string MaxValue = "http://hl7.org/fhir/StructureDefinition/maxValue";
    public const string Translation = "http://hl7.org/fhir/StructureDefinition/translation";
    public const string InitialExpression = Sdc + "initialExpression";
    public const string CalculatedExpression = Sdc + "calculatedExpression";
    public const string EnableWhenExpression = Sdc + "enableWhenExpression";
    public const string ObservationExtract = Sdc + "observationExtract";
    public const string DefinitionExtract = Sdc + "definitionExtract";
    public const string DefinitionExtractValue = Sdc + "definitionExtractValue";

    /// <summary>Numbers outside <c>low</c>…<c>high</c> are possible but unusual: the form asks again, and keeps the answer.</summary>
    public const string UsualRange = "https://tongxin.health/fhir/StructureDefinition/usual-range";

    /// <summary>Canonical of each form that a combined form was made of.</summary>
    public const string ComposedOf = "https://tongxin.health/fhir/StructureDefinition/composed-of";

    private const string Sdc = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-";
}
