using Tongxin.Fhir.Questionnaires;

namespace Tongxin.Kernel.Programmes;

/// <summary>One field that two fillings of a form answer differently; an empty text is no answer.</summary>
/// <param name="Name">Name of the field in the page.</param>
public sealed record AnswerChange(string Name, string Title, string Before, string After);

/// <summary>What changed between two fillings of the same form, and how two doctors' corrections of one visit come together. Pure.</summary>
public static class AnswerChanges
{
    /// <summary>In the order of the form; calculated fields are left out, they follow from the others.</summary>
    public static IReadOnlyList<AnswerChange> Between(Filling before, Filling after)
    {
        var (old, now) = (Texts(before), Texts(after));
        return [.. now.Keys.Concat(old.Keys).Distinct(StringComparer.Ordinal)
            .Select(n => new AnswerChange(n, (now.GetValueOrDefault(n) ?? old[n]).Title, old.GetValueOrDefault(n)?.Text ?? "", now.GetValueOrDefault(n)?.Text ?? ""))
            .Where(c => c.Before != c.After)];
    }

    /// <summary>
    /// Takes over into <paramref name="mine"/> what only the other doctor changed since <paramref name="common"/>. Answers what was taken over, and the
    /// fields that both changed to different values: these keep mine, and a person has to choose.
    /// </summary>
    public static (IReadOnlyList<AnswerChange> Taken, IReadOnlyList<AnswerChange> Both) Merge(Filling common, Filling theirs, Filling mine)
    {
        var own = Between(common, mine).Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        var differing = Between(theirs, mine);
        var changed = Between(common, theirs).Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        var taken = differing.Where(d => changed.Contains(d.Name) && !own.Contains(d.Name)).ToList();
        var both = differing.Where(d => changed.Contains(d.Name) && own.Contains(d.Name)).ToList();
        var source = theirs.All.Where(i => i.Item.IsQuestion).ToDictionary(i => i.Name, i => i.Answers, StringComparer.Ordinal);
        FormFields.Apply(mine, taken.Select(t => KeyValuePair.Create(t.Name,
            (IReadOnlyList<string>)[.. (source.GetValueOrDefault(t.Name) ?? []).Select(FormFields.Show)])));
        return ([.. taken.Select(t => t with { Before = t.After, After = t.Before })], both);
    }

    private sealed record Shown(string Title, string Text);

    private static Dictionary<string, Shown> Texts(Filling filling)
    {
        var texts = new Dictionary<string, Shown>(StringComparer.Ordinal);
        foreach (var item in filling.All.Where(i => i is { Item.IsQuestion: true, Item.ReadOnly: false, Enabled: true, Answers.Count: > 0 }))
            texts[item.Name] = new(item.Item.Text, string.Join("、", item.Answers.Select(a => Text(item.Item, a))) + (item.Item.UnitText is { } unit ? $" {unit}" : ""));
        return texts;
    }

    private static string Text(FormItem item, Answer answer) => item.Choices.FirstOrDefault(c => c.Answer.Same(answer))?.Display ?? FormFields.Show(answer);
}
