using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Fhir.Validation;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Kernel.Tests.Records;

/// <summary>What a module's StructureDefinition can ask of a resource beyond FHIR R4.</summary>
public sealed class ProfileTests
{
    [Theory]
    [InlineData("""{"family":"张","given":["三"]}""", null)]
    [InlineData("""{"family":"张"}""", "Patient.name[0]")]
    public void An_invariant_on_an_element_is_evaluated_there(string name, string? wrong) => Holds(
        """{"id":"Patient.name","path":"Patient.name","constraint":[{"key":"x-1","severity":"error","human":"Both","expression":"family.exists() and given.count() > 0"}]}""",
        $"\"name\":[{name}]", wrong);

    [Theory]
    [InlineData("1980", null)]
    [InlineData("1880", "Patient.birthDate")]
    public void An_invariant_sees_a_primitive_with_its_type(string birthDate, string? wrong) => Holds(
        """{"id":"Patient.birthDate","path":"Patient.birthDate","constraint":[{"key":"x-2","severity":"error","human":"Recent","expression":"$this > @1900-01-01"}]}""",
        $"\"birthDate\":\"{birthDate}-01-01\"", wrong);

    [Theory]
    [InlineData("""{"url":"urn:x:ethnic","valueCode":"01"}""", null)]
    [InlineData("""{"url":"urn:x:other","valueCode":"01"}""", "Patient")]
    public void A_required_extension_is_a_slice_by_its_url(string extension, string? wrong) => Holds(
        """
        {"id":"Patient.extension","path":"Patient.extension","slicing":{"discriminator":[{"type":"value","path":"url"}],"rules":"open"}},
        {"id":"Patient.extension:ethnic","path":"Patient.extension","sliceName":"ethnic","min":1,"type":[{"code":"Extension","profile":["urn:x:ethnic"]}]}
        """,
        $"\"extension\":[{extension}]", wrong);

    [Theory]
    [InlineData("""{"system":"urn:id","value":"1"}""", null)]
    [InlineData("""{"system":"urn:other","value":"1"}""", "Patient.identifier[0]")]
    public void Closed_slicing_refuses_what_is_in_no_slice(string identifier, string? wrong) => Holds(
        """
        {"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"closed"}},
        {"id":"Patient.identifier:own","path":"Patient.identifier","sliceName":"own","max":"1"},
        {"id":"Patient.identifier:own.system","path":"Patient.identifier.system","fixedUri":"urn:id"}
        """,
        $"\"identifier\":[{identifier}]", wrong);

    [Theory]
    [InlineData("female", null)]
    [InlineData("other", "Patient.gender")]
    public void A_required_binding_narrows_further(string gender, string? wrong) => Holds(
        """{"id":"Patient.gender","path":"Patient.gender","binding":{"strength":"required","valueSet":"urn:x:two"}}""", $"\"gender\":\"{gender}\"", wrong);

    [Fact]
    public void A_profile_that_is_not_understood_is_refused_not_skipped()
    {
        var refusal = Assert.Throws<RefusedException>(() => Read("""
            {"id":"Patient.contact","path":"Patient.contact","slicing":{"discriminator":[{"type":"profile","path":"$this"}],"rules":"open"}}
            """));
        Assert.Equal(422, refusal.Status);
        Assert.Equal(422, Assert.Throws<RefusedException>(() => Read("""
            {"id":"Patient","path":"Patient","constraint":[{"key":"x","severity":"error","human":"h","expression":"name.where("}]}
            """)).Status);
    }

    private static void Holds(string elements, string members, string? wrong)
    {
        var profile = Read(elements);
        var validator = ResourceValidation.Create((set, _, code) => set is "urn:x:two" ? code is "male" or "female" : null, url => url is "urn:x" ? profile : null);
        using var document = JsonDocument.Parse($$"""{"resourceType":"Patient","meta":{"profile":["urn:x"]},{{members}}}""");
        var issues = validator.Validate(document.RootElement);
        if (wrong is null) Assert.Empty(issues);
        else Assert.Equal(wrong, Assert.Single(issues).Expression);
    }

    private static Profile Read(string elements)
    {
        using var definition = JsonDocument.Parse($$"""
            {"resourceType":"StructureDefinition","url":"urn:x","type":"Patient","differential":{"element":[{{elements}}]} }
            """);
        return Profile.Read(definition.RootElement);
    }
}
