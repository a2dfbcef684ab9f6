using System.Text.Json.Nodes;

namespace Tongxin.Modules.Tests.Fhir;

public abstract class TerminologyContract(FhirServerFixture server)
{
    private readonly string system = FhirServerFixture.NewSystem();

    [Fact]
    public async Task A_national_set_is_expanded_by_initials_as_one_types()
    {
        var said = await server.GetAsync("ValueSet/$expand?url=https://tongxin.health/cs/ethnic-group&filter=sz&count=5");

        Assert.True(said.Status is 200, said.Body);
        Assert.Contains(said.Json["expansion"]!["contains"]!.AsArray(), c => c!["display"]!.GetValue<string>() is "畲族");
    }

    [Fact]
    public async Task A_code_system_that_was_just_stored_is_looked_up_at_once_and_forgotten_when_deleted()
    {
        var id = await IcdAsync();

        var found = await server.GetAsync($"CodeSystem/$lookup?system={system}&code=I10.x00");
        Assert.True(found.Status is 200, found.Body);
        Assert.Equal("高血压", Parameter(found, "display")!["valueString"]!.GetValue<string>());
        (await server.GetAsync($"CodeSystem/$lookup?system={system}&code=Z99")).RefusedWith(404);

        await server.DeleteAsync($"CodeSystem/{id}");
        (await server.GetAsync($"CodeSystem/$lookup?system={system}&code=I10.x00")).RefusedWith(404);
    }

    [Fact]
    public async Task A_value_set_answers_whether_a_code_belongs_and_what_its_name_is()
    {
        await IcdAsync();
        var url = FhirServerFixture.NewSystem();
        var id = await server.MadeAsync("ValueSet", $$$"""
            {"resourceType":"ValueSet","url":"{{{url}}}","status":"active","compose":{"include":[
              {"system":"{{{system}}}","filter":[{"property":"concept","op":"is-a","value":"I10"}]}]}}
            """);

        Assert.True(Result(await server.GetAsync($"ValueSet/$validate-code?url={url}&system={system}&code=I10.x00")));
        Assert.False(Result(await server.GetAsync($"ValueSet/{id}/$validate-code?system={system}&code=E11")));
        Assert.False(Result(await server.GetAsync($"ValueSet/{id}/$validate-code?system={system}&code=I10&display=Diabetes")));
        var concept = $$$"""
            {"resourceType":"Parameters","parameter":[{"name":"codeableConcept","valueCodeableConcept":{"coding":[
              {"system":"urn:else","code":"1"},{"system":"{{{system}}}","code":"I10"}]}}]}
            """;
        Assert.True(Result(await server.PostAsync($"ValueSet/{id}/$validate-code", concept)));
        Assert.Equal(2, (await server.GetAsync($"ValueSet/{id}/$expand")).Json["expansion"]!["total"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_value_set_may_be_sent_along_instead_of_named()
    {
        await IcdAsync();
        var said = await server.PostAsync("ValueSet/$expand", $$$"""
            {"resourceType":"Parameters","parameter":[{"name":"valueSet","resource":{"resourceType":"ValueSet","status":"draft","compose":{"include":[
              {"system":"{{{system}}}"}]} } },{"name":"filter","valueString":"tnb"}]}
            """);

        Assert.True(said.Status is 200, said.Body);
        Assert.Equal("E11", Assert.Single(said.Json["expansion"]!["contains"]!.AsArray())!["code"]!.GetValue<string>());
    }

    [Fact]
    public async Task Broader_and_narrower_codes_are_told_apart_and_searched()
    {
        await IcdAsync();
        var said = await server.GetAsync($"CodeSystem/$subsumes?system={system}&codeA=I10&codeB=I10.x00");
        Assert.Equal("subsumes", Parameter(said, "outcome")!["valueCode"]!.GetValue<string>());

        var patient = await server.MadeAsync("Patient", FhirServerFixture.Patient(system, "1"));
        var condition = await server.MadeAsync("Condition", $$$"""
            {"resourceType":"Condition","subject":{"reference":"Patient/{{{patient}}}"},"code":{"coding":[{"system":"{{{system}}}","code":"I10.x00"}]}}
            """);
        Assert.Equal([condition], (await server.GetAsync($"Condition?code:below={system}|I10")).Ids);
        Assert.Empty((await server.GetAsync($"Condition?code:below={system}|E11")).Ids);
        Assert.Equal([condition], (await server.GetAsync($"Condition?code:in={system}&patient={patient}")).Ids);
        (await server.GetAsync("Condition?code:in=urn:nothing")).RefusedWith(400);
    }

    [Theory]
    [InlineData("ValueSet/$expand", 400)]
    [InlineData("ValueSet/$expand?url=urn:nothing", 404)]
    [InlineData("ValueSet/$expand?url=https://tongxin.health/cs/sex&count=-1", 400)]
    [InlineData("ValueSet/$expand?url=https://tongxin.health/cs/sex&colour=red", 400)]
    [InlineData("CodeSystem/$lookup?code=1", 400)]
    [InlineData("CodeSystem/$validate-code?url=https://tongxin.health/cs/sex", 400)]
    [InlineData("CodeSystem/$subsumes?system=https://tongxin.health/cs/sex&codeA=1&codeB=77", 404)]
    public async Task A_question_that_cannot_be_answered_is_refused_with_the_reason(string path, int status) =>
        (await server.GetAsync(path)).RefusedWith(status);

    [Fact]
    public async Task A_system_whose_code_stands_twice_is_not_used()
    {
        (await server.PostAsync("CodeSystem", $$$"""
            {"resourceType":"CodeSystem","url":"{{{system}}}","status":"active","content":"complete","concept":[{"code":"1"},{"code":"1"}]}
            """)).RefusedWith(422);
        (await server.GetAsync($"CodeSystem/$lookup?system={system}&code=1")).RefusedWith(404);
    }

    private Task<string> IcdAsync() => server.MadeAsync("CodeSystem", $$$"""
        {"resourceType":"CodeSystem","url":"{{{system}}}","title":"ICD-10","status":"active","content":"complete","concept":[
          {"code":"I10","display":"特发性(原发性)高血压","concept":[{"code":"I10.x00","display":"高血压"}]},{"code":"E11","display":"2型糖尿病"},{"code":"H35","display":"视网膜病变"}]}
        """);

    private static JsonNode? Parameter(Said said, string name) => said.Json["parameter"]!.AsArray().FirstOrDefault(p => p!["name"]!.GetValue<string>() == name);

    private static bool Result(Said said)
    {
        Assert.True(said.Status is 200, said.Body);
        return Parameter(said, "result")!["valueBoolean"]!.GetValue<bool>();
    }
}

public sealed class PostgresTerminologyTests(FhirServerFixture server) : TerminologyContract(server), IClassFixture<FhirServerFixture>;

public sealed class SqliteTerminologyTests(SqliteServerFixture server) : TerminologyContract(server), IClassFixture<SqliteServerFixture>;
