using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Fhir.Validation;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Kernel.Tests.Records;

public sealed class ValidatorTests
{
    private static readonly Validator Validator = ResourceValidation.Create();

    [Theory]
    [InlineData("""{"resourceType":"Patient","foo":1}""", "structure", "Patient.foo")]
    [InlineData("""{"resourceType":"Patient","gender":"xyz"}""", "code-invalid", "Patient.gender")]
    [InlineData("""{"resourceType":"Patient","birthDate":"2026-02-30"}""", "value", "Patient.birthDate")]
    [InlineData("""{"resourceType":"Patient","name":{"family":"x"}}""", "structure", "Patient.name")]
    [InlineData("""{"resourceType":"Patient","name":[{"family":["x"]}]}""", "structure", "Patient.name[0].family")]
    [InlineData("""{"resourceType":"Patient","name":[{"given":["a",""]}]}""", "value", "Patient.name[0].given[1]")]
    [InlineData("""{"resourceType":"Patient","name":[{"given":[null,"a"]}]}""", "value", "Patient.name[0].given[0]")]
    [InlineData("""{"resourceType":"Patient","name":[]}""", "structure", "Patient.name")]
    [InlineData("""{"resourceType":"Patient","name":[{}]}""", "invariant", "Patient.name[0]")]
    [InlineData("""{"resourceType":"Patient","name":[{"id":"x"}]}""", "invariant", "Patient.name[0]")]
    [InlineData("""{"resourceType":"Patient","active":"true"}""", "value", "Patient.active")]
    [InlineData("""{"resourceType":"Patient","multipleBirthInteger":1.0}""", "value", "Patient.multipleBirth")]
    [InlineData("""{"resourceType":"Patient","deceasedBoolean":true,"deceasedDateTime":"2020"}""", "structure", "Patient.deceased")]
    [InlineData("""{"resourceType":"Patient","managingOrganization":{"reference":"Patient/1"}}""", "value", "Patient.managingOrganization.reference")]
    [InlineData("""{"resourceType":"Patient","managingOrganization":{"reference":"#org"}}""", "not-found", "Patient.managingOrganization.reference")]
    [InlineData("""{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x"}]}""", "invariant", "Patient.contained[0]")]
    [InlineData("""{"resourceType":"Patient","text":{"status":"generated","div":"<div>x</div>"}}""", "value", "Patient.text.div")]
    [InlineData("""
        {"resourceType":"Patient","text":{"status":"generated",
         "div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>x</script></div>"}}
        """, "value", "Patient.text.div")]
    [InlineData("""
        {"resourceType":"Patient","text":{"status":"generated",
         "div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><b onclick='x()'>x</b></div>"}}
        """, "value", "Patient.text.div")]
    [InlineData("""{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><b>x</div></b>"}}""", "value", "Patient.text.div")]
    [InlineData("""{"resourceType":"Patient","extension":[{"url":"urn:x","valueString":"a","extension":[{"url":"b","valueCode":"c"}]}]}""", "invariant", "Patient.extension[0]")]
    [InlineData("""{"resourceType":"Patient","_birthDate":{"extension":[{"url":"urn:x"}]}}""", "invariant", "Patient.birthDate.extension[0]")]
    [InlineData("""{"resourceType":"Patient","_birthDate":{"id":"x"}}""", "invariant", "Patient.birthDate")]
    [InlineData("""{"resourceType":"Patient","_name":[{"id":"x"}]}""", "structure", "Patient._name")]
    [InlineData("""{"resourceType":"Observation","code":{"text":"x"}}""", "required", "Observation.status")]
    [InlineData("""
        {"resourceType":"Observation","status":"final","code":{"text":"x"},"effectivePeriod":{"start":"2026-02",
         "end":"2026-01"}}
        """, "invariant", "Observation.effective")]
    [InlineData("""{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueString":"a","dataAbsentReason":{"text":"b"}}""", "invariant", "Observation")]
    [InlineData("""
        {"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a",
         "resource":{"resourceType":"Patient","foo":1}}]}
        """, "structure", "Bundle.entry[0].resource.foo")]
    public void What_is_wrong_is_told_with_its_place(string json, string code, string expression)
    {
        var issue = Assert.Single(Validate(json));
        Assert.Equal((code, expression), (issue.Code, issue.Expression));
    }

    [Theory]
    [InlineData("""
        {"resourceType":"Patient","_birthDate":{"extension":[{"url":"urn:x","valueCode":"unknown"}]},
         "name":[{"given":["a",null],"_given":[{"id":"x"},{"extension":[{"url":"urn:x","valueCode":"y"}]}]}]}
        """)]
    [InlineData("""{"resourceType":"Patient","birthDate":"2020","_birthDate":{"id":"x"}}""")]
    [InlineData("""{"resourceType":"Observation","code":{"text":"x"},"_status":{"extension":[{"url":"urn:x","valueCode":"masked"}]}}""")]
    [InlineData("""{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x"}],"managingOrganization":{"reference":"#o"}}""")]
    [InlineData("""
        {"resourceType":"Patient","managingOrganization":{"identifier":{"value":"x"}},
         "generalPractitioner":[{"reference":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"}]}
        """)]
    public void What_R4_allows_passes(string json) => Assert.Empty(Validate(json));

    [Fact]
    public void A_body_that_is_wrong_everywhere_stops_at_a_hundred() =>
        Assert.Equal(Validator.MostIssues, Validate($$"""{"resourceType":"Patient","name":[{{string.Join(',', Enumerable.Repeat("1", 5_000))}}]}""").Count);

    [Theory]
    [InlineData("""{"resourceType":"Observation"}""", 3)]
    [InlineData("""{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"subject":{"reference":"Patient/1"}}""", 1)]
    [InlineData("""
        {"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"BP"}]},"subject":{"reference":"Patient/1"},
         "component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":80}},
                      {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120}}]}
        """, 0)]
    [InlineData("""
        {"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"subject":{"reference":"Patient/1"},
         "component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueString":"high"}]}
        """, 1)]
    public void A_profile_narrows_by_pattern_cardinality_slices_and_types(string json, int wrong)
    {
        using var definition = JsonDocument.Parse("""
            {"resourceType":"StructureDefinition","url":"urn:test:bp","type":"Observation","differential":{"element":[
              {"id":"Observation","path":"Observation"},
              {"id":"Observation.code","path":"Observation.code","patternCodeableConcept":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"min":1},
              {"id":"Observation.subject","path":"Observation.subject","min":1},
              {"id":"Observation.component","path":"Observation.component","slicing":{"discriminator":[{"type":"pattern","path":"code"}],"rules":"open"}},
              {"id":"Observation.component:systolic","path":"Observation.component","sliceName":"systolic","min":1,"max":"1"},
              {"id":"Observation.component:systolic.code","path":"Observation.component.code","patternCodeableConcept":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]}},
              {"id":"Observation.component:systolic.value[x]","path":"Observation.component.value[x]","min":1,"type":[{"code":"Quantity"}]}]}}
            """);
        var profile = Profile.Read(definition.RootElement);
        var validator = ResourceValidation.Create(profile: url => url is "urn:test:bp" ? profile : null);
        using var document = JsonDocument.Parse(json);
        Assert.Equal(wrong, validator.Validate(document.RootElement, "urn:test:bp").Count(i => i.Diagnostics.Contains("profile", StringComparison.Ordinal)));
    }

    private static IReadOnlyList<Issue> Validate(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Validator.Validate(document.RootElement);
    }
}
