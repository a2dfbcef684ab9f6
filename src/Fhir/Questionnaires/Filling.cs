using System.Text.Json;
using Tongxin.Fhir.FhirPath;

namespace Tongxin.Fhir.Questionnaires;

/// <summary>A form while it is filled: answers, what is asked now, what is calculated. The same code runs in the server and in the browser.</summary>
/// <remarks>Not thread-safe. Answers come in by <see cref="Read"/> or <see cref="Set"/>; after each change <see cref="Recalculate"/> makes the rest follow.</remarks>
public sealed class Filling
{
    public const int MostRows = 200;

    private readonly FormContext context;
    private JsonElement? response;

    private Filling(Form form, FormContext context)
    {
        Form = form;
        this.context = context;
    }

    public Form Form { get; }

    public List<FilledItem> Items { get; } = [];

    public IEnumerable<FilledItem> All => Items.SelectMany(i => i.SelfAndBelow());

    /// <summary>An empty form with initial values and what the record knows already.</summary>
    public static Filling Start(Form form, FormContext context)
    {
        var filling = new Filling(form, context);
        foreach (var item in form.Items) filling.Items.Add(FilledItem.Make(item, null));
        filling.Prefill();
        filling.Recalculate();
        return filling;
    }

    /// <summary>A response as it was sent. Items that the form does not have are told in <paramref name="unknown"/>.</summary>
    public static Filling Read(Form form, JsonElement response, FormContext context, List<Issue>? unknown = null)
    {
        var filling = new Filling(form, context);
        ResponseReader.Fill(form.Items, null, response, filling.Items, unknown ?? []);
        filling.Recalculate();
        return filling;
    }

    /// <summary>Answers of every asked instance of an item.</summary>
    public IEnumerable<Answer> AnswersOf(string linkId) => All.Where(i => i.Item.LinkId == linkId && i.Enabled).SelectMany(i => i.Answers);

    /// <summary>Replaces the answers of the first instance of an item; no answers clears it.</summary>
    public void Set(string linkId, params IEnumerable<Answer> answers)
    {
        var item = All.First(i => i.Item.LinkId == linkId);
        item.Answers.Clear();
        item.Answers.AddRange(answers);
        response = null;
    }

    /// <summary>Adds a row to a repeating group and answers it.</summary>
    public FilledItem AddRow(string linkId)
    {
        var last = All.Last(i => i.Item.LinkId == linkId);
        var siblings = last.Parent?.Children ?? Items;
        if (last.Row + 1 >= MostRows) throw RefusedException.Because(422, "too-long", $"“{last.Item.Text}”超过 {MostRows} 行。", linkId);
        var row = FilledItem.Make(last.Item, last.Parent, last.Row + 1);
        siblings.Insert(siblings.IndexOf(last) + 1, row);
        response = null;
        return row;
    }

    /// <summary>Decides what is asked, then calculates wave by wave, then decides again: an answer that was calculated may open or close a question.</summary>
    public void Recalculate()
    {
        Decide();
        if (Form.Calculations.Count is 0) return;
        foreach (var wave in Form.Calculations)
        {
            var variables = Variables();
            var changed = false;
            var names = wave.Select(i => i.LinkId).ToHashSet(StringComparer.Ordinal);
            foreach (var instance in All.Where(i => names.Contains(i.Item.LinkId)).ToList()) changed |= Calculate(instance, variables);
            if (changed) response = null;
        }

        Decide();
    }

    // What is not asked is not in the response, so one written while deciding is stale once the decision stands.
    private void Decide()
    {
        response = null;
        Enabling.Decide(this);
        response = null;
    }

    /// <summary>Everything that is wrong or unusual; the place of each is the name of the item. Errors refuse the form, warnings are told.</summary>
    public IReadOnlyList<Issue> Check() => FormCheck.Of(this, context);

    /// <summary>The answers as a QuestionnaireResponse without subject and author; what is not asked is left out.</summary>
    public JsonElement ToResponse() => response ??= ResponseWriter.Write(this);

    internal IReadOnlyList<PathValue> Evaluate(FhirPathExpression expression, FilledItem? at = null) => Evaluate(expression, at, Variables());

    private IReadOnlyList<PathValue> Evaluate(FhirPathExpression expression, FilledItem? at, VariableCollection variables)
    {
        var focus = ToResponse();
        if (at is not null) variables.Add("context", () => PathValues.Of(at));
        return expression.Evaluate(focus, Context(variables));
    }

    private void Prefill()
    {
        var variables = Variables();
        foreach (var instance in All.ToList())
        {
            instance.Answers.AddRange(instance.Item.Initial);
            if (instance.Item.InitialExpression is not { } expression) continue;
            if (instance.Item.Type is ItemType.Group)
            {
                PrefillRows(instance, Evaluate(expression, instance, variables));
                continue;
            }

            var values = Evaluate(expression, instance, variables).Select(v => PathValues.ToAnswer(v, instance.Item)).OfType<Answer>();
            var known = (instance.Item.Repeats ? values : values.Take(1)).ToList();
            if (known.Count is 0) continue;
            instance.Answers.Clear();
            instance.Answers.AddRange(known);
        }
    }

    /// <summary>A group's initial expression gives the rows of another response, as the medicines of the last visit.</summary>
    private void PrefillRows(FilledItem first, IReadOnlyList<PathValue> rows)
    {
        var source = new { item = rows.Select(r => r.Json).Where(r => r.Text("linkId") == first.Item.LinkId).Take(MostRows) };
        var made = new List<FilledItem>();
        ResponseReader.Fill([first.Item], first.Parent, JsonSerializer.SerializeToElement(source), made, []);
        var siblings = first.Parent?.Children ?? Items;
        var at = siblings.IndexOf(first);
        siblings.RemoveAt(at);
        siblings.InsertRange(at, made);
    }

    private bool Calculate(FilledItem instance, VariableCollection variables)
    {
        var values = Evaluate(instance.Item.Calculated!, instance, variables).Select(v => PathValues.ToAnswer(v, instance.Item)).OfType<Answer>();
        var answers = (instance.Item.Repeats ? values : values.Take(1)).ToList();
        if (answers.Count == instance.Answers.Count && answers.Zip(instance.Answers).All(p => p.First.Same(p.Second))) return false;
        if (answers.Count is 0 && !instance.Item.ReadOnly) return false;
        instance.Answers.Clear();
        instance.Answers.AddRange(answers);
        return true;
    }

    private VariableCollection Variables()
    {
        var variables = new VariableCollection();
        variables.Add("today", [PathValues.Of(context.Today)]);
        foreach (var (name, resource) in context.Resources) variables.Add(name, [PathValues.Of(resource)]);
        variables.Add("questionnaire", [PathValues.Of(Form.Source)]);
        ILookup<string, FilledItem>? byLinkId = null;
        foreach (var variable in Form.Variables)
            variables.Add(variable.Name, variable.LinkId is { } linkId
                ? () => [.. (byLinkId ??= All.ToLookup(i => i.Item.LinkId, StringComparer.Ordinal))[linkId].Where(i => i.Enabled).SelectMany(i => i.Answers).Select(PathValues.Of)]
                : () => variable.Expression.Evaluate(ToResponse(), Context(variables)));
        return variables;
    }

    private FhirPathContext Context(VariableCollection variables) => new() { Model = context.Model, Clock = context.Clock, Variables = variables };
}
