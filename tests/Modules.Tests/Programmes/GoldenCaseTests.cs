using Tongxin.Fhir.Questionnaires;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Programmes.Packages;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Modules.Tests.Programmes;

/// <summary>Every golden case of every programme, through the code that serves the form.</summary>
public sealed class GoldenCaseTests
{
    private static readonly Lazy<ProgrammeSet> Set = new(() => Packages().Select(PackageReader.Read).Aggregate(ProgrammeSet.Empty, (set, package) => set.With(package)));

    public static TheoryData<string> Names => [.. Packages().Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_golden_case_of_the_programme_holds(string name)
    {
        var cases = Set.Value.All.Where(p => p.Source.Name == name).SelectMany(GoldenCases.Of).ToList();

        Assert.NotEmpty(cases);
        var differences = cases.SelectMany(c => GoldenCases.Run(c, Set.Value, FirelyModel.R4)).ToList();
        Assert.True(differences.Count is 0, string.Join('\n', differences));
    }

    [Fact]
    public void Any_two_forms_can_be_asked_in_one_visit_and_what_they_share_is_asked_once()
    {
        var forms = Set.Value.All.SelectMany(p => p.Forms.Values).ToList();
        foreach (var (one, other) in forms.SelectMany(one => forms.Where(f => f != one).Select(other => (one, other))))
        {
            var both = Form.Read(FormComposition.Compose([one.Source, other.Source]));

            Assert.Empty(one.ByLinkId.Values.Concat(other.ByLinkId.Values).Where(i => i.IsQuestion && !both.ByLinkId.ContainsKey(i.LinkId)).Select(i => i.LinkId));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_row_of_the_decision_tables_is_reached_by_a_case(string name)
    {
        foreach (var package in Set.Value.All.Where(p => p.Source.Name == name))
        {
            var expected = GoldenCases.Of(package).Select(c => c.Content["expect"]).ToList();
            var rows = expected.Select(e => e?["row"]?.ToString()).ToHashSet();
            var alerts = expected.SelectMany(e => e?["alerts"] as System.Text.Json.Nodes.JsonArray ?? []).Select(a => a?.ToString()).ToHashSet();

            Assert.All(package.Rules.Rows, r => Assert.Contains(r.Id, rows));
            Assert.All(package.Rules.Alerts, r => Assert.Contains(r.Id, alerts));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Whatever_a_case_writes_passes_the_validation_at_the_door(string name)
    {
        var validator = ResourceValidation.Create();
        var wrong =
            from golden in Set.Value.All.Where(p => p.Source.Name == name).SelectMany(GoldenCases.Of)
            from resource in GoldenCases.Leaves(golden, Set.Value, FirelyModel.R4)?.Resources ?? []
            where resource.GetProperty("id").GetString()!.Contains('-', StringComparison.Ordinal)
            from issue in validator.Validate(resource)
            where issue.IsError
            select $"{resource.GetProperty("resourceType")} {issue.Expression}: {issue.Diagnostics}";

        var list = wrong.Distinct().ToList();
        Assert.True(list.Count is 0, string.Join('\n', list));
    }

    [Fact]
    public void A_package_that_is_exported_and_imported_is_the_same()
    {
        foreach (var package in Set.Value.All)
        {
            var bundle = System.Text.Json.JsonSerializer.SerializeToElement(InstalledProgrammes.Export(package));

            Assert.Equal(package.Source.Digest, PackageReader.Read(PackageSource.FromBundle(bundle)).Source.Digest);
        }
    }

    internal static IEnumerable<PackageSource> Packages() => PackageSource.Below(Path.Combine(AppContext.BaseDirectory, "modules"));
}
