using static Tongxin.Modules.Tests.Fhir.FhirServerFixture;

namespace Tongxin.Modules.Tests.Fhir;

/// <summary>FHIR R4 §3.1.0: the interactions with one resource, as a client sees them.</summary>
public abstract class InteractionContract(FhirServerFixture server)
{
    [Fact]
    public async Task What_was_created_is_read_back_with_the_same_bytes_and_a_weak_etag()
    {
        const string members = "\"name\":[{\"text\":\"李 四\"}],  \"birthDate\":\"1970\"";
        var made = await server.PostAsync("Patient", $$"""{"resourceType":"Patient",{{members}}}""");

        Assert.Equal(201, made.Status);
        Assert.Equal("W/\"1\"", made.ETag);
        Assert.EndsWith("/_history/1", made.Headers.Location!.ToString(), StringComparison.Ordinal);
        var read = await server.GetAsync($"Patient/{made.Json["id"]}");
        Assert.Equal(made.Body, read.Body);
        Assert.Contains(members, read.Body, StringComparison.Ordinal);
        Assert.Equal("application/fhir+json", read.ContentHeaders.ContentType!.MediaType);
    }

    [Fact]
    public async Task An_update_makes_a_version_and_the_one_before_can_still_be_read()
    {
        var id = await server.MadeAsync("Patient", Patient(NewSystem(), "1"));
        var updated = await server.PutAsync($"Patient/{id}", $$"""{"resourceType":"Patient","id":"{{id}}","name":[{"text":"王五"}]}""");

        Assert.Equal((200, "W/\"2\""), (updated.Status, updated.ETag));
        Assert.Contains("张三", (await server.GetAsync($"Patient/{id}/_history/1")).Body, StringComparison.Ordinal);
        Assert.Contains("王五", (await server.GetAsync($"Patient/{id}/_history/2")).Body, StringComparison.Ordinal);
        (await server.GetAsync($"Patient/{id}/_history/3")).RefusedWith(404);
        (await server.GetAsync($"Patient/{id}/_history/two")).RefusedWith(404);
    }

    [Fact]
    public async Task An_update_of_what_is_not_there_creates_it_under_the_clients_id()
    {
        var id = $"own.{Guid.NewGuid():N}";
        var made = await server.PutAsync($"Patient/{id}", $$"""{"resourceType":"Patient","id":"{{id}}"}""");

        Assert.Equal((201, "W/\"1\""), (made.Status, made.ETag));
    }

    [Fact]
    public async Task The_id_in_the_body_must_be_the_one_in_the_address()
    {
        Assert.Equal("Patient.id", (await server.PutAsync("Patient/a", """{"resourceType":"Patient","id":"b"}""")).RefusedWith(400));
        Assert.Equal("Patient.id", (await server.PutAsync("Patient/a", """{"resourceType":"Patient"}""")).RefusedWith(400));
    }

    [Fact]
    public async Task A_deleted_resource_is_gone_its_history_stays_and_deleting_again_is_no_error()
    {
        var id = await server.MadeAsync("Patient", Patient(NewSystem(), "1"));

        Assert.Equal(204, (await server.DeleteAsync($"Patient/{id}")).Status);
        (await server.GetAsync($"Patient/{id}")).RefusedWith(410);
        Assert.Equal(204, (await server.DeleteAsync($"Patient/{id}")).Status);
        Assert.Equal(200, (await server.GetAsync($"Patient/{id}/_history/1")).Status);
        Assert.Equal(["DELETE", "POST"], (await server.GetAsync($"Patient/{id}/_history")).Entries.Select(e => e!["request"]!["method"]!.GetValue<string>()));
        Assert.Equal(201, (await server.PutAsync($"Patient/{id}", $$"""{"resourceType":"Patient","id":"{{id}}"}""")).Status);
    }

    [Fact]
    public async Task If_match_refuses_a_write_on_an_old_version()
    {
        var id = await server.MadeAsync("Patient", Patient(NewSystem(), "1"));
        var body = $$"""{"resourceType":"Patient","id":"{{id}}","active":true}""";

        Assert.Equal(200, (await server.PutAsync($"Patient/{id}", body, ("If-Match", "W/\"1\""))).Status);
        (await server.PutAsync($"Patient/{id}", body, ("If-Match", "W/\"1\""))).RefusedWith(412);
        (await server.DeleteAsync($"Patient/{id}", ("If-Match", "W/\"1\""))).RefusedWith(412);
        (await server.PutAsync($"Patient/{id}", body, ("If-Match", "banana"))).RefusedWith(400);
        (await server.PutAsync($"Patient/{id}", body, ("If-None-Match", "*"))).RefusedWith(412);
    }

    [Fact]
    public async Task What_the_client_has_already_is_not_sent_again()
    {
        var made = await server.PostAsync("Patient", Patient(NewSystem(), "1"));
        var path = $"Patient/{made.Json["id"]}";

        Assert.Equal(304, (await server.GetAsync(path, ("If-None-Match", "W/\"1\""))).Status);
        Assert.Equal(200, (await server.GetAsync(path, ("If-None-Match", "W/\"2\""))).Status);
        Assert.Equal(304, (await server.GetAsync(path, ("If-Modified-Since", made.ContentHeaders.LastModified!.Value.ToString("r")))).Status);
        Assert.Equal(200, (await server.GetAsync(path, ("If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT"))).Status);
    }

    [Fact]
    public async Task A_conditional_create_makes_one_however_often_it_is_asked()
    {
        var system = NewSystem();
        var condition = ("If-None-Exist", $"identifier={system}|7");
        var first = await server.PostAsync("Patient", Patient(system, "7"), condition);
        var second = await server.PostAsync("Patient", Patient(system, "7"), condition);

        Assert.Equal((201, 200), (first.Status, second.Status));
        Assert.Equal(first.Json["id"]!.ToString(), second.Json["id"]!.ToString());
    }

    [Fact]
    public async Task A_conditional_update_creates_then_changes_and_refuses_several()
    {
        var system = NewSystem();
        Assert.Equal(201, (await server.PutAsync($"Patient?identifier={system}|1", Patient(system, "1"))).Status);
        Assert.Equal(200, (await server.PutAsync($"Patient?identifier={system}|1", Patient(system, "1", "改名"))).Status);
        await server.MadeAsync("Patient", Patient(system, "1"));
        (await server.PutAsync($"Patient?identifier={system}|1", Patient(system, "1", "又改"))).RefusedWith(412);
        (await server.PutAsync("Patient", Patient(system, "1"))).RefusedWith(412);
    }

    [Fact]
    public async Task A_conditional_delete_takes_one_and_refuses_several()
    {
        var system = NewSystem();
        await server.MadeAsync("Patient", Patient(system, "1"));
        await server.MadeAsync("Patient", Patient(system, "1"));
        (await server.DeleteAsync($"Patient?identifier={system}|1")).RefusedWith(412);
        await server.MadeAsync("Patient", Patient(system, "2"));
        Assert.Equal(204, (await server.DeleteAsync($"Patient?identifier={system}|2")).Status);
        Assert.Empty((await server.GetAsync($"Patient?identifier={system}|2")).Entries);
        Assert.Equal(204, (await server.DeleteAsync($"Patient?identifier={system}|3")).Status);
    }

    [Fact]
    public async Task Prefer_decides_what_comes_back()
    {
        var minimal = await server.PostAsync("Patient", Patient(NewSystem(), "1"), ("Prefer", "return=minimal"));
        var told = await server.PostAsync("Patient", Patient(NewSystem(), "1"), ("Prefer", "return=OperationOutcome"));

        Assert.Equal((201, ""), (minimal.Status, minimal.Body));
        Assert.Equal("OperationOutcome", told.Json["resourceType"]!.ToString());
    }

    [Fact]
    public async Task Histories_of_a_type_and_of_the_system_are_paged_newest_first()
    {
        var id = await server.MadeAsync("Patient", Patient(NewSystem(), "1"));
        for (var i = 0; i < 4; i++)
            await server.PutAsync($"Patient/{id}", $$"""{"resourceType":"Patient","id":"{{id}}","multipleBirthInteger":{{i}}}""");
        var seen = new List<string>();
        for (var next = $"Patient/{id}/_history?_count=2"; next is not null;)
        {
            var page = await server.GetAsync(next);
            seen.AddRange(page.Entries.Select(e => e!["resource"]!["meta"]!["versionId"]!.ToString()));
            next = page.Next;
        }

        Assert.Equal(["5", "4", "3", "2", "1"], seen);
        Assert.Equal(200, (await server.GetAsync("Patient/_history?_count=1")).Status);
        Assert.Equal(200, (await server.GetAsync("_history?_count=1")).Status);
        (await server.GetAsync("Patient/no-such-one/_history")).RefusedWith(404);
        Assert.Empty((await server.GetAsync($"Patient/{id}/_history?_since=2999-01-01T00:00:00Z")).Entries);
    }

    [Fact]
    public async Task A_part_of_a_resource_is_tagged_as_a_part()
    {
        const string text = "\"text\":{\"status\":\"generated\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">x</div>\"}";
        const string rest = """
            "gender":"male","birthDate":"1980-01-01","contact":[{"name":{"text":"张母"}}]
            """;
        var id = await server.MadeAsync("Patient", $$"""{"resourceType":"Patient",{{text}},{{rest}}}""");

        var elements = (await server.GetAsync($"Patient/{id}?_elements=birthDate")).Json;
        Assert.Equal(["resourceType", "id", "meta", "birthDate"], elements.AsObject().Select(m => m.Key));
        Assert.Equal("SUBSETTED", elements["meta"]!["tag"]![0]!["code"]!.ToString());
        Assert.Null((await server.GetAsync($"Patient/{id}?_summary=true")).Json["contact"]);
        Assert.Null((await server.GetAsync($"Patient/{id}?_summary=data")).Json["text"]);
        Assert.NotNull((await server.GetAsync($"Patient/{id}?_summary=text")).Json["text"]);
        (await server.GetAsync($"Patient/{id}?_summary=banana")).RefusedWith(400);
        Assert.Contains('\n', (await server.GetAsync($"Patient/{id}?_pretty=true")).Body);
    }

    [Fact]
    public async Task A_json_patch_changes_what_stands()
    {
        var id = await server.MadeAsync("Patient", Patient(NewSystem(), "1"));
        var type = ("Content-Type", "application/json-patch+json");
        const string patch = """[{"op":"replace","path":"/birthDate","value":"1981-02-03"},{"op":"add","path":"/active","value":true}]""";
        var patched = await server.SendAsync(HttpMethod.Patch, $"Patient/{id}", patch, type);

        Assert.Equal((200, "W/\"2\"", "1981-02-03"), (patched.Status, patched.ETag, patched.Json["birthDate"]!.ToString()));
        (await server.SendAsync(HttpMethod.Patch, $"Patient/{id}", """[{"op":"test","path":"/birthDate","value":"1"}]""", type)).RefusedWith(422);
        (await server.SendAsync(HttpMethod.Patch, $"Patient/{id}", """[{"op":"replace","path":"/active","value":false}]""", type, ("If-Match", "W/\"1\""))).RefusedWith(412);
        (await server.SendAsync(HttpMethod.Patch, $"Patient/{id}", "{", type)).RefusedWith(400);
        (await server.SendAsync(HttpMethod.Patch, "Patient/none", "[]", type)).RefusedWith(404);
    }

    [Fact]
    public async Task What_is_wrong_with_a_resource_is_told_with_its_place_and_nothing_is_stored()
    {
        var system = NewSystem();
        var wrong = $$"""{"resourceType":"Patient","identifier":[{"system":"{{system}}","value":"1"}],"gender":"banana","birthDate":"yesterday"}""";

        var refused = await server.PostAsync("Patient", wrong);
        refused.RefusedWith(422);
        Assert.Equal(["Patient.gender", "Patient.birthDate"], refused.Json["issue"]!.AsArray().Select(i => i!["expression"]![0]!.ToString()));
        Assert.Empty((await server.GetAsync($"Patient?identifier={system}|1")).Entries);
        var judged = await server.PostAsync("Patient/$validate", wrong);
        Assert.Equal((200, "Patient.gender"), (judged.Status, judged.RefusedWith(200)));
        Assert.Equal("information", (await server.PostAsync("Patient/$validate", Patient(system, "1"))).Json["issue"]![0]!["severity"]!.ToString());
        (await server.PostAsync("Observation/$validate", Patient(system, "1"))).RefusedWith(400);
    }
}

public sealed class PostgresInteractionTests(FhirServerFixture server) : InteractionContract(server), IClassFixture<FhirServerFixture>;

public sealed class SqliteInteractionTests(SqliteServerFixture server) : InteractionContract(server), IClassFixture<SqliteServerFixture>;
