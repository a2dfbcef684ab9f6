
namespace Tongxin.Fhir.Questionnaires;

/// <summary>Decides which items are asked (FHIR R4 Questionnaire.item.enableWhen, enableBehavior; SDC enableWhenExpression).</summary>
/// <remarks>An answer under an item that is not asked counts as not given; a question is looked for in the nearest row first.</remarks>
internal static class Enabling
{
    public static void Decide(Filling filling)
    {
        var all = filling.All.ToList();
        var decided = new HashSet<FilledItem>();
        var byLinkId = all.ToLookup(i => i.Item.LinkId, StringComparer.Ordinal);
        foreach (var item in all) Decide(item);

        bool Decide(FilledItem item)
        {
            // Added before it is decided: two items that wait for each other are both asked rather than never.
            if (!decided.Add(item)) return item.Enabled;
            item.Enabled = (item.Parent is null || Decide(item.Parent)) && Holds(item);
            return item.Enabled;
        }

        bool Holds(FilledItem item)
        {
            var form = item.Item;
            if (form.EnableWhenExpression is { } expression) return filling.Evaluate(expression, item) is [var only] && PathValues.Truth(only) is true;
            if (form.EnableWhen.Count is 0) return true;
            return form.EnableWhenAny ? form.EnableWhen.Any(c => Met(c, item)) : form.EnableWhen.All(c => Met(c, item));
        }

        bool Met(EnableWhen condition, FilledItem item)
        {
            var nearest = byLinkId[condition.Question].MaxBy(q => SharedAncestors(q, item));
            var answers = nearest is not null && Decide(nearest) ? nearest.Answers : [];
            return Compare(condition, answers);
        }
    }

    private static int SharedAncestors(FilledItem one, FilledItem other)
    {
        var above = new HashSet<FilledItem>();
        for (var item = one.Parent; item is not null; item = item.Parent) above.Add(item);
        var shared = 0;
        for (var item = other.Parent; item is not null; item = item.Parent)
            if (above.Contains(item)) shared++;
        return shared;
    }

    private static bool Compare(EnableWhen condition, List<Answer> answers)
    {
        if (condition.Operator is "exists") return answers.Count > 0 == (condition.Answer.Value.ValueKind is System.Text.Json.JsonValueKind.True);
        if (condition.Operator is "=") return answers.Exists(a => a.Same(condition.Answer));
        if (condition.Operator is "!=") return answers.Count > 0 && !answers.Exists(a => a.Same(condition.Answer));
        return answers.Exists(a => Order(a, condition.Answer) is { } order && condition.Operator switch
        {
            ">" => order > 0,
            ">=" => order >= 0,
            "<" => order < 0,
            "<=" => order <= 0,
            _ => false,
        });
    }

    private static int? Order(Answer one, Answer other) => (one.Number, other.Number) switch
    {
        ({ } mine, { } its) => mine.CompareTo(its),
        (null, null) when one.Type == other.Type && one.Type is "Date" or "DateTime" or "Time" or "String" => string.CompareOrdinal(one.ToString(), other.ToString()),
        _ => null,
    };
}
