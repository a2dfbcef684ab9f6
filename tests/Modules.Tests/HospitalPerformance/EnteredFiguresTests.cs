using System.Net;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.HospitalPerformance;
using Tongxin.Modules.Tests.Cockpit;
using Tongxin.Modules.Tests.SignIn;

namespace Tongxin.Modules.Tests.HospitalPerformance;

/// <summary>医共体监测: figures that no record holds are entered with their source, corrected with a trace, and stand beside the counted ones.</summary>
public sealed class EnteredFiguresTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private static readonly string End = $"{EnteredFigures.Quarters(LocalTime.Today(TimeProvider.System))[0]:yyyy-MM-dd}";

    [Fact]
    public async Task A_figure_is_entered_with_its_source_corrected_with_a_trace_and_never_mixed_with_what_is_counted()
    {
        await using var county = await FigureCounty.OpenAsync(withMonths: false);
        await county.Server.AddAsync("manager", new(Role.HospitalManager, "east-hospital"), "Practitioner/h");
        using var officer = await county.Server.SignedInAsync("officer");
        using var manager = await county.Server.SignedInAsync("manager");
        using var west = await county.Server.SignedInAsync("west");
        using var cdc = await county.Server.SignedInAsync("cdc");

        Assert.Equal($"/figures?end={End}&entered=fund-in-county", await EnterAsync(manager, "fund-in-county", "71.5", "县医保局结算报表"));
        Assert.Equal($"/figures?end={End}&entered=fund-in-county", await EnterAsync(officer, "fund-in-county", "72.25", "县医保局更正报表"));
        Assert.Equal($"/figures?end={End}&entered=unified-resources", await EnterAsync(officer, "unified-resources", "1", "编办文件"));

        var page = await cdc.Http.GetStringAsync($"/figures?end={End}", Cancel);
        Assert.Contains("72.25%", page, StringComparison.Ordinal);
        Assert.DoesNotContain("71.5%", page, StringComparison.Ordinal);
        Assert.Contains("县医保局更正报表", page, StringComparison.Ordinal);
        Assert.Contains("第 2 次录入", page, StringComparison.Ordinal);
        Assert.Contains("/cockpit?i=chronic-admissions", page, StringComparison.Ordinal);
        Assert.DoesNotContain("72.25%", await west.Http.GetStringAsync($"/figures?end={End}", Cancel), StringComparison.Ordinal);
        Assert.DoesNotContain("fund-in-county", await officer.Http.GetStringAsync("/cockpit", Cancel), StringComparison.Ordinal);
        Assert.DoesNotContain("72.25", await officer.Http.GetStringAsync("/cockpit/frozen", Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_and_what_has_no_source_is_refused_and_who_does_not_lead_enters_nothing()
    {
        await using var county = await FigureCounty.OpenAsync(withMonths: false);
        using var officer = await county.Server.SignedInAsync("officer");
        using var cdc = await county.Server.SignedInAsync("cdc");

        Assert.EndsWith("refused=value", await EnterAsync(officer, "fund-in-county", "-3", "报表"), StringComparison.Ordinal);
        Assert.EndsWith("refused=value", await EnterAsync(officer, "unified-resources", "2", "报表"), StringComparison.Ordinal);
        Assert.EndsWith("refused=value", await EnterAsync(officer, "fund-in-county", "many", "报表"), StringComparison.Ordinal);
        Assert.EndsWith("refused=source", await EnterAsync(officer, "fund-in-county", "70", "  "), StringComparison.Ordinal);
        Assert.EndsWith("refused=gone", await EnterAsync(officer, "no-such", "70", "报表"), StringComparison.Ordinal);
        Assert.EndsWith("refused=period", await EnterAsync(officer, "fund-in-county", "70", "报表", "2001-03-31"), StringComparison.Ordinal);
        using var refused = await cdc.PostFormAsync("/figures/enter", ("end", End), ("item", "fund-in-county"), ("value", "70"), ("source", "报表"));
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
    }

    [Fact]
    public void A_set_that_does_not_add_up_is_refused_with_its_line()
    {
        const string head = "id: c\ntitle: 监测\nen: M\nedition: \"1\"\ngroups:\n  - title: 组\n    en: G\n    items:\n";
        const string item = "      - { id: a, title: 甲, en: A, kind: rate, how: 公式 }\n";

        Assert.Equal("a", Assert.Single(Read(head + item).Items).Id);
        Assert.Contains("kind", Assert.Throws<RefusedException>(() => Read(head + item.Replace("rate", "share", StringComparison.Ordinal))).Message, StringComparison.Ordinal);
        Assert.Contains("a 出现了两次", Assert.Throws<RefusedException>(() => Read(head + item + item)).Message, StringComparison.Ordinal);
        Assert.Contains("how", Assert.Throws<RefusedException>(() => Read(head + item.Replace(", how: 公式", "", StringComparison.Ordinal))).Message, StringComparison.Ordinal);
        Assert.Contains("no-such",
            Assert.Throws<RefusedException>(() => Read(head + item.Replace(" }", ", beside: no-such }", StringComparison.Ordinal))).Message, StringComparison.Ordinal);
    }

    private static EnteredSet Read(string text) => EnteredSet.Read("c.yaml", text, new HashSet<string>());

    private static async Task<string> EnterAsync(Browser browser, string item, string value, string source, string? end = null)
    {
        using var answer = await browser.PostFormAsync("/figures/enter", await browser.TokenAsync("/figures"),
            ("end", end ?? End), ("item", item), ("value", value), ("source", source));
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return answer.Headers.Location!.OriginalString;
    }
}
