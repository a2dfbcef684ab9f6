namespace Tongxin.Fhir.Questionnaires;

/// <summary>How the instances of a form stand in rows on a screen: one question a row, but for what is read together. Pure; the same in server and browser.</summary>
public static class FormRow
{
    /// <summary>What a row holds at most before each field gets a row of its own.</summary>
    public const int MostFields = 4;

    private const string Target = "-target";

    /// <summary>True for a group that is one row: numbers with one unit (158 / 94 mmHg), or a row of a table (medicine, times, amount).</summary>
    public static bool IsOneRow(FormItem group) =>
        group.Type is ItemType.Group && group.Items.Count is > 1 and <= MostFields && group.Items.All(IsPlainField) && (group.Repeats || SameUnit(group));

    /// <summary>True for numbers that share their unit, which is then written once.</summary>
    public static bool SameUnit(FormItem group) =>
        group.Items.All(i => i.Type is ItemType.Integer or ItemType.Decimal or ItemType.Quantity)
        && group.Items.Select(i => i.UnitText).Distinct(StringComparer.Ordinal).Count() is 1;

    /// <summary>True for the goal that belongs to the question before it: <c>weight-target</c> behind <c>weight</c>.</summary>
    public static bool IsTargetOf(FormItem item, FormItem? before) =>
        before is not null && item.LinkId.EndsWith(Target, StringComparison.Ordinal) && item.LinkId.AsSpan(0, item.LinkId.Length - Target.Length).SequenceEqual(before.LinkId);

    /// <summary>True for a choice that the rules make (此次随访分类): it is told beside the form, not asked in it.</summary>
    public static bool IsDecided(FormItem item) => item is { ReadOnly: true, Choices.Count: > 0 };

    /// <summary>True for an answer that was not given now but taken over from the record.</summary>
    public static bool IsCarried(FilledItem filled) =>
        filled is { Answers.Count: > 0, Item: { ReadOnly: false, Calculated: null, InitialExpression: not null, Type: not (ItemType.Date or ItemType.DateTime) } };

    private static bool IsPlainField(FormItem item) =>
        item.IsQuestion && item is { Choices.Count: 0, Repeats: false, Items.Count: 0, Type: not (ItemType.Boolean or ItemType.Text or ItemType.Attachment) };
}
