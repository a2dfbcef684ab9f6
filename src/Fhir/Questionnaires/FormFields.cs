using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tongxin.Fhir.Questionnaires;

/// <summary>The plain page's side of a form: names and texts of HTML fields to answers and back.</summary>
/// <remarks>
/// A field is named by <see cref="FilledItem.Name"/>. Choices carry the code as text, several choices several values; what is not a choice of an
/// open choice is free text. Empty text is no answer. Rows of a repeating group are <c>group[0]/…</c>, <c>group[1]/…</c>.
/// </remarks>
public static partial class FormFields
{
    public const int MostFields = 5_000;

    /// <summary>Lays posted fields over an empty form. Text that is not of the item's type stays text, so that the check can name the field.</summary>
    public static Filling Read(Form form, IEnumerable<KeyValuePair<string, IReadOnlyList<string>>> fields, FormContext context)
    {
        var filling = Filling.Read(form, JsonSerializer.SerializeToElement(new { resourceType = "QuestionnaireResponse" }), context);
        Apply(filling, fields);
        return filling;
    }

    /// <summary>Answers the named fields and leaves the others as they are; a field without text clears its answer.</summary>
    public static void Apply(Filling filling, IEnumerable<KeyValuePair<string, IReadOnlyList<string>>> fields)
    {
        var given = fields.Take(MostFields).ToDictionary(f => f.Key, f => f.Value, StringComparer.Ordinal);
        AddRows(filling, given.Keys);
        foreach (var item in filling.All.Where(i => i.Item.IsQuestion).ToList())
        {
            if (!given.TryGetValue(item.Name, out var texts)) continue;
            Put(item, texts);
        }

        filling.Recalculate();
    }

    /// <summary>Replaces the answers of one field; <see cref="Filling.Recalculate"/> makes the rest follow.</summary>
    public static void Put(FilledItem item, IEnumerable<string> texts)
    {
        item.Answers.Clear();
        item.Answers.AddRange(texts.Where(t => !string.IsNullOrWhiteSpace(t)).Select(t => Parse(t.Trim(), item.Item)));
    }

    /// <summary>The text a field shows for an answer.</summary>
    public static string Show(Answer answer) => answer.Code ?? answer.ToString();

    private static void AddRows(Filling filling, IEnumerable<string> names)
    {
        var most = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in names)
            foreach (Match row in RowOf.Matches(name))
                most[row.Groups[1].Value] = Math.Max(most.GetValueOrDefault(row.Groups[1].Value), int.Parse(row.Groups[2].ValueSpan, CultureInfo.InvariantCulture));
        foreach (var (group, last) in most)
        {
            if (!filling.Form.ByLinkId.TryGetValue(group, out var item) || item is not { Repeats: true, Type: ItemType.Group }) continue;
            for (var rows = filling.All.Count(i => i.Item.LinkId == group); rows <= last; rows++) filling.AddRow(group);
        }
    }

    private static Answer Parse(string text, FormItem item)
    {
        foreach (var choice in item.Choices)
            if (FormFields.Show(choice.Answer) == text) return choice.Answer;

        return item.Type switch
        {
            ItemType.Decimal when decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) => Answer.Of("Decimal", number),
            ItemType.Integer when long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) => Answer.Of("Integer", number),
            ItemType.Boolean when text is "true" or "false" or "on" => Answer.Of("Boolean", text is not "false"),
            ItemType.Date => Answer.Of("Date", text),
            ItemType.DateTime => Answer.Of("DateTime", text),
            ItemType.Time => Answer.Of("Time", text),
            ItemType.Choice when item.ValueSet is not null => Coding(text),
            ItemType.Quantity when decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) =>
                PathValues.ToAnswer(new("decimal", default, number), item)!.Value,
            ItemType.Url => Answer.Of("Uri", text),
            _ => Answer.Of("String", text),
        };
    }

    /// <summary>A value-set choice is posted as <c>system|code|display</c>, system and display optional.</summary>
    private static Answer Coding(string text)
    {
        var parts = text.Split('|', 3);
        var coding = new Dictionary<string, string>();
        if (parts.Length > 1 && parts[0].Length > 0) coding["system"] = parts[0];
        coding["code"] = parts.Length > 1 ? parts[1] : parts[0];
        if (parts.Length > 2 && parts[2].Length > 0) coding["display"] = parts[2];
        return Answer.Of("Coding", coding);
    }

    [GeneratedRegex(@"([^/\[\]]+)\[(\d{1,3})\]/", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 2000)]
    private static partial Regex RowOf { get; }
}
