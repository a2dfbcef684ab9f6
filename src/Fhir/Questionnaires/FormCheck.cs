using System.Globalization;
using System.Text.Json;
using Tongxin.Fhir.FhirPath;

namespace Tongxin.Fhir.Questionnaires;

/// <summary>Checks the answers of a form: type, presence, range, value set, length and constraints. Refusals are errors, doubts are warnings.</summary>
internal static class FormCheck
{
    public static IReadOnlyList<Issue> Of(Filling filling, FormContext context) =>
        [.. filling.All.Where(i => i.Enabled).SelectMany(i => Of(i, filling, context))];

    private static IEnumerable<Issue> Of(FilledItem item, Filling filling, FormContext context)
    {
        var form = item.Item;
        if (form.Required && !item.HasContent && !(form.Type is ItemType.Group or ItemType.Display) && InUse(item))
            yield return Issue.Error("required", $"“{form.Text}”必须填写。", item.Name);
        if (!form.Repeats && item.Answers.Count > 1)
            yield return Issue.Error("structure", $"“{form.Text}”只能填一个答案。", item.Name);

        foreach (var answer in item.Answers)
            foreach (var issue in Of(answer, item, context)) yield return issue;

        if (item.Answers.Count > 1 && item.Answers.Exists(a => form.Choices.Any(c => c.Exclusive && c.Answer.Same(a))))
            yield return Issue.Error("business-rule", $"“{form.Text}”中“{form.Choices.First(c => c.Exclusive).Display}”不能与其他选项同时选择。", item.Name);

        // A constraint about nothing has nothing to say: what must be there is `required`.
        if (!item.HasContent) yield break;
        foreach (var constraint in form.Constraints)
            if (Broken(constraint, item, filling))
                yield return new(constraint.IsWarning ? IssueSeverity.Warning : IssueSeverity.Error, "invariant", constraint.Message, item.Name);
    }

    /// <summary>A required question in a row that nobody began is not missing.</summary>
    private static bool InUse(FilledItem item)
    {
        for (var above = item.Parent; above is not null; above = above.Parent)
            if (above.Item is { Repeats: true, Type: ItemType.Group } && !above.HasContent) return false;
        return true;
    }

    private static bool Broken(FormConstraint constraint, FilledItem item, Filling filling)
    {
        try
        {
            return filling.Evaluate(constraint.Expression, item) is [var only] && PathValues.Truth(only) is false;
        }
        catch (FhirPathException)
        {
            return true;
        }
    }

    private static IEnumerable<Issue> Of(Answer answer, FilledItem item, FormContext context)
    {
        var form = item.Item;
        if (!Fits(answer, form.Type))
        {
            yield return Issue.Error("value", $"“{form.Text}”的答案类型不对：{answer}。", item.Name);
            yield break;
        }

        if (form.MaxLength is { } most && answer.ToString().Length > most)
            yield return Issue.Error("too-long", $"“{form.Text}”超过 {most} 字。", item.Name);
        if (answer.Number is { } number)
        {
            if (!form.Possible.Contains(number))
                yield return Issue.Error("value", $"“{form.Text}”{Say(number)}{form.UnitText}不可能（应在 {Say(form.Possible)} 之间），请核对。", item.Name);
            else if (!form.Usual.Contains(number))
                yield return new(IssueSeverity.Warning, "value", $"“{form.Text}”{Say(number)}{form.UnitText}少见（通常 {Say(form.Usual)}），请再核对一次。", item.Name);
        }

        if (form.Type is ItemType.Choice && !IsPermitted(answer, form, context))
            yield return Issue.Error("code-invalid", $"“{form.Text}”没有选项“{answer}”。", item.Name);
    }

    private static bool IsPermitted(Answer answer, FormItem form, FormContext context)
    {
        if (form.Choices.Count > 0) return form.Choices.Any(c => c.Answer.Same(answer));
        if (form.ValueSet is null || context.IsMember is null) return true;
        return answer.Code is { } code && context.IsMember(form.ValueSet, answer.Value.Text("system"), code) is not false;
    }

    private static bool Fits(Answer answer, ItemType type) => (type, answer.Value.ValueKind) switch
    {
        (ItemType.Boolean, JsonValueKind.True or JsonValueKind.False) => true,
        (ItemType.Decimal, JsonValueKind.Number) => answer.Type is "Decimal" or "Integer",
        (ItemType.Integer, JsonValueKind.Number) => answer.Value.TryGetInt64(out _),
        (ItemType.Date, JsonValueKind.String) => DateOnly.TryParseExact(answer.ToString(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        (ItemType.DateTime, JsonValueKind.String) => DateTimeOffset.TryParse(answer.ToString(), CultureInfo.InvariantCulture, out _),
        (ItemType.Time, JsonValueKind.String) => TimeOnly.TryParse(answer.ToString(), CultureInfo.InvariantCulture, out _),
        (ItemType.String or ItemType.Text or ItemType.Url, JsonValueKind.String) => true,
        (ItemType.Choice, JsonValueKind.Object) => answer.Type is "Coding",
        (ItemType.Choice, JsonValueKind.Number or JsonValueKind.String) => answer.Type is "Integer" or "String" or "Date",
        (ItemType.OpenChoice, JsonValueKind.Object or JsonValueKind.String) => answer.Type is "Coding" or "String",
        (ItemType.Quantity, JsonValueKind.Object) => answer.Type is "Quantity",
        (ItemType.Attachment, JsonValueKind.Object) => answer.Type is "Attachment",
        (ItemType.Reference, JsonValueKind.Object) => answer.Type is "Reference",
        _ => false,
    };

    private static string Say(decimal number) => number.ToString("0.####", CultureInfo.InvariantCulture);

    private static string Say(FormRange range) =>
        $"{(range.Low is { } low ? Say(low) : "…")}～{(range.High is { } high ? Say(high) : "…")}";
}
