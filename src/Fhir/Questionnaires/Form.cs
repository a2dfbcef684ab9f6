using System.Text.Json;
using Tongxin.Fhir.FhirPath;

namespace Tongxin.Fhir.Questionnaires;

/// <summary>A Questionnaire read once: items with compiled expressions, in the order in which calculations depend on each other. Immutable, thread-safe.</summary>
/// <remarks>HL7 SDC 3.0/4.0: enableWhen, initial- and calculatedExpression, variables, constraints, observation- and definition-based extraction.</remarks>
public sealed class Form
{
    public const int MostItems = 2_000;
    public const int MostDepth = 12;

    internal Form(JsonElement questionnaire, IReadOnlyList<FormItem> items, IReadOnlyList<FormVariable> variables)
    {
        Source = questionnaire;
        Items = items;
        Variables = variables;
        ByLinkId = items.SelectMany(i => i.SelfAndBelow()).ToDictionary(i => i.LinkId, StringComparer.Ordinal);
    }

    /// <summary>The Questionnaire as it was given.</summary>
    public JsonElement Source { get; }

    public string Url => Source.Text("url") ?? "";
    public string Version => Source.Text("version") ?? "";
    public string Title => Source.Text("title") ?? "";

    /// <summary><c>url|version</c>: what a response names.</summary>
    public string Canonical => Version.Length > 0 ? $"{Url}|{Version}" : Url;

    public IReadOnlyList<FormItem> Items { get; }
    public IReadOnlyDictionary<string, FormItem> ByLinkId { get; }

    /// <summary>SDC variables of the form, in the order of their definition.</summary>
    public IReadOnlyList<FormVariable> Variables { get; }

    /// <summary>Calculated items, each after those it depends on, in waves that do not depend on each other.</summary>
    public required IReadOnlyList<IReadOnlyList<FormItem>> Calculations { get; init; }

    /// <summary>Throws <see cref="RefusedException"/> (422) with every fault found: unknown type, repeated linkId, a condition on no item, a circle of calculations, a
    /// bad expression.</summary>
    public static Form Read(JsonElement questionnaire) => new FormReader(questionnaire).Read();
}

/// <summary>A named value that a form's expressions use as <c>%name</c>.</summary>
/// <param name="LinkId">When the expression only picks one item's answers, that item: picked without evaluating; null otherwise.</param>
public sealed record FormVariable(string Name, FhirPathExpression Expression, string? LinkId);
