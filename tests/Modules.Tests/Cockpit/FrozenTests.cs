using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using MiniExcelLibs;
using Tongxin.Host;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;
using Tongxin.Modules.Tests.SignIn;

namespace Tongxin.Modules.Tests.Cockpit;

/// <summary>报表锁定: the county signs a period, and what comes later changes no reported number but shows who changed and why.</summary>
public sealed class FrozenTests
{
    private const string Indicator = FigureCounty.Indicator;
    private static readonly string End = $"{FigureCounty.MonthEnd:yyyy-MM-dd}";
    private static readonly string Opened = $"/cockpit/frozen?f={End}&c=east";
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_comes_late_leaves_the_reported_number_and_lists_who_has_come_to_fulfil_it_and_who_moved()
    {
        await using var county = await FigureCounty.OpenAsync(withMonths: false);
        using var officer = await county.Server.SignedInAsync("officer");
        using var cdc = await county.Server.SignedInAsync("cdc");

        Assert.Equal($"/cockpit/frozen?f={End}&c=east&frozen=2", await FreezeAsync(officer, "第一次上报", Indicator, "hypertension-managed"));
        Assert.Equal("/cockpit/frozen?refused=duplicate", await FreezeAsync(officer, "", Indicator));
        Assert.Equal($"/cockpit/frozen?f={End}&c=east&frozen=1", await FreezeAsync(officer, "", Indicator, "record-use"));
        var list = await officer.Http.GetStringAsync("/cockpit/frozen", Cancel);
        Assert.Contains("第一次上报", list, StringComparison.Ordinal);
        Assert.Contains("与已报名单完全一致", await OpenAsync(officer), StringComparison.Ordinal);

        var page = await OpenAsync(officer, changed: () => county.LateVisitAsync("m1"));
        Assert.Contains("0 / 2", page, StringComparison.Ordinal);
        Assert.Contains("1 / 2", page, StringComparison.Ordinal);
        Assert.Contains("未达标→达标", page, StringComparison.Ordinal);
        Assert.Contains("本年没有随访血压 → 最近一次随访血压达标", page, StringComparison.Ordinal);
        Assert.DoesNotContain("/m1", page, StringComparison.Ordinal);
        Assert.DoesNotContain("陈", page, StringComparison.Ordinal);
        Assert.Contains("陈", await OpenAsync(cdc), StringComparison.Ordinal);

        var csv = await officer.Http.GetStringAsync($"/cockpit/frozen.csv?f={End}&c=east&i={Indicator}", Cancel);
        Assert.Contains("\"管理人群血压控制率\",\"0\",\"2\",\"0.0000\"", csv, StringComparison.Ordinal);
        Assert.Contains("未达标→达标", csv, StringComparison.Ordinal);
        await using var book = await officer.Http.GetStreamAsync($"/cockpit/frozen.xlsx?f={End}&c=east&i={Indicator}", Cancel);
        using var copy = new MemoryStream();
        await book.CopyToAsync(copy, Cancel);
        Assert.Equal(["已报数据", "重报名单", "这个数怎么来"], copy.GetSheetNames());

        // Into another town's village: the towns differ, the county does not.
        await county.Server.PutAsync(Places.Patient("m2", "village-b1", "林"));
        await FigureCounty.UntilAsync(async () => (await OpenAsync(officer, "town-a")).Contains("转出", StringComparison.Ordinal));
        Assert.Contains("转入", await OpenAsync(officer, "town-b"), StringComparison.Ordinal);
        Assert.DoesNotContain("转入", await OpenAsync(officer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_freeze_holds_what_was_committed_before_it_was_asked_and_stands_in_the_record_without_people_for_no_role_to_rewrite()
    {
        await using var county = await FigureCounty.OpenAsync(postgres: true, withMonths: false);
        using var officer = await county.Server.SignedInAsync("officer");

        await county.LateVisitAsync("m1");
        Assert.Contains("&frozen=1", await FreezeAsync(officer, "", Indicator), StringComparison.Ordinal);
        var page = await OpenAsync(officer);
        Assert.Contains("与已报名单完全一致", page, StringComparison.Ordinal);
        Assert.Contains("1 / 2", page, StringComparison.Ordinal);

        var found = JsonNode.Parse(await officer.Http.GetStringAsync("/fhir/MeasureReport?reporter=Organization/east", Cancel))!;
        var report = Assert.Single(found["entry"]!.AsArray())!["resource"]!;
        Assert.Equal(("complete", "summary", End), ((string)report["status"]!, (string)report["type"]!, (string)report["period"]!["end"]!));
        Assert.Contains("officer", report.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("/m1", report.ToJsonString(), StringComparison.Ordinal);
        Assert.All(report["group"]![0]!["population"]!.AsArray(), p => Assert.Null(p!["count"]));
        using var body = new StringContent(report.ToJsonString(), System.Text.Encoding.UTF8, "application/fhir+json");
        using var put = await officer.Http.PutAsync($"/fhir/MeasureReport/{(string)report["id"]!}", body, Cancel);
        Assert.Equal(HttpStatusCode.Forbidden, put.StatusCode);
        var lists = JsonNode.Parse(await officer.Http.GetStringAsync("/fhir/Basic", Cancel))!;
        Assert.Null(lists["entry"]);
    }

    [Fact]
    public async Task Nobody_but_the_commission_signs_and_what_is_small_or_elsewhere_is_not_told()
    {
        await using var county = await FigureCounty.OpenAsync(withMonths: false);
        using var officer = await county.Server.SignedInAsync("officer");
        using var doctor = await county.Server.SignedInAsync("doctor");
        using var city = await county.Server.SignedInAsync("city");
        using var west = await county.Server.SignedInAsync("west");
        using var refused = await doctor.PostFormAsync("/cockpit/frozen/freeze", ("end", End), ("i", Indicator));
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Equal("/cockpit/frozen?refused=required", await FreezeAsync(officer, ""));
        Assert.Equal("/cockpit/frozen?refused=required", await FreezeAsync(officer, "", "no-such"));
        using var ahead = await officer.PostFormAsync("/cockpit/frozen/freeze", ("end", $"{FigureCounty.Today.AddDays(40):yyyy-MM-dd}"), ("i", Indicator));
        Assert.Equal("/cockpit/frozen?refused=value", ahead.Headers.Location!.OriginalString);
        Assert.Contains("&frozen=1", await FreezeAsync(officer, "", Indicator), StringComparison.Ordinal);

        var told = await OpenAsync(city);
        Assert.Contains("人数太少", told, StringComparison.Ordinal);
        Assert.DoesNotContain("0 / 2", told, StringComparison.Ordinal);
        Assert.DoesNotContain("east", await west.Http.GetStringAsync("/cockpit/frozen", Cancel), StringComparison.Ordinal);
        using var elsewhere = await west.Http.GetAsync(Opened, Cancel);
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
        await OpenAsync(officer, changed: () => county.LateVisitAsync("m1"));
        Assert.Contains("陈", await OpenAsync(doctor, "village-a1"), StringComparison.Ordinal);
        Assert.DoesNotContain("陈", await OpenAsync(officer, "village-a1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_frozen_outlives_the_derived_file_and_a_list_that_was_changed_by_hand_is_told_as_tampered_with()
    {
        var folder = Directory.CreateTempSubdirectory("tongxin-frozen-").FullName;
        var officer = new Caller { Subject = "Practitioner/o", Name = "周局长", Role = Role.CountyCommission, Organisation = "east" };
        try
        {
            await using (var first = await StartedAsync(folder))
            {
                var records = first.Services.GetRequiredService<RecordAccess>();
                await records.CommitAsync(TestServer.Operator, [.. Places.Tree.Append(Places.Patient("m1", "village-a1")).Select(TestServer.Put)], new(), Cancel);
                await FigureCounty.UntilAsync(() => Task.FromResult(first.Services.GetRequiredService<FrozenReports>().MayFreeze(officer) is "east"));
                var reports = first.Services.GetRequiredService<FrozenReports>();
                var frozen = Assert.Single(await reports.FreezeAsync(officer, FigureCounty.MonthEnd, new HashSet<string> { "record-coverage" }, null, Cancel));
                Assert.Equal(1, frozen.Total!.Denominator);
                await first.StopAsync(Cancel);
            }

            File.Delete(Path.Combine(folder, "views.duckdb"));
            await using var second = await StartedAsync(folder);
            var outlook = second.Services.GetRequiredService<FrozenOutlook>();
            await FigureCounty.UntilAsync(async () => (await outlook.AllAsync(officer, Cancel)).Count is 1);
            var report = (await outlook.AllAsync(officer, Cancel))[0];
            Assert.Equal(("周局长", FigureCounty.MonthEnd), (report.SignedBy, report.End));
            await FigureCounty.UntilAsync(async () =>
                (await outlook.RestateAsync(officer, report, "east", Cancel)) is { Then.Denominator: 1, Now.Denominator: 1, Changed: 0 });

            var lists = second.Services.GetRequiredService<RecordAccess>();
            var stored = (await lists.ReadAsync(TestServer.Operator, new("Basic", $"{report.List}-0"), Cancel))!;
            var other = JsonNode.Parse(stored.Body.Span)!;
            var places = JsonNode.Parse((await lists.ReadAsync(TestServer.Operator, new("Basic", $"{report.List}-places"), Cancel))!.Body.Span)!;
            other["extension"] = places["extension"]!.DeepClone();
            await lists.CommitAsync(TestServer.Operator, [TestServer.Put(other.ToJsonString())], new(), Cancel);
            await Assert.ThrowsAsync<InvalidDataException>(() => outlook.RestateAsync(officer, report, "east", Cancel));
            await second.StopAsync(Cancel);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<WebApplication> StartedAsync(string folder)
    {
        var app = await Serving.BuildAsync(new(new RecordEngine.Sqlite(folder), "http://127.0.0.1:0"), Cancel);
        await app.StartAsync(Cancel);
        return app;
    }

    // The address to which the answer leads says what came of it.
    private static async Task<string> FreezeAsync(Browser officer, string note, params string[] indicators)
    {
        using var answer = await officer.PostFormAsync("/cockpit/frozen/freeze", await officer.TokenAsync("/cockpit/frozen"),
            [("end", End), ("note", note), .. indicators.Select(i => ("i", i))]);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return answer.Headers.Location!.OriginalString;
    }

    private static async Task<string> OpenAsync(Browser browser, string? place = null, Func<Task>? changed = null)
    {
        var address = $"{Opened}&i={Indicator}{(place is null ? "" : $"&o={place}")}";
        if (changed is null) return await browser.Http.GetStringAsync(address, Cancel);
        await changed();
        await FigureCounty.UntilAsync(async () => (await browser.Http.GetStringAsync(address, Cancel)).Contains("未达标→达标", StringComparison.Ordinal));
        return await browser.Http.GetStringAsync(address, Cancel);
    }
}
