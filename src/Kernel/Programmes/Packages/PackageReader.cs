using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Fhir.FhirPath;
using Tongxin.Fhir.Questionnaires;

namespace Tongxin.Kernel.Programmes.Packages;

/// <summary>Reads a package's files and checks what can be checked without running it; every fault is told with file and line.</summary>
public sealed class PackageReader
{
    private readonly PackageSource source;
    private readonly List<Issue> issues = [];
    private YamlDocument plan = null!;

    private PackageReader(PackageSource source) => this.source = source;

    /// <summary>Throws <see cref="RefusedException"/> (422) with all faults.</summary>
    public static ProgrammePackage Read(PackageSource source) => new PackageReader(source).Read();

    private ProgrammePackage Read()
    {
        plan = YamlDocument.Parse($"{source.Name}/plan.yaml", source.Files.GetValueOrDefault("plan.yaml")
            ?? throw RefusedException.Because(422, "required", $"{source.Name}: 缺少 plan.yaml。"));
        var root = plan.Root;
        var edition = Required(root, "version");
        var forms = Forms(edition);
        var curves = Curves();
        var rules = source.Files.TryGetValue("rules.yaml", out var text)
            ? new RulesYaml(YamlDocument.Parse($"{source.Name}/rules.yaml", text), forms, curves, issues).Read() : new Rules();
        var period = root["effectivePeriod"] as JsonObject;
        var from = Json.Day(period?["start"]?.ToString());
        if (from is null) issues.Add(plan.Fault(root, "required", "需要 effectivePeriod.start（本版生效日期）。"));
        var package = new ProgrammePackage
        {
            Code = Required(root, "id"),
            Edition = edition,
            Title = Required(root, "title"),
            TitleInEnglish = (string?)root["en"] ?? "",
            ShortTitle = (string?)root["short"],
            ShortTitleInEnglish = (string?)root["short-en"],
            From = from ?? default,
            To = Json.Day(period?["end"]?.ToString()),
            Citation = Required(root, "citation"),
            Sensitivity = (string?)root["sensitivity"],
            Enrolment = Enrolment(root["enrolment"] as JsonObject ?? []),
            Services = Services(root["services"] as JsonArray ?? [], forms),
            Forms = forms,
            Rules = rules,
            Curves = curves,
            ValueSets = [.. source.In("valuesets").Select(ValueSet)],
            Source = source,
        };
        if (!Records.ResourceKey.IsLegalId(package.Code)) issues.Add(plan.Fault(root["id"], "value", "id 只能用字母、数字、连字符。"));
        return issues.Count is 0 ? package : throw new RefusedException(422, issues);
    }

    private string Required(JsonObject from, string name)
    {
        if (from[name]?.ToString() is { Length: > 0 } value) return value;
        issues.Add(plan.Fault(from, "required", $"缺少 {name}。"));
        return "";
    }

    private Dictionary<string, Form> Forms(string edition)
    {
        var forms = new Dictionary<string, Form>(StringComparer.Ordinal);
        foreach (var file in source.In("questionnaires"))
        {
            var document = YamlDocument.Parse($"{source.Name}/{file}", source.Files[file]);
            var json = (string?)document.Root["resourceType"] is "Questionnaire" ? document.Root : new QuestionnaireYaml(document, edition, issues).Convert();
            try
            {
                var form = Form.Read(JsonSerializer.SerializeToElement(json));
                if (!forms.TryAdd(form.Source.Text("id") ?? "", form)) issues.Add(document.Fault(document.Root, "duplicate", "表单 id 重复。"));
            }
            catch (RefusedException refused)
            {
                issues.AddRange(refused.Issues.Select(i => document.Fault(document.Root, i.Code, i.Diagnostics)));
            }
        }

        return forms;
    }

    private Dictionary<string, ReferenceCurve> Curves()
    {
        var curves = new Dictionary<string, ReferenceCurve>(StringComparer.Ordinal);
        foreach (var file in source.In("curves"))
        {
            var document = YamlDocument.Parse($"{source.Name}/{file}", source.Files[file]);
            var curve = ReferenceCurve.Read(document, issues);
            if (!curves.TryAdd(curve.Id, curve)) issues.Add(document.Fault(document.Root, "duplicate", "曲线 id 重复。"));
        }

        return curves;
    }

    private JsonElement ValueSet(string file)
    {
        var document = YamlDocument.Parse($"{source.Name}/{file}", source.Files[file]);
        var root = document.Root;
        var id = (string?)root["id"] ?? Path.GetFileNameWithoutExtension(file);
        if (root["resourceType"] is not null) return JsonSerializer.SerializeToElement(root);
        var system = (string?)root["system"] ?? $"https://tongxin.health/cs/{id}";
        var concepts = (root["codes"] as JsonObject ?? []).Select(c => (JsonNode)new JsonObject { ["code"] = c.Key, ["display"] = c.Value?.ToString() });
        return JsonSerializer.SerializeToElement(new JsonObject
        {
            ["resourceType"] = "ValueSet",
            ["id"] = id,
            ["url"] = ProgrammeCodes.Canonical("ValueSet", id),
            ["title"] = (string?)root["title"] ?? id,
            ["status"] = "active",
            ["compose"] = new JsonObject { ["include"] = new JsonArray(new JsonObject { ["system"] = system, ["concept"] = new JsonArray([.. concepts]) }) },
        });
    }

    private Enrolment Enrolment(JsonObject from) => new()
    {
        Automatic = Expression(from, "automatic"),
        Candidate = Expression(from, "candidate"),
        Eligible = Expression(from, "eligible"),
        EligibleReason = (string?)from["eligible-reason"],
        Ends = Expression(from, "ends"),
        EndReason = (string?)from["end-reason"],
    };

    private List<ProgrammeService> Services(JsonArray from, Dictionary<string, Form> forms)
    {
        var services = new List<ProgrammeService>();
        foreach (var node in from.OfType<JsonObject>())
        {
            var kind = (string?)node["kind"];
            var known = Enum.TryParse<ServiceKind>((kind ?? "").Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var parsed);
            if (!known) issues.Add(plan.Fault(node, "code-invalid", $"kind“{kind}”应为 by-class、interval、yearly 或 points。"));
            var form = (string?)node["form"] ?? "";
            // A form of another programme is written with its programme before it and looked up when all are loaded.
            if (form.Length > 0 && !form.Contains('/', StringComparison.Ordinal) && !forms.ContainsKey(form)) issues.Add(plan.Fault(node, "not-found", $"没有表单“{form}”。"));
            var service = new ProgrammeService
            {
                Id = Required(node, "id"),
                Title = Required(node, "title"),
                Kind = parsed,
                Form = form[(form.IndexOf('/', StringComparison.Ordinal) + 1)..],
                Follows = [.. (node["follows"] as JsonArray ?? []).Select(f => f!.ToString())],
                When = Expression(node, "when"),
                Anchor = Expression(node, "anchor"),
                Points = [.. (node["points"] as JsonArray ?? []).OfType<JsonObject>().Select(p => Point(p, node, form, forms))],
            };
            foreach (var before in service.Follows.Where(f => !forms.ContainsKey(f))) issues.Add(plan.Fault(node, "not-found", $"没有表单“{before}”。"));
            services.Add(service with
            {
                First = Span(node, "first") ?? service.First,
                Interval = Span(node, "interval") ?? service.Interval,
                Early = Span(node, "early") ?? service.Early,
                Late = Span(node, "late") ?? service.Late,
                ShortLate = Span(node, "short-late") ?? service.ShortLate,
                Expires = Span(node, "expires") ?? service.Expires,
            });
            if (parsed is ServiceKind.Points && (service.Anchor is null || service.Points.Count is 0))
                issues.Add(plan.Fault(node, "required", "kind: points 需要 anchor 与 points。"));
        }

        return services;
    }

    private ServicePoint Point(JsonObject node, JsonObject service, string form, Dictionary<string, Form> forms)
    {
        var due = Span(node, "at") ?? new(0, "day");
        var own = (string?)node["form"] ?? form;
        if (!forms.ContainsKey(own)) issues.Add(plan.Fault(node, "not-found", $"没有表单“{own}”。"));
        var early = Span(node, "early") ?? Span(service, "early") ?? new(0, "day");
        var late = Span(node, "late") ?? Span(service, "late") ?? new(30, "day");
        return new(Required(node, "id"), Required(node, "title"), early, late, due, own, Span(node, "expires") ?? Span(service, "expires"));
    }

    private CalendarSpan? Span(JsonObject node, string name)
    {
        if (node[name] is not { } value) return null;
        if (CalendarSpan.Parse(value.ToString()) is { } span) return span;
        issues.Add(plan.Fault(value, "value", $"{name}: “{value}”不是时间长度（如 14 days、3 months、1 year）。"));
        return null;
    }

    private FhirPathExpression? Expression(JsonObject node, string name) => RulesYaml.Compile(plan, node, name, issues);
}
