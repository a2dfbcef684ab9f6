using System.Globalization;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Programmes;

namespace Tongxin.Kernel.Measures;

/// <summary>Indicators and their numbers as FHIR R4: Measure, and the groups of a MeasureReport.</summary>
/// <remarks>
/// FHIR counts the excluded within the denominator and beside it; a <see cref="Cell"/> has taken them out. So denominator here is the cell's and the excluded.
/// </remarks>
public static class MeasureBody
{
    private const string Populations = "http://terminology.hl7.org/CodeSystem/measure-population";
    private const string Absent = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";

    public static byte[] Bytes(JsonObject resource) => RecordReading.Bytes(resource);

    public static string Url(string indicator) => ProgrammeCodes.Canonical("Measure", indicator);

    /// <summary>The definition, without its SQL: what it counts, in the norm's words.</summary>
    public static JsonObject Measure(Indicator indicator) => new()
    {
        ["resourceType"] = "Measure", ["id"] = indicator.Id, ["url"] = Url(indicator.Id), ["version"] = indicator.Edition, ["name"] = Name(indicator.Id),
        ["title"] = indicator.Title, ["subtitle"] = indicator.TitleInEnglish, ["status"] = "active", ["experimental"] = false,
        ["subjectCodeableConcept"] = Concept("http://hl7.org/fhir/resource-types", "Patient"), ["description"] = indicator.Norm,
        ["effectivePeriod"] = indicator.ValidFrom is null && indicator.ValidTo is null ? null : Period(indicator.ValidFrom, indicator.ValidTo),
        ["scoring"] = Concept("http://terminology.hl7.org/CodeSystem/measure-scoring", "proportion"),
        ["type"] = new JsonArray(Concept("http://terminology.hl7.org/CodeSystem/measure-type", "process")), ["improvementNotation"] = Notation(indicator),
        ["group"] = new JsonArray(new JsonObject
        {
            ["population"] = new JsonArray(
                Defined("initial-population", indicator.Denominator), Defined("denominator", indicator.Denominator),
                Defined("denominator-exclusion", indicator.Exclusion ?? "—"), Defined("numerator", indicator.Numerator)),
        }),
    };

    public static JsonObject Notation(Indicator indicator) =>
        Concept("http://terminology.hl7.org/CodeSystem/measure-improvement-notation", indicator.HigherIsBetter ? "increase" : "decrease");

    /// <summary>The populations of a cell; null for one that may not be told, whose counts are masked.</summary>
    public static JsonObject Group(Cell? cell)
    {
        var group = new JsonObject
        {
            ["population"] = new JsonArray(
                Counted("initial-population", cell?.Denominator + cell?.Excluded), Counted("denominator", cell?.Denominator + cell?.Excluded),
                Counted("denominator-exclusion", cell?.Excluded), Counted("numerator", cell?.Numerator)),
        };
        if (cell?.Rate is { } rate) group["measureScore"] = new JsonObject { ["value"] = Math.Round((decimal)rate, 6) };
        return group;
    }

    public static JsonObject Period(DateOnly? start, DateOnly? end)
    {
        var period = new JsonObject();
        if (start is { } from) period["start"] = from.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        if (end is { } to) period["end"] = to.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return period;
    }

    public static JsonObject Concept(string system, string code) =>
        new() { ["coding"] = new JsonArray(new JsonObject { ["system"] = system, ["code"] = code }) };

    private static JsonObject Defined(string code, string sentence) => new()
    {
        ["code"] = Concept(Populations, code), ["description"] = sentence,
        ["criteria"] = new JsonObject { ["language"] = "text/x-sql", ["expression"] = code },
    };

    private static JsonObject Counted(string code, long? count)
    {
        var population = new JsonObject { ["code"] = Concept(Populations, code) };
        if (count is { } people) population["count"] = people;
        else population["_count"] = new JsonObject { ["extension"] = new JsonArray(new JsonObject { ["url"] = Absent, ["valueCode"] = "masked" }) };
        return population;
    }

    // FHIR's computable names have no hyphens.
    private static string Name(string id) =>
        string.Concat(id.Split('-', StringSplitOptions.RemoveEmptyEntries).Select(p => char.ToUpperInvariant(p[0]) + p[1..]));
}
