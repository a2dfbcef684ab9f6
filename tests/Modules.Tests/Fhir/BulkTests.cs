using System.Text.Json.Nodes;

namespace Tongxin.Modules.Tests.Fhir;

/// <summary>Bulk data over HTTP, on both engines (FHIR Bulk Data Access 2.0).</summary>
public abstract class BulkContract(FhirServerFixture server)
{
    private static readonly (string, string) Async = ("Prefer", "respond-async");

    [Fact]
    public async Task What_is_exported_is_what_can_be_read_line_by_line()
    {
        var (anna, _) = await FamilyAsync();
        var manifest = await ExportedAsync("$export?_type=Patient,Observation");
        Assert.True(manifest["requiresAccessToken"]!.GetValue<bool>());
        Assert.Equal(["Observation", "Patient"], Types(manifest));
        Assert.Empty(manifest["error"]!.AsArray());
        foreach (var file in manifest["output"]!.AsArray())
        {
            var lines = await LinesAsync(file!);
            Assert.Equal(file!["count"]!.GetValue<int>(), lines.Count);
            Assert.All(lines, line => Assert.Equal(file["type"]!.GetValue<string>(), JsonNode.Parse(line)!["resourceType"]!.GetValue<string>()));
        }

        var patients = (await LinesAsync(manifest["output"]!.AsArray().First(f => f!["type"]!.GetValue<string>() is "Patient")!)).Select(l => JsonNode.Parse(l)!).ToList();
        var exported = Assert.Single(patients, p => p["id"]!.GetValue<string>() == anna);
        Assert.True(JsonNode.DeepEquals((await server.GetAsync($"Patient/{anna}")).Json, exported));
    }

    [Fact]
    public async Task A_group_exports_its_members_records_and_nobody_elses()
    {
        var (anna, bao) = await FamilyAsync();
        var group = await server.MadeAsync("Group", $$"""
            {"resourceType":"Group","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/{{anna}}"} },
            {"entity":{"reference":"Patient/{{bao}}"},"inactive":true}]}
            """);
        var manifest = await ExportedAsync($"Group/{group}/$export");
        Assert.Contains("Observation", Types(manifest));
        foreach (var file in manifest["output"]!.AsArray().Where(f => f!["type"]!.GetValue<string>() is not "Group"))
            Assert.All(await LinesAsync(file!), line => Assert.True(line.Contains(anna, StringComparison.Ordinal) && !line.Contains(bao, StringComparison.Ordinal), line));
    }

    [Fact]
    public async Task All_patients_are_exported_without_what_is_nobodys()
    {
        await FamilyAsync();
        await server.MadeAsync("Organization", """{"resourceType":"Organization","name":"红星村卫生室"}""");
        var types = Types(await ExportedAsync("Patient/$export"));
        Assert.Contains("Patient", types);
        Assert.DoesNotContain("Organization", types);
    }

    [Fact]
    public async Task Only_what_changed_since_is_exported()
    {
        await FamilyAsync();
        await Task.Delay(5, TestContext.Current.CancellationToken);
        var since = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
        await Task.Delay(5, TestContext.Current.CancellationToken);
        var late = await server.MadeAsync("Patient", FhirServerFixture.Patient(FhirServerFixture.NewSystem(), "1", "迟来"));
        var manifest = await ExportedAsync($"$export?_type=Patient&_since={since}");
        var lines = await LinesAsync(Assert.Single(manifest["output"]!.AsArray())!);
        Assert.Contains(lines, l => l.Contains(late, StringComparison.Ordinal));
        Assert.All(lines, l => Assert.True(string.CompareOrdinal(JsonNode.Parse(l)!["meta"]!["lastUpdated"]!.GetValue<string>(), since[..19]) >= 0));
    }

    [Fact]
    public async Task Another_callers_export_looks_like_none_and_a_dropped_one_is_gone()
    {
        var status = await BeginAsync("$export?_type=Patient");
        await DoneAsync(status);
        var token = server.TokenFor("system/Patient.rs");
        Assert.Equal(404, (await server.GetAsync(status, ("Authorization", $"Bearer {token}"))).Status);
        Assert.Equal(202, (await server.DeleteAsync(status)).Status);
        (await server.GetAsync(status)).RefusedWith(404);
    }

    [Fact]
    public async Task Narrow_scopes_export_their_types_and_say_what_was_refused()
    {
        await FamilyAsync();
        var token = server.TokenFor("system/Patient.rs");
        var began = await server.GetAsync("$export?_type=Patient,Observation", Async, ("Authorization", $"Bearer {token}"));
        Assert.Equal(202, began.Status);
        var manifest = await DoneAsync(began.ContentHeaders.ContentLocation!.ToString(), ("Authorization", $"Bearer {token}"));
        Assert.Equal(["Patient"], Types(manifest));
        Assert.Single(manifest["error"]!.AsArray());
    }

    [Theory]
    [InlineData("$export", "", "http.prefer")]
    [InlineData("$export?_type=Patience", "respond-async", "_type")]
    [InlineData("$export?_since=yesterday", "respond-async", "_since")]
    [InlineData("$export?_outputFormat=text/csv", "respond-async", "_outputFormat")]
    [InlineData("$export?_colour=red", "respond-async", "_colour")]
    public async Task Bad_requests_name_their_place(string path, string prefer, string place) =>
        Assert.Equal(place, (await server.GetAsync(path, ("Prefer", prefer.Length > 0 ? prefer : "return=minimal"))).RefusedWith(400));

    [Fact]
    public async Task Files_of_the_inbox_are_imported_and_bad_rows_are_told()
    {
        var system = FhirServerFixture.NewSystem();
        var inbox = Directory.CreateDirectory(Path.Combine(server.Folder, "inbox")).FullName;
        var name = $"{Guid.NewGuid():N}.ndjson";
        string[] rows = [FhirServerFixture.Patient(system, "1"), FhirServerFixture.Patient(system, "2"), """{"resourceType":"Patient","gender":"purple"}"""];
        await File.WriteAllLinesAsync(Path.Combine(inbox, name), rows, TestContext.Current.CancellationToken);
        var began = await server.PostAsync("$import", Named(name), Async);
        Assert.True(began.Status is 202, began.Body);
        var manifest = await DoneAsync(began.ContentHeaders.ContentLocation!.ToString());
        Assert.Equal(2, manifest["imported"]!.GetValue<int>());
        var told = await LinesAsync(Assert.Single(manifest["error"]!.AsArray())!);
        Assert.Contains("gender", Assert.Single(told, l => l.Contains("\"3\"", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(2, (await server.GetAsync($"Patient?identifier={Uri.EscapeDataString(system)}|&_total=accurate")).Json["total"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("../../etc/passwd.ndjson")]
    [InlineData("/etc/hosts.json")]
    [InlineData("http://127.0.0.1/a.ndjson")]
    [InlineData("missing.ndjson")]
    public async Task No_way_leads_out_of_the_inbox(string name) =>
        (await server.PostAsync("$import", Named(name), Async)).RefusedWith(400);

    [Fact]
    public async Task Only_the_operator_imports() =>
        (await server.PostAsync("$import", Named("a.ndjson"), Async, ("Authorization", $"Bearer {server.TokenFor("system/Patient.cruds")}"))).RefusedWith(403);

    private static string Named(string file) =>
        $$"""{"resourceType":"Parameters","parameter":[{"name":"input","part":[{"name":"type","valueCode":"Patient"},{"name":"url","valueUrl":"{{file}}"}]}]}""";

    private async Task<(string Anna, string Bao)> FamilyAsync()
    {
        var system = FhirServerFixture.NewSystem();
        var anna = await server.MadeAsync("Patient", FhirServerFixture.Patient(system, "a", "安娜"));
        var bao = await server.MadeAsync("Patient", FhirServerFixture.Patient(system, "b", "宝"));
        foreach (var person in (string[])[anna, bao])
            await server.MadeAsync("Observation", $$"""{"resourceType":"Observation","status":"final","code":{"text":"体重"},"subject":{"reference":"Patient/{{person}}"} }""");
        return (anna, bao);
    }

    private async Task<string> BeginAsync(string path)
    {
        var began = await server.GetAsync(path, Async);
        Assert.True(began.Status is 202, began.Body);
        return began.ContentHeaders.ContentLocation!.ToString();
    }

    private async Task<JsonNode> ExportedAsync(string path) => await DoneAsync(await BeginAsync(path));

    private async Task<JsonNode> DoneAsync(string status, params (string, string)[] headers)
    {
        for (var attempt = 0; attempt < 600; attempt++)
        {
            var said = await server.GetAsync(status, headers);
            if (said.Status is 200) return said.Json;
            Assert.True(said.Status is 202, said.Body);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException("The job did not end.");
    }

    private async Task<List<string>> LinesAsync(JsonNode file)
    {
        var said = await server.GetAsync(file["url"]!.GetValue<string>());
        return [.. said.Body.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    private static List<string> Types(JsonNode manifest) => [.. manifest["output"]!.AsArray().Select(f => f!["type"]!.GetValue<string>()).Distinct().Order(StringComparer.Ordinal)];
}

public sealed class PostgresBulkTests(FhirServerFixture server) : BulkContract(server), IClassFixture<FhirServerFixture>;

public sealed class SqliteBulkTests(SqliteServerFixture server) : BulkContract(server), IClassFixture<SqliteServerFixture>
{
    private readonly SqliteServerFixture server = server;

    [Fact]
    public async Task An_export_that_a_restart_stopped_goes_on()
    {
        await server.MadeAsync("Patient", FhirServerFixture.Patient(FhirServerFixture.NewSystem(), "1"));
        var began = await server.GetAsync("$export", ("Prefer", "respond-async"));
        var status = began.ContentHeaders.ContentLocation!.PathAndQuery["/fhir/".Length..];
        await server.RestartAsync();
        for (var attempt = 0; ; attempt++)
        {
            var said = await server.GetAsync(status);
            if (said.Status is 200)
            {
                Assert.Contains(said.Json["output"]!.AsArray(), f => f!["type"]!.GetValue<string>() is "Patient");
                return;
            }

            Assert.True(said.Status is 202 && attempt < 600, said.Body);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
