using Tongxin.Fhir;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Tests.Records.Search;

public sealed class SearchQueryTests
{
    private static readonly SearchQuery Query = new(new());

    [Fact]
    public void A_token_is_split_and_unescaped()
    {
        var matches = Assert.IsType<Criterion.Matches>(Assert.Single(Query.Parse("Patient", @"identifier=http://a\,b|1\|2,|x").Criteria));
        Assert.Equal([new SearchValue.Token("http://a,b", "1|2"), new SearchValue.Token("", "x")], matches.Values);
    }

    [Fact]
    public void A_chain_to_several_types_is_any_of_them()
    {
        var any = Assert.IsType<Criterion.AnyOf>(Assert.Single(Query.Parse("Observation", "subject.identifier=1").Criteria));
        Assert.Equal(["Device", "Group", "Location", "Patient"], any.Alternatives.Cast<Criterion.Chain>().Select(c => c.TargetType).Order());
    }

    [Fact]
    public void Chains_and_has_nest()
    {
        var request = Query.Parse("Patient", "_has:Observation:patient:code=http://loinc.org|1&general-practitioner:Practitioner.name:contains=li");
        var has = Assert.IsType<Criterion.Has>(request.Criteria[0]);
        Assert.Equal("code", Assert.IsType<Criterion.Matches>(has.Inner[0]).Parameter.Code);
        var chain = Assert.IsType<Criterion.Chain>(request.Criteria[1]);
        Assert.Equal(Modifier.Contains, Assert.IsType<Criterion.Matches>(chain.Inner[0]).Modifier);
    }

    [Theory]
    [InlineData("value-quantity=5.4", 5.35, 5.45)]
    [InlineData("value-quantity=100", 99.5, 100.5)]
    [InlineData("value-quantity=1e2", 50, 150)]
    [InlineData("value-quantity=ap100", 90, 110)]
    public void A_number_means_its_precision(string query, double low, double high)
    {
        var value = Assert.IsType<SearchValue.Quantity>(Assert.IsType<Criterion.Matches>(Query.Parse("Observation", query).Criteria[0]).Values[0]);
        Assert.Equal(((decimal)low, (decimal)high), (value.Low, value.High));
    }

    [Fact]
    public void A_compared_number_is_a_point()
    {
        var value = Assert.IsType<SearchValue.Quantity>(Assert.IsType<Criterion.Matches>(Query.Parse("Observation", "value-quantity=ge140||mm[Hg]").Criteria[0]).Values[0]);
        Assert.Equal((Prefix.Ge, 140m, null, "mm[Hg]"), (value.Prefix, value.Low, value.System, value.Unit));
    }

    [Theory]
    [InlineData("foo=1", "foo")]
    [InlineData("_filter=x", "_filter")]
    [InlineData("name:not=x", "name:not")]
    [InlineData("birthdate=31.3.2026", "birthdate")]
    [InlineData("_count=many", "_count")]
    [InlineData("_sort=foo", "_sort")]
    [InlineData("_include=Patient:foo", "_include")]
    [InlineData("name=", "name")]
    [InlineData("gender:in=http://unknown", "gender:in")]
    [InlineData("_has:Observation:code:status=x", "_has:Observation:code:status")]
    [InlineData("_id=a b", "_id")]
    [InlineData("link.link.link.link.link.link.name=x", "link.link.link.link.link.link.name")]
    public void What_is_not_understood_is_refused_by_name(string query, string name)
    {
        var refusal = Assert.Throws<RefusedException>(() => Query.Parse("Patient", query));
        Assert.Equal((400, name), (refusal.Status, refusal.Issues[0].Expression));
        Assert.Equal([name], Query.Parse("Patient", query, lenient: true).Ignored);
    }

    [Fact]
    public void Result_parameters_are_read()
    {
        var request = Query.Parse("Patient", "_count=5000&_sort=-birthdate,family&_total=accurate&_elements=name,birthDate" +
            "&_include=Patient:organization&_revinclude:iterate=Observation:patient:Patient&_cursor=abc");
        Assert.Equal(SearchRequest.MostPerPage, request.Count);
        Assert.Equal([("birthdate", true), ("family", false)], request.Sort.Select(s => (s.Parameter.Code, s.Descending)));
        Assert.Equal((TotalMode.Accurate, "abc"), (request.Total, request.Cursor));
        Assert.Equal(["name", "birthDate"], request.Elements);
        Assert.Equal([(false, false, "Patient"), (true, true, "Observation")], request.Includes.Select(i => (i.Reverse, i.Iterate, i.SourceType)));
    }

    [Fact]
    public void A_condition_has_one_text_however_it_was_written()
    {
        var one = SearchText.Of(Query.Parse("Patient", "identifier=a|1,b|2&active=true"));
        var other = SearchText.Of(Query.Parse("Patient", "active=true&identifier=b|2,a|1&_count=3"));
        Assert.Equal(one, other);
        Assert.NotEqual(one, SearchText.Of(Query.Parse("Patient", "identifier=a|1,b|3&active=true")));
    }
}
