using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Tests;
using Tongxin.Web.Fhir;

namespace Tongxin.Modules.Tests.Fhir;

/// <summary>The JSON Patch cases of FHIR's own test suite (RFC 6902, appendix A).</summary>
public sealed class JsonPatchTests
{
    [Fact]
    public void Every_case_of_the_official_suite_comes_out_as_it_says()
    {
        var archive = SharedData.Path("fhir-conformance/fhir-test-cases_subset.tar.xz");
        using var tar = Process.Start(new ProcessStartInfo("tar", ["-xOf", archive, "--wildcards", "*r4/patch/json-patch-tests.json"]) { RedirectStandardOutput = true })!;
        var cases = JsonNode.Parse(tar.StandardOutput.ReadToEnd())!.AsArray();
        tar.WaitForExit();

        Assert.Equal(16, cases.Count);
        Assert.All(cases, one =>
        {
            byte[] Patched() => JsonPatch.Apply(Bytes(one!["doc"]), Bytes(one["patch"]));
            if (one!["error"] is not null) Assert.Throws<RefusedException>(Patched);
            else Assert.True(JsonNode.DeepEquals(one["expected"], JsonNode.Parse(Patched())), one["comment"]?.ToString());
        });
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[{}]")]
    [InlineData("[1]")]
    [InlineData("""[{"op":"banana","path":"/a"}]""")]
    [InlineData("""[{"op":"add","path":"a","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/a"}]""")]
    [InlineData("""[{"op":"remove","path":"/none"}]""")]
    [InlineData("""[{"op":"remove","path":"/list/01"}]""")]
    [InlineData("""[{"op":"remove","path":"/list/9"}]""")]
    [InlineData("""[{"op":"remove","path":""}]""")]
    [InlineData("""[{"op":"move","from":"/list","path":"/list/0"}]""")]
    public void What_cannot_be_done_is_refused(string patch) =>
        Assert.Throws<RefusedException>(() => JsonPatch.Apply("""{"list":[1,2]}"""u8.ToArray(), Encoding.UTF8.GetBytes(patch)));

    private static byte[] Bytes(JsonNode? node) => Encoding.UTF8.GetBytes(node!.ToJsonString());
}
