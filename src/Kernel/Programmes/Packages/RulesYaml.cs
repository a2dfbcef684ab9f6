using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tongxin.Fhir;
using Tongxin.Fhir.FhirPath;
using Tongxin.Fhir.Questionnaires;

namespace Tongxin.Kernel.Programmes.Packages;

/// <summary>Reads <c>rules.yaml</c>. Refuses unknown codes, names that nobody defines, names that need themselves, and dated rows that overlap.</summary>
internal sealed partial class RulesYaml(
    YamlDocument document, IReadOnlyDictionary<string, Form> forms, IReadOnlyDictionary<string, ReferenceCurve> curves, List<Issue> issues)
{
    private static readonly HashSet<string> Given = new(StringComparer.Ordinal)
    {
        "patient", "record", "today", "asOf", "visitDate", "visit", "episode", "class", "resource", "context", "ucum", "rootResource", "ageDays", "ageMonths",
    };

    public Rules Read()
    {
        var root = document.Root;
        var inputs = Members(root, "inputs").Select(m => Input(m.Key, m.Value as JsonObject ?? [])).ToList();
        var tables = Members(root, "tables").Select(m => Table(m.Key, m.Value as JsonObject ?? [])).ToList();
        var expressions = Members(root, "expressions").Select(m => Named(root["expressions"]!, m.Key, m.Value)).OfType<NamedExpression>().ToList();
        var facts = Members(root, "facts").Select(m => Named(root["facts"]!, m.Key, m.Value)).OfType<NamedExpression>().ToList();
        var grade = root["class"] as JsonObject ?? [];
        var classes = Members(grade, "codes").ToDictionary(c => c.Key, c => c.Value?.ToString() ?? c.Key, StringComparer.Ordinal);
        var rules = new Rules
        {
            Inputs = inputs,
            Tables = tables,
            Expressions = expressions,
            Facts = facts,
            ClassSystem = (string?)grade["system"],
            ClassTitle = (string?)grade["title"] ?? "分类",
            Classes = classes,
            Rows = [.. Rows(grade, "rows", classes)],
            Alerts = [.. Rows(root, "alerts", classes)],
            Forms = [.. (root["judges"] as JsonArray ?? []).Select(f => f!.ToString())],
            NextDateAnswer = (string?)root["next-date"],
        };
        CheckNames(rules);
        return rules;
    }

    /// <summary>Null when the member is absent or not FHIRPath; the latter is a fault.</summary>
    internal static FhirPathExpression? Compile(YamlDocument document, JsonObject node, string name, List<Issue> issues)
    {
        if (node[name] is not JsonValue value) return null;
        try
        {
            return FhirPathExpression.Compile(value.ToString());
        }
        catch (FhirPathException wrong)
        {
            issues.Add(document.Fault(value, "invalid", $"表达式有误：{wrong.Message}（第 {wrong.Position} 字符）：{value}"));
            return null;
        }
    }

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Members(JsonObject node, string name) => node[name] as JsonObject ?? [];

    private RuleInput Input(string name, JsonObject node)
    {
        var answer = (string?)node["answer"];
        if (answer is not null && !forms.Values.Any(f => f.ByLinkId.ContainsKey(answer))) issues.Add(document.Fault(node, "not-found", $"输入“{name}”引用了不存在的题目“{answer}”。"));
        return new()
        {
            Name = name,
            Title = (string?)node["title"] ?? name,
            Unit = (string?)node["unit"],
            Answer = answer,
            Assessment = (string?)node["assessment"],
            Fact = (string?)node["fact"],
            Observation = (string?)node["observation"],
            Within = CalendarSpan.Parse((string?)node["within"]),
            Expression = Compile(document, node, "expression", issues),
            Curve = Curve(name, node),
            Silent = (bool?)node["silent"] ?? false,
        };
    }

    private CurveInput? Curve(string name, JsonObject node)
    {
        if ((string?)node["curve"] is not { } curve) return null;
        if (!curves.ContainsKey(curve)) issues.Add(document.Fault(node, "not-found", $"输入“{name}”引用了不存在的曲线“{curve}”。"));
        var (group, at, value) = (Compile(document, node, "group", issues), Compile(document, node, "at", issues), Compile(document, node, "value", issues));
        if (group is not null && at is not null && value is not null) return new(curve, group, at, value);
        issues.Add(document.Fault(node, "required", $"输入“{name}”需要 group、at 与 value。"));
        return null;
    }

    private DatedTable Table(string name, JsonObject node)
    {
        var rows = (node["rows"] as JsonArray ?? []).OfType<JsonObject>().Select(Row).OrderBy(r => r.From).ToList();
        if (rows.Count is 0) issues.Add(document.Fault(node, "required", $"表“{name}”没有行。"));
        foreach (var (one, next) in rows.Zip(rows.Skip(1)))
            if (one.To is null || one.To >= next.From) issues.Add(document.Fault(node, "conflict", $"表“{name}”中 {one.From:yyyy-MM-dd} 与 {next.From:yyyy-MM-dd} 起的两行有效期重叠。"));
        return new(name, (string?)node["clause"], rows);
    }

    private DatedRow Row(JsonObject node)
    {
        var from = Json.Day(node["from"]?.ToString());
        if (from is null) issues.Add(document.Fault(node, "required", "表的每一行需要 from（生效日期）。"));
        var values = node.Where(m => m.Key is not ("from" or "to" or "uncertain" or "clause")
            && m.Value is not null).ToDictionary(m => m.Key, m => Plain(m.Value!), StringComparer.Ordinal);
        return new(from ?? default, Json.Day(node["to"]?.ToString()), values, (bool?)node["uncertain"] ?? false);
    }

    private static object Plain(JsonNode value) => value.GetValueKind() switch
    {
        System.Text.Json.JsonValueKind.True => true,
        System.Text.Json.JsonValueKind.False => false,
        System.Text.Json.JsonValueKind.Number => decimal.Parse(value.ToString(), System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };

    private NamedExpression? Named(JsonNode owner, string name, JsonNode? node)
    {
        var whole = node as JsonObject ?? new JsonObject { ["expression"] = node?.DeepClone() };
        var known = issues.Count;
        var expression = Compile(document, whole, "expression", issues);
        if (expression is null && issues.Count == known) issues.Add(document.Fault(owner, "required", $"“{name}”缺少 expression。"));
        return expression is null ? null : new(name, (string?)whole["title"] ?? name, expression, (string?)whole["unit"]);
    }

    private IEnumerable<RuleRow> Rows(JsonObject owner, string name, Dictionary<string, string> classes)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in (owner[name] as JsonArray ?? []).OfType<JsonObject>())
        {
            var id = (string?)node["row"] ?? "";
            if (!ids.Add(id)) issues.Add(document.Fault(node, "duplicate", $"行号“{id}”重复。"));
            var grade = (string?)node["class"];
            if (grade is not null && !classes.ContainsKey(grade)) issues.Add(document.Fault(node, "code-invalid", $"分类代码“{grade}”不在 codes 中。"));
            if (!Enum.TryParse<Referral>((string?)node["refer"] ?? "none", ignoreCase: true, out var referral))
                issues.Add(document.Fault(node, "code-invalid", "refer 应为 none、proposed 或 urgent。"));
            if (node["next"] is { } next && CalendarSpan.Parse(next.ToString()) is null) issues.Add(document.Fault(next, "value", $"next: “{next}”不是时间长度。"));
            yield return new()
            {
                Id = id,
                When = Compile(document, node, "when", issues),
                Class = grade,
                Reason = (string?)node["reason"] ?? "",
                Action = (string?)node["action"],
                Referral = referral,
                Next = CalendarSpan.Parse(node["next"]?.ToString()),
                Clause = (string?)node["clause"],
            };
        }
    }

    private void CheckNames(Rules rules)
    {
        var named = rules.Expressions.Concat(rules.Facts).ToDictionary(e => e.Name, e => e.Expression.Text, StringComparer.Ordinal);
        var known = rules.Inputs.Select(i => i.Name).Concat(named.Keys).Concat(Given)
            .Concat(rules.Tables.SelectMany(t => t.Rows.SelectMany(r => r.Values.Keys).Select(c => $"{t.Name}_{c}"))).ToHashSet(StringComparer.Ordinal);
        var all = named.Values.Concat(rules.Rows.Concat(rules.Alerts).Select(r => r.When?.Text)).Concat(rules.Inputs.Select(i => i.Expression?.Text))
            .Concat(rules.Inputs.SelectMany(i => new[] { i.Curve?.Group.Text, i.Curve?.At.Text, i.Curve?.Value.Text })).OfType<string>();
        foreach (var name in all.SelectMany(Names).Where(n => !known.Contains(n)).Distinct(StringComparer.Ordinal))
            issues.Add(document.Fault(document.Root, "not-found", $"表达式里的 %{name} 没有定义。"));
        foreach (var row in rules.Rows.Concat(rules.Alerts))
            foreach (Match hole in Hole.Matches(row.Reason))
                if (!known.Contains(hole.Groups[1].Value)) issues.Add(document.Fault(document.Root, "not-found", $"理由里的 {{{hole.Groups[1].Value}}} 没有定义。"));
        foreach (var name in named.Keys.Where(n => Reaches(n, n, named, [])))
            issues.Add(document.Fault(document.Root, "business-rule", $"%{name} 的定义绕回了自己（循环）。"));
    }

    private static bool Reaches(string from, string to, Dictionary<string, string> named, HashSet<string> seen)
    {
        foreach (var next in Names(named[from]))
        {
            if (next == to) return true;
            if (named.ContainsKey(next) && seen.Add(next) && Reaches(next, to, named, seen)) return true;
        }

        return false;
    }

    private static IEnumerable<string> Names(string expression) => Variable.Matches(expression).Select(m => m.Groups[1].Value);

    [GeneratedRegex("%([A-Za-z_][A-Za-z0-9_]*)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Variable { get; }

    [GeneratedRegex(@"\{([A-Za-z_][A-Za-z0-9_]*)\}", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 2000)]
    internal static partial Regex Hole { get; }
}
