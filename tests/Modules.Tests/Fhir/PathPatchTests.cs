using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Hl7.Fhir.Serialization;
using Tongxin.Fhir;
using Tongxin.Kernel.Records.Model;
using Tongxin.Kernel.Tests;
using Tongxin.Web.Fhir;

namespace Tongxin.Modules.Tests.Fhir;

/// <summary>The FHIRPath Patch cases of FHIR's own test suite, which come in XML; another library makes JSON of them.</summary>
public sealed partial class PathPatchTests
{
    private const string Patient = """
        {"resourceType":"Patient","id":"p","name":[{"family":"张","given":["三","山"],"_given":[null,{"id":"x"}]}],"birthDate":"1960-02-29","_birthDate":{"id":"b"},
         "contact":[{"name":{"text":"李四"}},{"name":{"text":"王五"}}]}
        """;

    [Fact]
    public void Every_case_of_the_official_suite_comes_out_as_it_says()
    {
        var archive = SharedData.Path("fhir-conformance/fhir-test-cases_subset.tar.xz");
        using var tar = Process.Start(new ProcessStartInfo("tar", ["-xOf", archive, "--wildcards", "*r4/patch/fhir-patch-tests.xml"]) { RedirectStandardOutput = true })!;
        var cases = XDocument.Parse(tar.StandardOutput.ReadToEnd()).Root!.Elements("case").ToList();
        tar.WaitForExit();

        Assert.Equal(33, cases.Count);
        Assert.All(cases, one =>
        {
            byte[] Patched() => PathPatch.Apply(Json(one.Element("input")!), Json(one.Element("diff")!), FirelyModel.R4, TimeProvider.System);
            if (one.Element("error") is not null) Assert.Throws<RefusedException>(Patched);
            else Assert.Equal(Plain(Json(one.Element("output")!)), Plain(Patched()));
        });
    }

    [Fact]
    public void A_name_goes_with_what_is_said_of_it()
    {
        var after = Patched(Operation("delete", "Patient.name.given[1]"), Operation("delete", "Patient.birthDate"));
        Assert.Equal("""{"resourceType":"Patient","id":"p","name":[{"family":"张","given":["三"],"_given":[null]}],""" +
            "\"contact\":[{\"name\":{\"text\":\"李四\"}},{\"name\":{\"text\":\"王五\"}}]}", after);
    }

    [Fact]
    public void A_choice_takes_the_type_of_its_value() => Assert.Contains(
        "\"deceasedDateTime\":\"2024-01-01\"",
        Patched(Operation("add", "Patient", """{"name":"name","valueString":"deceased"}""", """{"name":"value","valueDateTime":"2024-01-01"}""")), StringComparison.Ordinal);

    [Theory]
    [InlineData("add", "Patient", """{"name":"name","valueString":"colour"}""", """{"name":"value","valueString":"red"}""")]
    [InlineData("add", "Patient", """{"name":"name","valueString":"birthDate"}""", """{"name":"value","valueDate":"1960-01-01"}""")]
    [InlineData("add", "Patient.contact", """{"name":"name","valueString":"gender"}""", """{"name":"value","valueCode":"male"}""")]
    [InlineData("add", "Patient.birthDate", """{"name":"name","valueString":"id"}""", """{"name":"value","valueString":"x"}""")]
    [InlineData("add", "Patient", """{"name":"name","valueString":"contact"}""")]
    [InlineData("replace", "Patient.contact", """{"name":"value","valueString":"x"}""")]
    [InlineData("replace", "Patient", """{"name":"value","valueString":"x"}""")]
    [InlineData("replace", "1 + 1", """{"name":"value","valueString":"x"}""")]
    [InlineData("replace", "Patient.name.family & '丰'", """{"name":"value","valueString":"x"}""")]
    [InlineData("insert", "Patient.contact", """{"name":"index","valueInteger":9}""", """{"name":"value","valueString":"x"}""")]
    [InlineData("insert", "Patient.birthDate", """{"name":"index","valueInteger":0}""", """{"name":"value","valueString":"x"}""")]
    [InlineData("move", "Patient.contact", """{"name":"source","valueInteger":0}""", """{"name":"destination","valueInteger":2}""")]
    [InlineData("delete", "Patient.contact")]
    [InlineData("delete", "Patient")]
    [InlineData("delete", "Patient.(")]
    [InlineData("banana", "Patient")]
    [InlineData("delete", "Patient.repeat(children()).repeat(descendants())")]
    public void What_cannot_be_done_is_refused_with_the_operation(string type, string path, params string[] parts)
    {
        var refused = Assert.Throws<RefusedException>(() => Patched(Operation(type, path, parts)));
        Assert.InRange(refused.Status, 400, 422);
        Assert.Equal("Parameters.parameter[0]", refused.Issues[0].Expression);
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient"}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"x"}]}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"add"},{"name":"type","valueCode":"add"}]}]}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"operation"}]}""")]
    public void What_is_no_patch_is_refused(string patch) => Assert.Equal(400, Assert.Throws<RefusedException>(() =>
        PathPatch.Apply(Encoding.UTF8.GetBytes(Patient), Encoding.UTF8.GetBytes(patch), FirelyModel.R4, TimeProvider.System)).Status);

    private static string Patched(params string[] operations) => Encoding.UTF8.GetString(PathPatch.Apply(
        Encoding.UTF8.GetBytes(Patient), Encoding.UTF8.GetBytes($$"""{"resourceType":"Parameters","parameter":[{{string.Join(',', operations)}}]}"""), FirelyModel.R4,
        TimeProvider.System));

    private static string Operation(string type, string path, params string[] parts) =>
        $$"""{"name":"operation","part":[{{string.Join(',', [$$"""{"name":"type","valueCode":"{{type}}"}""", $$"""{"name":"path","valueString":"{{path}}"}""", .. parts])}}]}""";

    // The narrative of one case differs in blanks.
    private static string Plain(byte[] json) => Blanks().Replace(JsonNode.Parse(json)!.ToJsonString(), "");

    [GeneratedRegex(@"(\\n|\\r|\s)+")]
    private static partial Regex Blanks();

    private static byte[] Json(XElement holder)
    {
        // The other library takes no empty resource.
        if (holder.Elements().Single() is { HasElements: false } empty) return Encoding.UTF8.GetBytes($$"""{"resourceType":"{{empty.Name.LocalName}}"}""");
        var resource = new BaseFhirXmlDeserializer(Hl7.Fhir.Model.ModelInfo.ModelInspector).DeserializeResource(holder.Elements().Single().ToString());
        return Encoding.UTF8.GetBytes(new BaseFhirJsonSerializer(Hl7.Fhir.Model.ModelInfo.ModelInspector).SerializeToString(resource));
    }
}
