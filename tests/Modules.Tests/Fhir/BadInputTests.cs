using System.Text;

namespace Tongxin.Modules.Tests.Fhir;

/// <summary>What comes over the wire may be anything: it is refused with a 4xx that says where, and the server goes on.</summary>
public abstract class BadInputContract(FhirServerFixture server)
{
    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"Patient\"")]
    [InlineData("{\"resourceType\":\"Patient\"")]
    [InlineData("{\"resourceType\":\"Patient\",\"active\":tru}")]
    [InlineData("{\"resourceType\":\"Patient\"}{}")]
    [InlineData("{\"resourceType\":\"Patient\",\"active\":true,\"active\":false}")]
    [InlineData("{\"resourceType\":\"Patient\",\"name\":[{\"text\":\"\\uD83D\"}]}")]
    [InlineData("{\"resourceType\":\"Observation\"}")]
    [InlineData("{\"resourceType\":\"Banana\"}")]
    [InlineData("{\"resourceType\":7}")]
    [InlineData("{\"name\":[]}")]
    [InlineData("{\"resourceType\":\"Patient\",\"id\":\"a b\"}")]
    [InlineData("{\"resourceType\":\"Patient\",\"meta\":7}")]
    [InlineData("<Patient xmlns=\"http://hl7.org/fhir\"/>")]
    public async Task A_body_that_is_no_patient_is_refused(string body) => (await server.PostAsync("Patient", body)).RefusedWith(400);

    [Fact]
    public async Task A_million_levels_of_nesting_are_refused()
    {
        const int depth = 1_000_000;
        var body = $"{{\"resourceType\":\"Patient\",\"extension\":{new string('[', depth)}{new string(']', depth)}}}";

        (await server.PostAsync("Patient", body)).RefusedWith(400);
    }

    [Fact]
    public async Task Bytes_that_are_not_utf8_are_refused_with_their_place()
    {
        var body = Encoding.UTF8.GetBytes("{\"resourceType\":\"Patient\",\"name\":[{\"text\":\"?\"}]}");
        var place = Array.IndexOf(body, (byte)'?');
        body[place] = 0xFF;
        var said = await server.SendBytesAsync(HttpMethod.Post, "Patient", body);

        said.RefusedWith(400);
        Assert.Contains($"column {place + 1}", said.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Patient")]
    [InlineData("")]
    [InlineData("Patient/$validate")]
    public async Task A_gibibyte_without_a_length_is_refused_and_memory_stays_bounded(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new Endless(1L << 30) };
        request.Headers.ExpectContinue = false;
        var before = Environment.WorkingSet;
        try
        {
            using var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            Assert.Equal(413, (int)response.StatusCode);
        }
        catch (HttpRequestException)
        {
            // Closed while we still wrote: the answer may be lost on the way, the server is not.
        }

        Assert.True(Environment.WorkingSet - before < 400L << 20, $"{(Environment.WorkingSet - before) >> 20} MiB more than before");
        Assert.Equal(200, (await server.GetAsync("metadata")).Status);
    }

    private sealed class Endless(long length) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            var piece = Encoding.UTF8.GetBytes("{\"resourceType\":\"Patient\",\"name\":[{\"text\":\"" + new string('a', 1 << 20));
            for (var sent = 0L; sent < length; sent += piece.Length) await stream.WriteAsync(piece);
        }

        protected override bool TryComputeLength(out long computed)
        {
            computed = 0;
            return false;
        }
    }

    [Fact]
    public async Task A_code_system_with_a_code_twice_is_refused_at_the_door()
    {
        var said = await server.PostAsync("CodeSystem", """
            {"resourceType":"CodeSystem","url":"urn:x:twice","status":"active","content":"complete","concept":[{"code":"a","concept":[{"code":"b"}]},{"code":"b"}]}
            """);
        said.RefusedWith(422);
        Assert.Contains("csd-1", said.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_before_it_is_read()
    {
        var said = await server.SendBytesAsync(HttpMethod.Post, "Patient", new byte[17 * 1024 * 1024]);

        said.RefusedWith(413);
    }

    [Theory]
    [InlineData("Patient/a b")]
    [InlineData("Patient/a_b")]
    [InlineData("Patient/%27%3B%20DROP%20TABLE%20resource")]
    [InlineData("Patient/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task An_illegal_id_is_refused(string path) => (await server.GetAsync(path)).RefusedWith(400);

    [Fact]
    public async Task A_zero_in_the_address_is_refused_by_the_web_server_itself() => Assert.Equal(400, (await server.GetAsync("Patient/%00")).Status);

    [Theory]
    [InlineData("Banana")]
    [InlineData("Banana/1")]
    [InlineData("patient/1")]
    [InlineData("Patient/1/2/3/4")]
    [InlineData("Patient/1/Banana")]
    [InlineData("Patient/1/$banana")]
    [InlineData("$banana")]
    public async Task Nothing_is_at_an_address_that_means_nothing(string path) => (await server.GetAsync(path)).RefusedWith(404);

    [Theory]
    [InlineData("DELETE", "metadata", "GET")]
    [InlineData("PUT", "", "GET, POST")]
    [InlineData("POST", "Patient/1", "GET, PUT, PATCH, DELETE")]
    [InlineData("PUT", "Patient/_history", "GET")]
    [InlineData("BANANA", "Patient/1", "GET, PUT, PATCH, DELETE")]
    [InlineData("GET", "Patient/$validate", "POST")]
    public async Task A_method_that_is_not_possible_says_which_are(string method, string path, string allowed)
    {
        var said = await server.SendAsync(new(method), path, method is "GET" ? null : "{}");

        said.RefusedWith(405);
        Assert.Equal(allowed, string.Join(", ", said.ContentHeaders.Allow));
    }

    [Fact]
    public async Task Xml_is_neither_taken_nor_given()
    {
        (await server.PostAsync("Patient", "<Patient/>", ("Content-Type", "application/fhir+xml"))).RefusedWith(415);
        (await server.PostAsync("Patient", "x=1", ("Content-Type", "application/x-www-form-urlencoded"))).RefusedWith(415);
        (await server.PostAsync("Patient/_search", "{}")).RefusedWith(415);
        (await server.PostAsync("Patient", "{}", ("Content-Encoding", "br"))).RefusedWith(415);
        (await server.GetAsync("Patient", ("Accept", "application/fhir+xml"))).RefusedWith(406);
        (await server.GetAsync("Patient?_format=xml")).RefusedWith(406);
        Assert.Equal(200, (await server.GetAsync("Patient?_format=json&_count=1", ("Accept", "application/fhir+xml"))).Status);
        Assert.Equal(200, (await server.GetAsync("metadata", ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"))).Status);
    }

    /// <summary>Text that would end a quoted string of SQL or JSON, be a pattern, or be no text, in every kind of parameter.</summary>
    [Theory]
    [InlineData("'; DROP TABLE resource; --")]
    [InlineData("\" OR \"\"=\"")]
    [InlineData("%' OR 1=1 --")]
    [InlineData("\0")]
    [InlineData("\\")]
    [InlineData("$")]
    [InlineData("|")]
    [InlineData(",")]
    [InlineData("%")]
    [InlineData("💣")]
    [InlineData("\uFFFF")]
    public async Task Hostile_text_in_any_parameter_never_breaks_the_server(string text)
    {
        var before = (await server.GetAsync("Patient?_summary=count")).Json["total"]!.GetValue<int>();
        string[] parameters =
        [
            "name", "name:exact", "name:contains", "identifier", "birthdate", "general-practitioner", "_id", "_lastUpdated", "_tag", "_profile", "_sort", "_count",
            "_include", "_revinclude", "_elements", "_cursor", "_total", "_summary", "_has:Observation:patient:code", "organization.name", "gender:missing", "_format", text,
        ];
        foreach (var parameter in parameters)
        {
            var said = await server.GetAsync($"Patient?{Uri.EscapeDataString(parameter)}={Uri.EscapeDataString(text)}");
            Assert.True(said.Status < 500, $"{parameter}: {said.Status} {said.Body}");
        }

        foreach (var header in (string[])["If-None-Match", "If-Modified-Since", "Prefer", "Accept"])
        {
            if (text is "\0" or "💣" or "\uFFFF") continue;
            Assert.True((await server.GetAsync("Patient/1", (header, text))).Status < 500, header);
        }

        Assert.Equal(before, (await server.GetAsync("Patient?_summary=count")).Json["total"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_half_character_in_the_address_is_refused_or_finds_nothing() =>
        Assert.InRange((await server.GetAsync("Patient?name=%ED%A0%80")).Status, 200, 499);

    [Fact]
    public async Task The_capability_statement_tells_only_what_is_there()
    {
        var statement = (await server.GetAsync("metadata")).Json;
        var patient = statement["rest"]![0]!["resource"]!.AsArray().Single(r => r!["type"]!.ToString() is "Patient")!;
        Assert.Equal("4.0.1", statement["fhirVersion"]!.ToString());
        foreach (var parameter in patient["searchParam"]!.AsArray())
        {
            var name = parameter!["name"]!.ToString();
            var value = parameter["type"]!.ToString() switch { "date" => "2020", "number" or "quantity" => "1", "reference" => "Patient/1", _ => "x" };
            var said = await server.GetAsync($"Patient?{name}={value}");
            Assert.True(said.Status is 200, $"{name}: {said.Body}");
        }
    }
}

public sealed class PostgresBadInputTests(FhirServerFixture server) : BadInputContract(server), IClassFixture<FhirServerFixture>;

public sealed class SqliteBadInputTests(SqliteServerFixture server) : BadInputContract(server), IClassFixture<SqliteServerFixture>;
