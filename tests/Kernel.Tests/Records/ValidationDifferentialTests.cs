using System.Text.Json;
using Hl7.Fhir.Serialization;
using Tongxin.Fhir.Validation;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Kernel.Tests.Records;

/// <summary>The validator against every R4 example, and spoilt ones, with the FHIR library's strict parser as second opinion.</summary>
public sealed class ValidationDifferentialTests
{
    private const int Spoilt = 4_000;

    private static readonly Validator Validator = ResourceValidation.Create();

    /// <summary>Examples that R4 published although they break its own rules; what is wrong with each.</summary>
    private static readonly Dictionary<string, string> Wrong = new()
    {
        ["ActivityDefinition-blood-tubes-supply.json"] = "txt-2",
        ["ActivityDefinition-heart-valve-replacement.json"] = "txt-2",
        ["EventDefinition-example.json"] = "txt-2",
        ["Questionnaire-zika-virus-exposure-assessment.json"] = "txt-2",
        ["Bundle-dataelements.json"] = "bdl-7",
        ["DeviceMetric-example.json"] = "may not point to a DeviceDefinition",
        ["DeviceUseStatement-example.json"] = "may not point to a Procedure",
        ["MedicationRequest-medrx0301.json"] = "may not point to a Practitioner",
        ["Observation-clinical-gender.json"] = "may not point to a Encounter",
        ["ig-r4.json"] = "status is missing",
        ["ImplementationGuide-fhir.json"] = "status is missing",
        ["Questionnaire-qs1.json"] = "linkId is missing",
        ["SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json"] = "An id is",
        ["SearchParameter-codesystem-extensions-CodeSystem-author.json"] = "base is missing",
        ["SearchParameter-codesystem-extensions-CodeSystem-effective.json"] = "base is missing",
        ["SearchParameter-codesystem-extensions-CodeSystem-end.json"] = "base is missing",
        ["SearchParameter-codesystem-extensions-CodeSystem-keyword.json"] = "base is missing",
        ["SearchParameter-codesystem-extensions-CodeSystem-workflow.json"] = "base is missing",
        ["SearchParameter-valueset-extensions-ValueSet-author.json"] = "base is missing",
        ["SearchParameter-valueset-extensions-ValueSet-effective.json"] = "base is missing",
        ["SearchParameter-valueset-extensions-ValueSet-end.json"] = "base is missing",
        ["SearchParameter-valueset-extensions-ValueSet-keyword.json"] = "base is missing",
        ["SearchParameter-valueset-extensions-ValueSet-workflow.json"] = "base is missing",
    };

    /// <summary>Where the library is stricter than FHIR R4's own regular expressions, or its number type narrower.</summary>
    private static readonly string[] LibraryOnly =
    [
        "not a correct literal for a uri",           // R4: \S*; the library also wants urn:oid and urn:uuid well-formed.
        "not a correct literal for a canonical",
        "not a correct literal for a url",
        "not a correct literal for a code",          // A no-break space at the end; R4's \s is ASCII.
        "not the right type of literal for a decimal", // -1E+245 is a legal decimal (Observation-decimal.json).
        "not a correct literal for a instant",       // Leap second in the year 9999.
        "not a correct literal for a dateTime",
    ];

    [Fact]
    public void The_examples_of_R4_are_valid_but_for_those_listed()
    {
        var surprises = new List<string>();
        foreach (var (name, bytes) in R4Examples.All())
        {
            using var document = JsonDocument.Parse(bytes);
            var issues = Validator.Validate(document.RootElement);
            var expected = Wrong.GetValueOrDefault(name);
            if (expected is null ? issues.Count > 0 : !issues.Any(i => i.Diagnostics.Contains(expected, StringComparison.Ordinal)))
                surprises.Add($"{name}: {string.Join(" ; ", issues.Take(3).Select(i => i.Expression + " " + i.Diagnostics))}");
        }

        Assert.Empty(surprises);
    }

    [Fact]
    public void What_the_librarys_strict_parser_refuses_is_refused()
    {
        var random = new Random(20260331);
        var mutation = new Mutation(random);
        var small = R4Examples.All().Where(e => e.Bytes.Length < 30_000).ToList();
        var refused = 0;
        var laxer = new List<string>();
        for (var i = 0; i < Spoilt; i++)
        {
            var (name, bytes) = small[random.Next(small.Count)];
            var body = i % 8 is 0 ? bytes : mutation.Structural(bytes);
            JsonDocument document;
            try
            {
                document = JsonDocument.Parse(body);
            }
            catch (JsonException)
            {
                continue;
            }

            using (document)
            {
                var isRefused = Validator.Validate(document.RootElement).Count > 0;
                if (isRefused) refused++;
                else if (Library(body) is { } opinion && !LibraryOnly.Any(o => opinion.Contains(o, StringComparison.Ordinal))) laxer.Add($"{name}: {opinion}");
            }
        }

        Assert.Empty(laxer);
        Assert.InRange(refused, Spoilt / 2, Spoilt);
    }

    private static string? Library(byte[] bytes)
    {
        var reader = new Utf8JsonReader(bytes);
        FhirJsonDeserializer.STRICT.TryDeserializeResource(ref reader, out _, out var wrong);
        return wrong.FirstOrDefault()?.Message;
    }
}
