using System.Text.Json;
using System.Text.RegularExpressions;
using Tongxin.Fhir.FhirPath;

namespace Tongxin.Fhir.Questionnaires;

/// <summary>Reads a Questionnaire into a <see cref="Form"/> and collects every fault on the way, so that an author sees all at once.</summary>
internal sealed partial class FormReader(JsonElement questionnaire)
{
    private readonly List<Issue> issues = [];
    private readonly HashSet<string> linkIds = new(StringComparer.Ordinal);

    public Form Read()
    {
        var variables = new List<FormVariable>();
        foreach (var extension in questionnaire.Each("extension"))
            if (extension.Text("url") == SdcUrls.Variable && Variable(extension) is { } variable) variables.Add(variable);

        var items = Items(questionnaire, "Questionnaire", 1);
        CheckConditions(items);
        var waves = issues.Count is 0 ? Waves(items, variables) : [];
        return issues.Count is 0 ? new(questionnaire, items, variables) { Calculations = waves } : throw new RefusedException(422, issues);
    }

    private List<FormItem> Items(JsonElement parent, string place, int depth)
    {
        if (depth > Form.MostDepth)
        {
            issues.Add(Issue.Error("too-costly", $"表单嵌套超过 {Form.MostDepth} 层。", place));
            return [];
        }

        return [.. parent.Each("item").Select((item, i) => Item(item, $"{place}.item[{i}]", depth))];
    }

    private FormItem Item(JsonElement item, string place, int depth)
    {
        var linkId = item.Text("linkId") ?? "";
        if (linkId.Length is 0) issues.Add(Issue.Error("required", "题目缺少 linkId。", place));
        else if (!linkIds.Add(linkId)) issues.Add(Issue.Error("duplicate", $"linkId“{linkId}”重复。", place));
        if (linkIds.Count > Form.MostItems) throw RefusedException.Because(422, "too-long", $"表单超过 {Form.MostItems} 题。", place);

        return new()
        {
            LinkId = linkId,
            Type = TypeOf(item.Text("type"), place),
            Text = item.Text("text") ?? "",
            TextInEnglish = Translation(item),
            Prefix = item.Text("prefix"),
            Required = item.Flag("required"),
            Repeats = item.Flag("repeats"),
            ReadOnly = item.Flag("readOnly"),
            Hidden = item.Extension(SdcUrls.Hidden) is { } hidden && hidden.Flag("valueBoolean"),
            MaxLength = item.Member("maxLength") is { } most && most.TryGetInt32(out var length) ? length : null,
            Control = item.Extension(SdcUrls.ItemControl)?.Member("valueCodeableConcept")?.Each("coding").Select(c => c.Text("code")).FirstOrDefault(),
            EnableWhen = [.. item.Each("enableWhen").Select(Condition)],
            EnableWhenAny = item.Text("enableBehavior") is "any",
            EnableWhenExpression = Expression(item, SdcUrls.EnableWhenExpression, place),
            Choices = [.. item.Each("answerOption").Select(ReadChoice).OfType<FormChoice>()],
            ValueSet = item.Text("answerValueSet"),
            Initial = [.. item.Each("initial").Concat(item.Each("answerOption").Where(o => o.Flag("initialSelected"))).Select(i => i.Choice()).OfType<Answer>()],
            InitialExpression = Expression(item, SdcUrls.InitialExpression, place),
            Calculated = Expression(item, SdcUrls.CalculatedExpression, place),
            Constraints = [.. item.Each("extension").Where(e => e.Text("url") == SdcUrls.Constraint).Select(e => Constraint(e, place)).OfType<FormConstraint>()],
            Possible = new(Number(item, SdcUrls.MinValue), Number(item, SdcUrls.MaxValue)),
            Usual = Usual(item),
            Unit = item.Extension(SdcUrls.Unit)?.Member("valueCoding"),
            Codes = [.. item.Each("code")],
            ExtractsObservation = item.Extension(SdcUrls.ObservationExtract) is { } extract && extract.Flag("valueBoolean"),
            Definition = item.Text("definition"),
            ExtractsResource = ExtractedType(item),
            ExtractedValues = [.. item.Each("extension").Where(e => e.Text("url") == SdcUrls.DefinitionExtractValue).Select(FixedValue)],
            Items = Items(item, place, depth + 1),
        };
    }

    private ItemType TypeOf(string? type, string place)
    {
        if (Enum.TryParse<ItemType>(type?.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var known)) return known;
        issues.Add(Issue.Error("code-invalid", $"题型“{type}”不存在。", place + ".type"));
        return ItemType.String;
    }

    private static string? Translation(JsonElement item)
    {
        var translation = item.Member("_text")?.Extension(SdcUrls.Translation);
        return translation?.Each("extension").FirstOrDefault(e => e.Text("url") is "content").Text("valueString");
    }

    private static EnableWhen Condition(JsonElement condition) =>
        new(condition.Text("question") ?? "", condition.Text("operator") ?? "=", condition.Choice("answer") ?? default);

    private static FormChoice? ReadChoice(JsonElement option) =>
        option.Choice() is { } answer ? new(answer, option.Extension(SdcUrls.OptionExclusive) is { } exclusive && exclusive.Flag("valueBoolean")) : null;

    private FormVariable? Variable(JsonElement extension)
    {
        var expression = extension.Member("valueExpression") ?? default;
        if (expression.Text("name") is not { } name || Compile(expression.Text("expression"), $"variable {expression.Text("name")}") is not { } compiled) return null;
        var pick = PicksOneItem.Match(compiled.Text);
        return new(name, compiled, pick.Success ? pick.Groups[1].Value : null);
    }

    private FormConstraint? Constraint(JsonElement extension, string place)
    {
        string? Part(string url) => extension.Extension(url)?.Choice()?.ToString();
        return Compile(Part("expression"), place) is { } expression
            ? new(Part("key") ?? "", Part("severity") is "warning", Part("human") ?? "", expression)
            : null;
    }

    private FhirPathExpression? Expression(JsonElement item, string url, string place) =>
        item.Extension(url)?.Member("valueExpression") is { } expression ? Compile(expression.Text("expression"), place) : null;

    private FhirPathExpression? Compile(string? text, string place)
    {
        try
        {
            return FhirPathExpression.Compile(text ?? "");
        }
        catch (FhirPathException wrong)
        {
            issues.Add(Issue.Error("invalid", $"表达式有误：{wrong.Message}（第 {wrong.Position} 字符）：{text}", place));
            return null;
        }
    }

    private static decimal? Number(JsonElement item, string url) => item.Extension(url)?.Choice()?.Number;

    private static FormRange Usual(JsonElement item) =>
        item.Extension(SdcUrls.UsualRange) is { } usual ? new(Number(usual, "low"), Number(usual, "high")) : default;

    private static string? ExtractedType(JsonElement item)
    {
        var definition = item.Extension(SdcUrls.DefinitionExtract)?.Extension("definition")?.Choice()?.ToString();
        return definition?[(definition.LastIndexOf('/') + 1)..];
    }

    private static (string Path, JsonElement Value) FixedValue(JsonElement extension) =>
        (extension.Extension("definition")?.Choice()?.ToString() ?? "", extension.Extension("fixed-value")?.Choice()?.Value ?? default);

    private void CheckConditions(List<FormItem> items)
    {
        foreach (var item in items.SelectMany(i => i.SelfAndBelow()))
            foreach (var condition in item.EnableWhen)
                if (!linkIds.Contains(condition.Question))
                    issues.Add(Issue.Error("not-found", $"“{item.LinkId}”的启用条件引用了不存在的题目“{condition.Question}”。", item.LinkId));
    }

    /// <summary>Kahn's order in waves: a calculation comes after the calculations whose answers it names.</summary>
    private List<IReadOnlyList<FormItem>> Waves(List<FormItem> items, List<FormVariable> variables)
    {
        var calculated = items.SelectMany(i => i.SelfAndBelow()).Where(i => i.Calculated is not null).ToList();
        var names = calculated.Select(i => i.LinkId).ToHashSet(StringComparer.Ordinal);
        var needs = calculated.ToDictionary(i => i.LinkId, i => Mentioned(i.Calculated!.Text, variables, 0)
            .Where(names.Contains).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal);
        var waves = new List<IReadOnlyList<FormItem>>();
        var left = calculated;
        while (left.Count > 0)
        {
            var wave = left.Where(i => needs[i.LinkId].All(n => left.TrueForAll(l => l.LinkId != n))).ToList();
            if (wave.Count is 0)
            {
                issues.Add(Issue.Error("business-rule", $"计算互相循环：{string.Join("、", left.Select(i => i.LinkId))}。", "Questionnaire"));
                return waves;
            }

            waves.Add(wave);
            left = [.. left.Except(wave)];
        }

        return waves;
    }

    private static IEnumerable<string> Mentioned(string expression, List<FormVariable> variables, int depth)
    {
        foreach (Match match in NamesItem.Matches(expression)) yield return match.Groups[1].Value;
        if (depth > Form.MostDepth) yield break;
        foreach (Match match in NamesVariable.Matches(expression))
            foreach (var variable in variables.Where(v => v.Name == match.Groups[1].Value))
                foreach (var name in variable.LinkId is { } one ? [one] : Mentioned(variable.Expression.Text, variables, depth + 1))
                    yield return name;
    }

    [GeneratedRegex(@"^%resource\.repeat\(item\)\.where\(linkId='([^']+)'\)\.answer\.value$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 2000)]
    private static partial Regex PicksOneItem { get; }

    [GeneratedRegex(@"linkId\s*=\s*'([^']+)'", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 2000)]
    private static partial Regex NamesItem { get; }

    [GeneratedRegex(@"%([A-Za-z_][A-Za-z0-9_]*)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 2000)]
    private static partial Regex NamesVariable { get; }
}
