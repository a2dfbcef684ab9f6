using System.Diagnostics;
using System.Text.Json;
using Tongxin.Fhir.Model;
using Tongxin.Fhir.Questionnaires;

namespace Tongxin.Fhir.Tests.Questionnaires;

/// <summary>Forms as SDC means them: what is asked, what is calculated, what is refused, what is extracted, what two forms share.</summary>
public sealed class FormTests
{
    private static readonly FormContext Context = new() { Model = new NoModel(), Today = new(2026, 3, 2) };

    [Fact]
    public void An_item_is_asked_while_its_condition_holds_and_its_answer_is_left_out_otherwise()
    {
        var form = Read("""[{"linkId":"a","type":"integer"},{"linkId":"b","type":"string","enableWhen":[{"question":"a","operator":">","answerInteger":3}]}]""");
        var filling = Filling.Start(form, Context);
        filling.Set("b", Answer.Of("String", "x"));

        filling.Set("a", Answer.Of("Integer", 3));
        filling.Recalculate();
        Assert.DoesNotContain("\"b\"", filling.ToResponse().GetRawText(), StringComparison.Ordinal);

        filling.Set("a", Answer.Of("Integer", 4));
        filling.Recalculate();
        Assert.Contains("\"b\"", filling.ToResponse().GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("any", true)]
    [InlineData("all", false)]
    public void Several_conditions_hold_together_or_singly(string behaviour, bool asked)
    {
        var form = Read($$"""
            [{"linkId":"a","type":"boolean"},{"linkId":"b","type":"boolean"},
             {"linkId":"c","type":"string","enableBehavior":"{{behaviour}}","enableWhen":[{"question":"a","operator":"=","answerBoolean":true},
              {"question":"b","operator":"=","answerBoolean":true}]}]
            """);
        var filling = Filling.Start(form, Context);
        filling.Set("a", Answer.Of("Boolean", true));
        filling.Recalculate();

        Assert.Equal(asked, filling.All.Single(i => i.Item.LinkId is "c").Enabled);
    }

    [Fact]
    public void An_item_under_one_that_is_not_asked_is_not_asked_either()
    {
        var form = Read("""
            [{"linkId":"a","type":"boolean"},
             {"linkId":"g","type":"group","enableWhen":[{"question":"a","operator":"=","answerBoolean":true}],"item":[{"linkId":"b","type":"boolean","required":true}]},
             {"linkId":"c","type":"string","enableWhen":[{"question":"b","operator":"exists","answerBoolean":true}]}]
            """);
        var filling = Filling.Start(form, Context);
        filling.Set("b", Answer.Of("Boolean", true));
        filling.Recalculate();

        Assert.False(filling.All.Single(i => i.Item.LinkId is "c").Enabled);
        Assert.Empty(filling.Check());
    }

    [Fact]
    public void In_a_table_a_condition_looks_at_its_own_row()
    {
        var form = Read("""
            [{"linkId":"t","type":"group","repeats":true,"item":[{"linkId":"a","type":"integer"},
              {"linkId":"b","type":"string","required":true,"enableWhen":[{"question":"a","operator":"=","answerInteger":2}]}]}]
            """);
        var filling = FormFields.Read(form, [Field("t[0]/a", "1"), Field("t[1]/a", "2"), Field("t[2]/a", "1")], Context);

        Assert.Equal([false, true, false], filling.All.Where(i => i.Item.LinkId is "b").Select(i => i.Enabled));
        Assert.Equal("t[1]/b", Assert.Single(filling.Check()).Expression);
    }

    [Fact]
    public void Calculations_follow_each_other_in_the_order_of_need_whatever_the_order_of_writing()
    {
        var form = Read("""
            [{"linkId":"c","type":"decimal","readOnly":true,CALC("%resource.item.where(linkId='b').answer.value + 1")},
             {"linkId":"b","type":"decimal","readOnly":true,CALC("%resource.item.where(linkId='a').answer.value * 2")},
             {"linkId":"a","type":"decimal"}]
            """);
        var filling = Filling.Start(form, Context);
        filling.Set("a", Answer.Of("Decimal", 5m));
        filling.Recalculate();

        Assert.Equal(11m, Assert.Single(filling.AnswersOf("c")).Number);
    }

    [Fact]
    public void Calculations_in_a_circle_are_refused()
    {
        var circle = """
            [{"linkId":"a","type":"decimal",CALC("%resource.item.where(linkId='b').answer.value + 1")},
             {"linkId":"b","type":"decimal",CALC("%resource.item.where(linkId='a').answer.value + 1")}]
            """;

        Assert.Contains(Assert.Throws<RefusedException>(() => Read(circle)).Issues, i => i.Diagnostics.Contains("循环", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("19", IssueSeverity.Error)]
    [InlineData("20", IssueSeverity.Warning)]
    [InlineData("80", null)]
    [InlineData("200", null)]
    [InlineData("201", IssueSeverity.Warning)]
    [InlineData("301", IssueSeverity.Error)]
    [InlineData("eighty", IssueSeverity.Error)]
    public void Impossible_is_refused_and_unusual_is_questioned(string text, IssueSeverity? severity)
    {
        var form = Read("""
            [{"linkId":"a","text":"收缩压","type":"integer","extension":[
              {"url":"http://hl7.org/fhir/StructureDefinition/minValue","valueInteger":20},{"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueInteger":300},
              {"url":"https://tongxin.health/fhir/StructureDefinition/usual-range","extension":[{"url":"low","valueDecimal":80},{"url":"high","valueDecimal":200}]}]}]
            """);

        Assert.Equal(severity, FormFields.Read(form, [Field("a", text)], Context).Check().Select(i => (IssueSeverity?)i.Severity).SingleOrDefault());
    }

    [Fact]
    public void What_is_written_and_read_again_is_the_same()
    {
        var form = Read("""
            [{"linkId":"g","type":"group","item":[{"linkId":"t","type":"group","repeats":true,"item":[{"linkId":"n","type":"string"},{"linkId":"m","type":"decimal"}]}]},
             {"linkId":"c","type":"choice","repeats":true,"answerOption":[{"valueCoding":{"system":"s","code":"1"}},{"valueCoding":{"system":"s","code":"2"}}],
              "item":[{"linkId":"under","type":"string"}]}]
            """);
        var once = FormFields.Read(form, [Field("t[0]/n", "甲"), Field("t[1]/n", "乙"), Field("t[1]/m", "2.50"), Field("c", "1", "2"), Field("under", "说明")], Context).ToResponse();

        Assert.Equal(once.GetRawText(), Filling.Read(form, once, Context).ToResponse().GetRawText());
    }

    [Fact]
    public void Observations_are_extracted_with_unit_and_a_group_becomes_one_with_components()
    {
        var form = Read("""
            [{"linkId":"bp","type":"group","text":"血压","code":[{"system":"http://loinc.org","code":"85354-9"}],EXTRACT,
              "item":[{"linkId":"s","type":"integer","code":[{"system":"http://loinc.org","code":"8480-6"}],"extension":[
                {"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-unit","valueCoding":{"system":"http://unitsofmeasure.org","code":"mm[Hg]","display":"mmHg"}}]}]}]
            """);
        var filling = FormFields.Read(form, [Field("s", "132")], Context);

        var made = Assert.Single(Extraction.Of(filling, new("Patient/p", "QuestionnaireResponse/q", "2026-03-02", "Practitioner/li"), new NoModel()));
        var component = Assert.Single(made.Body["component"]!.AsArray());
        Assert.Equal(("bp", "132", "mm[Hg]"), (made.Slot, component!["valueQuantity"]!["value"]!.ToString(), (string?)component["valueQuantity"]!["code"]));
    }

    [Fact]
    public void A_combined_form_asks_what_its_parts_share_once_and_keeps_the_rest_in_order()
    {
        var one = Questionnaire("one",
            """[{"linkId":"date","type":"date"},{"linkId":"signs","type":"group","item":[{"linkId":"bp","type":"integer"}]},{"linkId":"next","type":"date"}]""");
        var two = Questionnaire("two",
            """
            [{"linkId":"date","type":"date"},
             {"linkId":"signs","type":"group","item":[{"linkId":"bp","type":"integer","required":true},{"linkId":"foot","type":"string"}]},
             {"linkId":"glucose","type":"decimal"},{"linkId":"next","type":"date"}]
            """);

        var form = Form.Read(FormComposition.Compose([one, two]));

        Assert.Equal(["date", "signs", "glucose", "next"], form.Items.Select(i => i.LinkId));
        Assert.Equal(["bp", "foot"], form.Items[1].Items.Select(i => i.LinkId));
        Assert.True(form.ByLinkId["bp"].Required);
        Assert.Equal("https://x/one+two", form.Url);
    }

    [Fact]
    public void Five_hundred_items_with_a_hundred_calculations_follow_a_keystroke()
    {
        var plain = string.Join(",", Enumerable.Range(0, 400).Select(i => $$"""{"linkId":"p{{i}}","type":"decimal"}"""));
        var sums = string.Join(",", Enumerable.Range(0, 100).Select(i => $$"""{"linkId":"s{{i}}","type":"decimal","readOnly":true,CALC("%v{{i}} + 1")}"""));
        var variables = string.Join(",", Enumerable.Range(0, 100).Select(i => JsonSerializer.Serialize(new
        {
            url = SdcUrls.Variable,
            valueExpression = new { name = $"v{i}", language = "text/fhirpath", expression = $"%resource.repeat(item).where(linkId='p{i}').answer.value" },
        })));
        var form = Form.Read(JsonDocument.Parse(Expand($$"""{"resourceType":"Questionnaire","extension":[{{variables}}],"item":[{{plain}},{{sums}}]}""")).RootElement);
        var filling = Filling.Start(form, Context);
        for (var i = 0; i < 100; i++) filling.Set($"p{i}", Answer.Of("Decimal", i));
        for (var i = 0; i < 5; i++) filling.Recalculate();

        var before = Process.GetCurrentProcess().TotalProcessorTime;
        for (var i = 0; i < 20; i++)
        {
            filling.Set("p7", Answer.Of("Decimal", i));
            filling.Recalculate();
        }

        var each = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMilliseconds / 20;
        TestContext.Current.TestOutputHelper?.WriteLine($"{each:0.0} ms CPU for one keystroke");
        Assert.Equal(20m, Assert.Single(filling.AnswersOf("s7")).Number);
        Assert.True(each < 50, $"{each:0.0} ms CPU for one keystroke");
    }

    private static KeyValuePair<string, IReadOnlyList<string>> Field(string name, params string[] values) => new(name, values);

    private static Form Read(string items) => Form.Read(Questionnaire("form", items));

    private static JsonElement Questionnaire(string name, string items) =>
        JsonDocument.Parse(Expand($$"""{"resourceType":"Questionnaire","url":"https://x/{{name}}","version":"1","item":{{items}}}""")).RootElement;

    /// <summary>CALC("…") and EXTRACT stand for the long extensions of SDC.</summary>
    private static string Expand(string json) => System.Text.RegularExpressions.Regex.Replace(json, "CALC\\((\"[^\"]*\")\\)",
        "\"extension\":[{\"url\":\"" + SdcUrls.CalculatedExpression + "\",\"valueExpression\":{\"language\":\"text/fhirpath\",\"expression\":$1}}]")
        .Replace("EXTRACT", "\"extension\":[{\"url\":\"" + SdcUrls.ObservationExtract + "\",\"valueBoolean\":true}]", StringComparison.Ordinal);

    /// <summary>Knows which types are primitive and nothing else: enough to read <c>value[x]</c>.</summary>
    private sealed class NoModel : IFhirModel
    {
        public TypeModel? Type(string name) => name is "decimal" or "integer" or "boolean" or "string" or "date"
            ? new(name, "Element", TypeKind.Primitive, new Dictionary<string, ElementModel>()) { Choices = new Dictionary<string, (ElementModel, string)>() }
            : null;
    }
}
