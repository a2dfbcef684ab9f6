using Tongxin.Fhir;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Programmes.Packages;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Kernel.Tests.Programmes;

/// <summary>A programme is a folder: written while the program runs, read, checked, refused with file and line, replaced by its next edition.</summary>
public sealed class PackageTests
{
    [Fact]
    public void A_programme_for_chronic_lung_disease_is_added_by_writing_a_folder_without_restart()
    {
        var root = Directory.CreateTempSubdirectory("programmes").FullName;
        var installed = new InstalledProgrammes(FirelyModel.R4);
        installed.InstallFolders(root);
        Assert.Empty(installed.Current.All);

        Write(root, "Copd/definitions/plan.yaml", """
            id: copd
            title: 慢性阻塞性肺疾病患者健康服务
            version: "2024"
            effectivePeriod: {start: 2024-01-01}
            citation: 县卫生健康委 2024 年慢阻肺服务方案
            enrolment: {eligible: "%patient.birthDate + 35 years <= %today", eligible-reason: 服务对象为 35 岁及以上}
            services: [{id: follow-up, title: 慢阻肺随访, kind: by-class, form: copd-follow-up}]
            """);
        Write(root, "Copd/definitions/questionnaires/follow-up.yaml", """
            id: copd-follow-up
            title: 慢阻肺随访表
            items:
              - {link: visit-date, text: 随访日期, type: date, required: true, prefill: "%today"}
              - {link: mmrc, text: 呼吸困难分级, required: true, choices: {"0": 剧烈运动时, "1": 快走或上坡时, "2": 平地慢于同龄人, "3": 走百米需停, "4": 不能离家}}
              - {link: exacerbations, text: 近一年急性加重次数, type: integer, range: [0, 50], usual: [0, 10]}
            """);
        Write(root, "Copd/definitions/rules.yaml", """
            inputs:
              mmrc: {title: 呼吸困难分级, answer: mmrc}
              exacerbations: {title: 急性加重次数, answer: exacerbations}
            class:
              system: https://tongxin.health/cs/copd-class
              codes: {"1": 稳定, "2": 不稳定}
              rows:
                - {row: "1", when: "%exacerbations >= 2", class: "2", reason: "近一年急性加重 {exacerbations} 次", refer: proposed, next: 14 days}
                - {row: "2", when: "%mmrc.exists()", class: "1", reason: "呼吸困难：{mmrc}", next: 3 months}
            """);
        Write(root, "Copd/cases/cases.yaml", """
            form: copd-follow-up
            patient: {birthDate: 1955-03-01}
            cases:
              - {title: 稳定, date: 2026-03-02, answers: {mmrc: "1"}, expect: {class: "1", row: "2", next: 2026-06-02}}
              - {title: 多次加重, date: 2026-03-02, answers: {mmrc: "1", exacerbations: 2},
                  expect: {class: "2", row: "1", refer: proposed, tasks: [{service: follow-up, due: 2026-03-16}]}}
            """);
        installed.InstallFolders(root);

        Assert.Equal("慢性阻塞性肺疾病患者健康服务", Assert.Single(installed.Current.All).Title);
        Assert.NotNull(installed.Current.Form("copd-follow-up", new(2026, 3, 2)));
    }

    [Fact]
    public void A_package_whose_case_fails_is_refused_with_the_case_and_what_was_found()
    {
        var cases = """
            form: toy-form
            patient: {birthDate: 1955-03-01}
            cases: [{title: 十分算好, date: 2026-03-02, answers: {score: 10}, expect: {class: "1"}}]
            """;
        var installed = new InstalledProgrammes(FirelyModel.R4);
        var refused = Assert.Throws<RefusedException>(() => installed.Install(ToyProgramme.Source(cases: cases)));

        Assert.Contains("十分算好: class 应为 1，得到 2", refused.Message, StringComparison.Ordinal);
        Assert.Empty(installed.Current.All);
    }

    [Theory]
    [InlineData("plan.yaml", "kind: by-class", "kind: sometimes", "toy/plan.yaml:8: kind“sometimes”")]
    [InlineData("plan.yaml", "form: toy-form", "form: none", "toy/plan.yaml:8: 没有表单“none”")]
    [InlineData("plan.yaml", "early: 14 days", "early: a while", "toy/plan.yaml:8: early")]
    [InlineData("plan.yaml", "title: 试验项目", "title: [", "不是有效的 YAML")]
    [InlineData("plan.yaml", "18 years <=", "18 years <= (", "表达式有误")]
    [InlineData("rules.yaml", "%score < %limit_high", "%score < %limit_hihg", "%limit_hihg 没有定义")]
    [InlineData("rules.yaml", "%score < %limit_high", "%good and true", "%good 的定义绕回了自己")]
    [InlineData("rules.yaml", "class: \"1\", reason", "class: \"9\", reason", "分类代码“9”不在 codes 中")]
    [InlineData("rules.yaml", "{from: 2000-01-01, high: 10}", "{from: 2000-01-01, high: 10}, {from: 2010-01-01, high: 9}", "有效期重叠")]
    [InlineData("rules.yaml", "answer: score", "answer: scroe", "不存在的题目“scroe”")]
    [InlineData("rules.yaml", "next: 3 months", "next: 3 moons", "不是时间长度")]
    [InlineData("questionnaires/form.yaml", "usual: [0, 50]", "calculated: \"@(next-visit) + 1\"", null)]
    [InlineData("questionnaires/form.yaml", "usual: [0, 50]", "calculated: \"@(nothing)\"", "不存在的题目“nothing”")]
    [InlineData("questionnaires/form.yaml", "usual: [0, 50]", "when: {question: nothing, exists: true}", "不存在的题目“nothing”")]
    [InlineData("questionnaires/form.yaml", "usual: [0, 50]", "colour: red", "没有“colour”这个写法")]
    [InlineData("questionnaires/form.yaml", "link: next-visit", "link: score", "“score”重复")]
    public void A_fault_is_told_with_file_and_line(string file, string find, string put, string? says)
    {
        var files = ToyProgramme.Source().Files.ToDictionary(f => f.Key, f => f.Value);
        Assert.Contains(find, files[file], StringComparison.Ordinal);
        files[file] = files[file].Replace(find, put, StringComparison.Ordinal);
        if (says is null)
        {
            Assert.NotNull(PackageReader.Read(new("toy", files)));
            return;
        }

        var refused = Assert.Throws<RefusedException>(() => PackageReader.Read(new("toy", files)));
        Assert.Contains(refused.Issues, i => i.Diagnostics.Contains(says, StringComparison.Ordinal));
        Assert.All(refused.Issues, i => Assert.Contains("toy/", i.Diagnostics, StringComparison.Ordinal));
    }

    [Fact]
    public void Calculations_in_a_circle_are_refused()
    {
        var form = ToyProgramme.Form.Replace("usual: [0, 50]", "calculated: \"@(other) + 1\"",
            StringComparison.Ordinal) + "\n  - {link: other, text: 另一题, type: integer, calculated: \"@(score) + 1\"}\n";

        var refused = Assert.Throws<RefusedException>(() => PackageReader.Read(ToyProgramme.Source(form: form)));
        Assert.Contains(refused.Issues, i => i.Diagnostics.Contains("循环", StringComparison.Ordinal));
    }

    [Fact]
    public void A_small_file_that_unfolds_into_a_large_one_is_refused()
    {
        var bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + string.Join('\n', Enumerable.Range(1, 8).Select(i =>
            $"{(char)('a' + i)}: &{(char)('a' + i)} [{string.Join(", ", Enumerable.Repeat($"*{(char)('a' + i - 1)}", 10))}]"));

        Assert.Throws<RefusedException>(() => YamlDocument.Parse("bomb.yaml", bomb));
    }

    [Fact]
    public void A_rule_that_takes_too_long_is_stopped_and_the_package_refused()
    {
        var rules = ToyProgramme.Rules.Replace("%score < %limit_high", "(1).repeat($this + 1).count() < 3", StringComparison.Ordinal);
        var cases = "form: toy-form\npatient: {birthDate: 1955-03-01}\ncases: [{title: 无限, date: 2026-03-02, answers: {score: 1}, expect: {class: \"1\"}}]";

        Assert.Throws<RefusedException>(() => new InstalledProgrammes(FirelyModel.R4).Install(ToyProgramme.Source(rules: rules, cases: cases)));
    }

    [Fact]
    public void Editions_stand_beside_each_other_and_a_visit_is_judged_by_the_edition_of_its_day()
    {
        var later = ToyProgramme.Plan.Replace("version: \"1\"", "version: \"2\"", StringComparison.Ordinal)
            .Replace("start: 2000-01-01", "start: 2026-01-01", StringComparison.Ordinal);
        var stricter = ToyProgramme.Rules.Replace("high: 10", "high: 5", StringComparison.Ordinal);
        var set = ToyProgramme.Set.With(PackageReader.Read(ToyProgramme.Source(later, stricter)));
        var record = ToyProgramme.Person(new(1960, 1, 1)).With([ToyProgramme.Visit("old", new(2025, 12, 31), 7), ToyProgramme.Visit("new", new(2026, 1, 1), 7)]);

        var derived = Reconciliation.Of(record, set, new(2026, 1, 1), FirelyModel.R4);

        Assert.Equal(["1", "2"], derived.Where(r => (string?)r["resourceType"] is "Observation").Select(r => (string?)r["valueCodeableConcept"]!["coding"]![0]!["code"]));
        Assert.Throws<RefusedException>(() => set
            .With(PackageReader.Read(ToyProgramme.Source(later.Replace("version: \"2\"", "version: \"3\"", StringComparison.Ordinal), stricter))));
    }

    private static void Write(string root, string path, string text)
    {
        var file = Path.Combine(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
