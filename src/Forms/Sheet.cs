using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Fhir.Model;
using Tongxin.Fhir.Questionnaires;
using Tongxin.Kernel.Programmes;

namespace Tongxin.Forms;

/// <summary>Where and by whom a form is filled.</summary>
internal sealed record SheetContext(IFhirModel Model, DateOnly Today, string Author);

/// <summary>One form being filled for one person, and what the screen last saw of it.</summary>
internal sealed class Sheet
{
    private readonly PersonRecord record;
    private readonly ProgrammeSet programmes;
    private readonly SheetContext context;
    private readonly Dictionary<FilledItem, Shown> shown = [];
    private Dictionary<string, FilledItem> byName = [];

    private Sheet(PersonRecord record, ProgrammeSet programmes, Filling filling, SheetContext context, IReadOnlyList<Issue> strange)
    {
        (this.record, this.programmes, this.context, Filling, Strange) = (record, programmes, context, filling, strange);
        Earlier = EarlierVisits.Of(record, filling.Form);
        Index();
    }

    public Filling Filling { get; }

    /// <summary>What the last visits answered.</summary>
    public EarlierVisits Earlier { get; }

    /// <summary>Nothing was typed yet, now or in a draft.</summary>
    public bool IsFresh { get; private set; }

    /// <summary>Answers of a draft that the form no longer has: told, not kept.</summary>
    public IReadOnlyList<Issue> Strange { get; }

    public static Sheet Open(PersonRecord record, ProgrammeSet programmes, Form form, SheetContext context, JsonElement? draft)
    {
        var strange = new List<Issue>();
        var filling = draft is { } begun
            ? Filling.Read(form, begun, FollowUp.Context(record, form, context.Today, context.Model, null), strange)
            : FollowUp.Start(record, form, context.Today, context.Model);
        return new(record, programmes, filling, context, strange) { IsFresh = draft is null };
    }

    /// <summary>The instances whose look changed; null when instances came or went and the whole must be shown again.</summary>
    public IReadOnlyList<(FilledItem Item, Shown Look)> Change(string name, IEnumerable<string> values)
    {
        if (!byName.TryGetValue(name, out var item)) return [];
        var before = item.Answers.ToList();
        IsFresh = false;
        FormFields.Put(item, values);
        Exclude(item, before);
        Filling.Recalculate();
        return Changed();
    }

    public void AddRow(string linkId)
    {
        Filling.AddRow(linkId);
        Filling.Recalculate();
        Index();
    }

    /// <summary>The decision that saving would make.</summary>
    public FollowUpDecision Judge() => FollowUp.Decide(record, programmes, new()
    {
        Form = Filling.Form, Response = Filling.ToResponse(), Id = "preview", Author = context.Author, Today = context.Today,
    }, context.Model);

    // 无症状 and a symptom exclude each other: what was ticked last holds.
    private static void Exclude(FilledItem item, List<Answer> before)
    {
        if (!item.Item.Repeats || item.Answers.Count < 2 || !item.Item.Choices.Any(c => c.Exclusive)) return;
        var fresh = item.Answers.Where(a => !before.Exists(b => b.Same(a))).ToList();
        bool IsExclusive(Answer answer) => item.Item.Choices.Any(c => c.Exclusive && c.Answer.Same(answer));
        if (fresh.Exists(IsExclusive)) item.Answers.RemoveAll(a => !(IsExclusive(a) && fresh.Contains(a)));
        else if (fresh.Count > 0) item.Answers.RemoveAll(IsExclusive);
    }

    private void Index()
    {
        byName = Filling.All.ToDictionary(i => i.Name, StringComparer.Ordinal);
        shown.Clear();
        foreach (var item in byName.Values) shown[item] = Shown.Of(item);
    }

    private List<(FilledItem, Shown)> Changed()
    {
        var changed = new List<(FilledItem, Shown)>();
        foreach (var item in byName.Values)
        {
            var now = Shown.Of(item);
            if (now == shown[item]) continue;
            shown[item] = now;
            changed.Add((item, now));
        }

        return changed;
    }
}

/// <summary>What the screen shows of an instance besides its question.</summary>
/// <param name="Values">Field values, joined by a line feed: a value has none of its own, except of long texts, which have one value.</param>
internal readonly record struct Shown(bool IsAsked, string Values)
{
    public static Shown Of(FilledItem item) => new(item is { Enabled: true, Item.Hidden: false }, item.Answers switch
    {
        [] => "",
        [var only] => FormFields.Show(only),
        var many => string.Join('\n', many.Select(FormFields.Show)),
    });
}
