using System.Diagnostics;
using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Kernel.Terminology;

namespace Tongxin.Kernel.Tests.Terminology;

public sealed class CodesTests : IDisposable
{
    private readonly Pinyin pinyin = new();
    private readonly Codes codes;

    public CodesTests()
    {
        codes = new(pinyin);
        foreach (var table in NationalSets.Read(pinyin)) codes.Put(table);
        codes.Put(new ConceptTable("urn:icd", null, "ICD-10", [new("I10", "特发性(原发性)高血压"), new("I10.x00", "高血压", Parent: 0), new("E11", "2型糖尿病"), new("J44", "慢阻肺")], pinyin));
    }

    [Fact]
    public void The_national_sets_ship_with_their_sources()
    {
        Assert.Equal(56 + 2, codes.System(NationalSets.Prefix + "ethnic-group")!.Count);
        Assert.Equal("畲族", codes.Lookup(NationalSets.Prefix + "ethnic-group", "22")!.Value.Display);
        Assert.True(codes.Systems.Count() >= 20);
    }

    [Theory]
    [InlineData("gxy", "I10.x00")]
    [InlineData("高血压", "I10.x00")]
    [InlineData("tangniaobing", "E11")]
    [InlineData("i10", "I10")]
    public void A_diagnosis_is_found_by_initials_text_pinyin_or_code(string filter, string first) =>
        Assert.Equal(first, codes.Expand("urn:icd", filter)!.Concepts[0].Code);

    [Fact]
    public void An_unknown_value_set_is_not_an_empty_one()
    {
        Assert.Null(codes.Expand("urn:nothing"));
        Assert.Null(codes.IsMember("urn:nothing", null, "1"));
        Assert.Empty(codes.Expand("urn:icd", "zzzz")!.Concepts);
    }

    [Fact]
    public void A_value_set_includes_excludes_and_imports()
    {
        Put("""{"resourceType":"ValueSet","url":"urn:vs:a","compose":{"include":[{"system":"urn:icd","filter":[{"property":"concept","op":"is-a","value":"I10"}]}]}}""");
        Put("""
            {"resourceType":"ValueSet","url":"urn:vs:b","compose":{
              "include":[{"valueSet":["urn:vs:a"]},{"system":"urn:icd","concept":[{"code":"E11"}]}],
              "exclude":[{"system":"urn:icd","concept":[{"code":"I10"}]}]}}
            """);

        Assert.Equal(["I10.x00", "E11"], codes.Expand("urn:vs:b")!.Concepts.Select(c => c.Code));
        Assert.True(codes.IsMember("urn:vs:b", "urn:icd", "E11"));
        Assert.False(codes.IsMember("urn:vs:b", "urn:icd", "I10"));
        Assert.False(codes.IsMember("urn:vs:b", "urn:other", "E11"));
    }

    [Fact]
    public void A_value_set_that_imports_itself_is_refused_and_does_not_hang()
    {
        Put("""{"resourceType":"ValueSet","url":"urn:vs:loop","compose":{"include":[{"valueSet":["urn:vs:loop"]}]}}""");

        Assert.Equal(422, Assert.Throws<RefusedException>(() => codes.Expand("urn:vs:loop")).Status);
    }

    [Fact]
    public void A_code_that_stands_twice_is_refused_with_its_name()
    {
        var refused = Assert.Throws<RefusedException>(() => Put("""{"resourceType":"CodeSystem","url":"urn:x","concept":[{"code":"1"},{"code":"1"}]}"""));

        Assert.Contains("'1'", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>47,101 diagnoses of the insurance's ICD-10: all codes and names survive the way through the resource.</summary>
    [Fact]
    public void A_big_classification_comes_from_a_file_whole()
    {
        using var xz = Process.Start(new ProcessStartInfo("xz", ["-dc", SharedData.Path("china/codes/CHS_ICD10.csv.xz")]) { RedirectStandardOutput = true })!;
        var text = xz.StandardOutput.ReadToEnd();
        var (resource, refused) = CodeSystemImport.Read(new StringReader(text), "icd10-cn", "urn:icd10-cn", "医保版 ICD-10");
        codes.Put(JsonDocument.Parse(resource).RootElement);

        var table = codes.System("urn:icd10-cn")!;
        Assert.Empty(refused);
        Assert.Equal(text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length - 1, table.Count);
        Assert.True(table.IsA(table.IndexOf("A00.000"), table.IndexOf("A00")));
        Assert.Contains("高血压", codes.Expand("urn:icd10-cn", "gxy")!.Concepts[0].Display, StringComparison.Ordinal);
    }

    public void Dispose() => pinyin.Dispose();

    private void Put(string json) => codes.Put(JsonDocument.Parse(json).RootElement);
}
