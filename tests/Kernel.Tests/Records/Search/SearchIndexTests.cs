using System.Text.Json;
using Tongxin.Kernel.Records.Model;
using Tongxin.Kernel.Records.Search;
using Tongxin.Kernel.Terminology;

namespace Tongxin.Kernel.Tests.Records.Search;

public sealed class SearchIndexTests
{
    private static readonly Pinyin Typed = new();

    [Fact]
    public void Every_parameter_of_every_type_can_be_planned()
    {
        var computed = new List<string>();
        foreach (var type in FirelyModel.ResourceTypes)
            computed.AddRange(SearchPlan.Make(type).Computed.Select(p => $"{p} {p.Path}"));
        Assert.Empty(computed);
    }

    [Fact]
    public void Zhang_San_is_found_by_characters_pinyin_and_initials()
    {
        var rows = Extract("""{"resourceType":"Patient","name":[{"family":"张","given":["三"]}]}""");
        var name = rows.Strings.Where(s => s.Parameter.Code is "name").Select(s => s.Folded).ToList();
        Assert.Superset(new HashSet<string> { "张", "三", "张三", "zhangsan", "zs" }, name.ToHashSet());
    }

    [Fact]
    public void Any_two_characters_of_an_address_begin_a_row()
    {
        var rows = Extract("""{"resourceType":"Patient","address":[{"text":"福建省三明市沙县区"}]}""");
        var found = rows.Strings.Where(s => s.Parameter.Code is "address").Select(s => s.Folded).ToList();
        for (var i = 0; i < 8; i++) Assert.Contains(found, f => f.StartsWith("福建省三明市沙县区".Substring(i, 2), StringComparison.Ordinal));
    }

    [Fact]
    public void An_observation_gives_rows_of_every_kind()
    {
        var rows = Extract("""
            {"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"BP"}],"text":"血压"},
             "subject":{"reference":"Patient/p1"},"effectiveDateTime":"2026-03-31",
             "valueQuantity":{"value":5.40,"system":"http://unitsofmeasure.org","code":"mmol/L","unit":"mmol/L"},
             "component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120}},
                          {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":80}}]}
            """);
        Assert.Contains(rows.Tokens, t => t is { Parameter.Code: "code", System: "http://loinc.org", Code: "85354-9", Text: "BP" });
        Assert.Contains(rows.Tokens, t => t is { Parameter.Code: "code", Code: "", Text: "血压" });
        Assert.Contains(rows.References, r => r is { Parameter.Code: "patient", Type: "Patient", Id: "p1" });
        Assert.Contains(rows.References, r => r is { Parameter.Code: "subject", Type: "Patient", Id: "p1" });
        var date = Assert.Single(rows.Dates, d => d.Parameter.Code is "date");
        Assert.Equal(new DateTimeOffset(2026, 3, 31, 0, 0, 0, TimeSpan.FromHours(8)), date.From);
        Assert.Equal(date.From.AddDays(1), date.To);
        Assert.Equal(5.40m, Assert.Single(rows.Quantities, q => q.Parameter.Code is "value-quantity").Low);
        Assert.Equal(2, rows.Composites.Count(c => c.Parameter.Code is "component-code-value-quantity"));
        Assert.Equal(3, rows.Composites.Count(c => c.Parameter.Code is "combo-code-value-quantity"));
        Assert.All(rows.Composites, c => Assert.IsType<TokenEntry>(c.Parts[0]));
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient"}""", "false")]
    [InlineData("""{"resourceType":"Patient","deceasedBoolean":false}""", "false")]
    [InlineData("""{"resourceType":"Patient","deceasedBoolean":true}""", "true")]
    [InlineData("""{"resourceType":"Patient","deceasedDateTime":"2020"}""", "true")]
    public void The_dead_are_found_whichever_way_it_was_said(string patient, string expected) =>
        Assert.Equal(expected, Assert.Single(Extract(patient).Tokens, t => t.Parameter.Code is "deceased").Code);

    [Theory]
    [InlineData("2026", "2025-12-31T16:00:00Z", "2026-12-31T16:00:00Z")]
    [InlineData("2024-02", "2024-01-31T16:00:00Z", "2024-02-29T16:00:00Z")]
    [InlineData("2026-03-31T08:00Z", "2026-03-31T08:00:00Z", "2026-03-31T08:01:00Z")]
    [InlineData("2026-03-31T08:00:00.5+08:00", "2026-03-31T00:00:00.5Z", "2026-03-31T00:00:00.6Z")]
    [InlineData("9999", "9998-12-31T16:00:00Z", "9999-12-31T23:59:59.9999999Z")]
    [InlineData("0001-01-01", "0001-01-01T00:00:00Z", "0001-01-01T16:00:00Z")]
    public void A_date_covers_its_precision(string text, string from, string to)
    {
        Assert.True(DateRange.TryParse(text, SearchIndex.ChinaStandardTime, out var range));
        Assert.Equal(DateTimeOffset.Parse(from, null), range.From);
        Assert.Equal(DateTimeOffset.Parse(to, null), range.To);
    }

    [Theory]
    [InlineData("Ａｂｃ", "abc")]
    [InlineData("Ångström", "angstrom")]
    [InlineData("陳", "陳")]
    [InlineData(" José ", "jose")]
    public void Strings_are_folded(string text, string folded) => Assert.Equal(folded, Folding.Fold(text));

    private static IndexEntries Extract(string json)
    {
        using var document = JsonDocument.Parse(json);
        return new SearchIndex(readings: name => Typed.OfName(name) is var reading ? [reading.Full, reading.Initials] : []).Extract(document.RootElement);
    }
}
