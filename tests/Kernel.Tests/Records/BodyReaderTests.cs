using System.Text;
using Tongxin.Fhir;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Tests.Records;

public sealed class BodyReaderTests
{
    private static readonly DateTimeOffset Then = new(2026, 3, 31, 8, 0, 0, 123, TimeSpan.Zero);

    private const string Head = """{"resourceType":"Patient","id":"a","meta":{"versionId":"1","lastUpdated":"2026-03-31T08:00:00.123Z"}""";

    [Theory]
    [InlineData("""{"resourceType":"Patient"}""", "}")]
    [InlineData("""{"resourceType":"Patient","active":true}""", ""","active":true}""")]
    [InlineData("""{"active" : true,"resourceType":"Patient"}""", ""","active" : true}""")]
    [InlineData("""{"active":true,"id":"old","birthDate":"1980"}""", null)]
    [InlineData("""{ "birthDate":"1980", "id":"old" , "resourceType":"Patient",  "active":true }""", """, "birthDate":"1980",  "active":true }""")]
    [InlineData("""{"meta":{"versionId":"7","lastUpdated":"2020-01-01T00:00:00Z"},"id":"z","resourceType":"Patient","x":1.50}""", ""","x":1.50}""")]
    public void The_rest_is_kept_byte_for_byte(string body, string? tail)
    {
        if (tail is null)
        {
            Assert.Equal(400, Assert.Throws<RefusedException>(() => Read(body)).Status);
            return;
        }

        using var read = Read(body);
        Assert.Equal(Head + tail, Encoding.UTF8.GetString(read.Body.Splice("a", 1, Then)));
    }

    [Fact]
    public void Meta_keeps_what_is_not_the_servers()
    {
        using var read = Read("""{"resourceType":"Patient","meta":{"versionId":"3", "profile":["a"] ,"lastUpdated":"x","tag":[{"code":"1.0"}]},"active":true}""");
        using var again = BodyReader.Read(read.Body.Splice("a", 1, Then));

        Assert.Equal(""" "profile":["a"],"tag":[{"code":"1.0"}]""", Encoding.UTF8.GetString(read.Body.MetaRest.Span));
        Assert.Equal(read.Body.MetaRest.ToArray(), again.Body.MetaRest.ToArray());
        Assert.Equal(read.Body.Rest.ToArray(), again.Body.Rest.ToArray());
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("[]", "object")]
    [InlineData("""{"resourceType":"Patient"} x""", "Line 1, column 28")]
    [InlineData("{\"resourceType\":\"Patient\",\n\"active\":tru}", "Line 2")]
    [InlineData("""{"resourceType":"Patient","active":true,"active":true}""", "active")]
    [InlineData("""{"resourceType":"Patient","a\u0062":true,"ab":true}""", "ab")]
    [InlineData("""{"resourceType":"Patient","name":[{"text":"\uD83D"}]}""", "lone surrogate")]
    [InlineData("""{"resourceType":"Patient","name":[{"text":"\\\uDE00"}]}""", "lone surrogate")]
    [InlineData("\uFEFF{}", "byte order mark")]
    [InlineData("""{"resourceType":"Patiant"}""", "not a resource type")]
    [InlineData("""{"resourceType":"Observation"}""", "address says Patient")]
    [InlineData("""{"resourceType":"Patient","id":"a/b"}""", "id is")]
    [InlineData("""{"resourceType":"Patient","meta":[]}""", "meta")]
    public void Bad_json_is_refused_with_its_place(string body, string says)
    {
        var refusal = Assert.Throws<RefusedException>(() => Read(body));
        Assert.Equal(400, refusal.Status);
        Assert.Contains(says, refusal.Issues[0].Diagnostics, StringComparison.Ordinal);
    }

    [Fact]
    public void A_whole_pair_is_no_lone_surrogate() => Read("""{"resourceType":"Patient","name":[{"text":"\uD83D\uDE00 \\uD83D"}]}""").Dispose();

    [Fact]
    public void Bytes_that_are_not_utf8_are_refused_with_their_column()
    {
        byte[] body = [.. """{"resourceType":"Patient","x":" """u8, 0xC0, 0x80, .. "\"}"u8];
        var refusal = Assert.Throws<RefusedException>(() => BodyReader.Read(body));
        Assert.Contains("Line 1, column 33", refusal.Issues[0].Diagnostics, StringComparison.Ordinal);
    }

    [Fact]
    public void A_million_brackets_do_not_kill() =>
        Assert.Equal(400, Assert.Throws<RefusedException>(() => Read(new string('[', 1_000_000))).Status);

    [Fact]
    public void Too_large_is_413() =>
        Assert.Equal(413, Assert.Throws<RefusedException>(() => BodyReader.Read(new byte[BodyReader.LargestBody + 1])).Status);

    private static ParsedBody Read(string body) => BodyReader.Read(Encoding.UTF8.GetBytes(body), "Patient");
}
