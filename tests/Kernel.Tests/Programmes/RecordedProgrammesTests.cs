using System.IO.Compression;
using System.Text;
using Tongxin.Fhir;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Kernel.Tests.Programmes;

/// <summary>A programme that is installed while people are served: kept in the record, beside the older edition, refused with its reason.</summary>
public sealed class RecordedProgrammesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_package_stands_in_the_record_as_definitions_and_comes_back_after_a_restart(string engine)
    {
        await using var county = await ToyCounty.OpenAsync(engine, "2026-03-02T09:00");
        await county.Recorded.InstallAsync(Copd(), "公卫员", Cancel);

        var feed = await county.FeedAsync();
        Assert.Contains("PlanDefinition/copd-1.0/1", feed);
        Assert.Contains("Questionnaire/copd-follow-up-1.0/1", feed);
        Assert.Contains("Library/copd-package-1.0/1", feed);

        await county.RestartAsync();
        Assert.Null(county.Programmes.Current.On("copd", new(2026, 3, 2)));
        Assert.Equal(1, await county.Recorded.LoadAsync(Cancel));
        Assert.NotNull(county.Programmes.Current.On("copd", new(2026, 3, 2)));
        Assert.Equal(0, await county.Recorded.LoadAsync(Cancel));
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task Whom_it_concerns_gains_the_task_without_a_restart_and_the_dry_run_said_so(string engine)
    {
        await using var county = await ToyCounty.OpenAsync(engine, "2026-03-02T09:00");
        await county.PutAsync(ToyCounty.Person("a"), Copd("a"), ToyCounty.Person("b"));
        await county.Midnight.CatchUpAsync(Cancel);

        var before = await county.FeedAsync();
        var report = await county.DryRun.OfAsync(Copd(), Cancel);
        var line = Assert.Single(report.Lines);
        Assert.Equal((2, 1, 0, true), (report.People, report.Gaining, report.Losing, report.IsWhole));
        Assert.Equal(("a", "居民a", "建议纳入慢阻肺病患者健康管理", true), (line.Person, line.Name, line.Task, line.IsGained));
        Assert.Equal(before, await county.FeedAsync());
        Assert.Null(county.Programmes.Current.On("copd", new(2026, 3, 2)));

        await county.Recorded.InstallAsync(Copd(), "公卫员", Cancel);
        await county.Midnight.OweEverybodyAsync(Cancel);
        await county.Midnight.CatchUpAsync(Cancel);
        Assert.Equal("建议纳入慢阻肺病患者健康管理", Assert.Single(await county.OpenTasksAsync()).Title);
    }

    [Fact]
    public async Task A_new_edition_stands_beside_the_old_and_each_visit_is_judged_by_its_own()
    {
        await using var county = await ToyCounty.OpenAsync("sqlite", "2026-03-02T09:00");
        var second = ToyProgramme.Source(
            ToyProgramme.Plan.Replace("version: \"1\"", "version: \"2\"", StringComparison.Ordinal).Replace("2000-01-01", "2026-03-01", StringComparison.Ordinal),
            ToyProgramme.Rules.Replace("high: 10", "high: 5", StringComparison.Ordinal));
        await county.Recorded.InstallAsync(ToyProgramme.Source(), "公卫员", Cancel);
        await county.Recorded.InstallAsync(second, "公卫员", Cancel);

        Assert.Equal(["1", "2"], county.Programmes.Current.All.Select(p => p.Edition));
        await county.PutAsync(ToyCounty.Person("a"), ToyCounty.Visit("a", "old", "2026-02-28", 7), ToyCounty.Person("b"), ToyCounty.Visit("b", "new", "2026-03-01", 7));
        await county.FollowAsync();
        var due = (await county.OpenTasksAsync()).ToDictionary(t => t.Person!, t => t.Window.Due);
        Assert.Equal(new DateOnly(2026, 5, 28), due["Patient/a"]);
        Assert.Equal(new DateOnly(2026, 3, 15), due["Patient/b"]);
    }

    [Fact]
    public async Task A_package_whose_cases_fail_is_refused_with_the_case_and_nothing_changes()
    {
        await using var county = await ToyCounty.OpenAsync("sqlite", "2026-03-02T09:00");
        var before = await county.FeedAsync();
        var source = Copd();
        var files = source.Files.ToDictionary();
        files["rules.yaml"] = files["rules.yaml"].Replace("spo2: 93", "spo2: 95", StringComparison.Ordinal);

        var refused = await Assert.ThrowsAsync<RefusedException>(() => county.Recorded.InstallAsync(new(source.Name, files), "公卫员", Cancel));

        Assert.Contains(refused.Issues, i => i.Diagnostics.Contains("血氧 93 仍稳定", StringComparison.Ordinal));
        Assert.Equal(before, await county.FeedAsync());
        Assert.Null(county.Programmes.Current.On("copd", new(2026, 3, 2)));
    }

    [Fact]
    public async Task Another_process_on_the_same_record_installs_what_it_sees_in_the_feed()
    {
        await using var county = await ToyCounty.OpenAsync("postgres", "2026-03-02T09:00");
        await county.Recorded.InstallAsync(Copd(), "公卫员", Cancel);
        county.Programmes.Remove("copd", "1.0");

        await county.FollowAsync();

        Assert.NotNull(county.Programmes.Current.On("copd", new(2026, 3, 2)));
    }

    [Theory]
    [InlineData("copd/")]
    [InlineData("")]
    public void A_zipped_folder_is_the_same_package(string root)
    {
        var source = Copd();
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (path, text) in source.Files)
            {
                using var writer = new StreamWriter(zip.CreateEntry(root + path).Open(), new UTF8Encoding(false));
                writer.Write(text);
            }

        stream.Position = 0;
        Assert.Equal(source.Digest, PackageSource.FromUpload("copd.zip", stream).Digest);
    }

    [Theory]
    [InlineData("copd.zip", "not a zip")]
    [InlineData("copd.json", "not json")]
    [InlineData("copd.json", "{}")]
    [InlineData("copd.txt", "")]
    public void What_is_no_package_is_refused_not_thrown(string name, string content)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(content));

        Assert.Equal(422, Assert.Throws<RefusedException>(() => PackageSource.FromUpload(name, stream)).Status);
    }

    private static PackageSource Copd()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Tongxin.slnx"))) return PackageSource.FromPath(Path.Combine(at.FullName, "docs", "use", "copd"));
        throw new InvalidOperationException("The repository was not found above the test.");
    }

    private static System.Text.Json.Nodes.JsonObject Copd(string person) => new()
    {
        ["resourceType"] = "Condition",
        ["id"] = $"copd-{person}",
        ["subject"] = new System.Text.Json.Nodes.JsonObject { ["reference"] = $"Patient/{person}" },
        ["recordedDate"] = "2026-01-02",
        ["code"] = new System.Text.Json.Nodes.JsonObject { ["coding"] = new System.Text.Json.Nodes.JsonArray(
            new System.Text.Json.Nodes.JsonObject { ["system"] = "http://hl7.org/fhir/sid/icd-10", ["code"] = "J44.9" }) },
    };
}
