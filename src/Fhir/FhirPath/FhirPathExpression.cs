using System.Text.Json;
using Tongxin.Fhir.Model;

namespace Tongxin.Fhir.FhirPath;

/// <summary>A FHIRPath expression compiled once to delegates over JSON. Thread-safe; keep it, compiling costs more than evaluating.</summary>
public sealed class FhirPathExpression
{
    /// <summary>Longer expressions are refused.</summary>
    public const int LongestText = 100_000;

    private readonly Node node;

    private FhirPathExpression(string text, Node node) => (Text, this.node) = (text, node);

    public string Text { get; }

    /// <summary>Names after <c>%</c> that the expression mentions.</summary>
    public IReadOnlyList<string> Externals => [.. Lexer.Read(Text).Where(t => t.Kind is TokenKind.External).Select(t => t.Text).Distinct(StringComparer.Ordinal)];

    /// <summary>Throws <see cref="FhirPathException"/> with the position when the text is not FHIRPath or breaks a limit.</summary>
    public static FhirPathExpression Compile(string text) => text.Length <= LongestText
        ? new(text, Parser.Parse(text))
        : throw new FhirPathException($"An expression has at most {LongestText} characters.", LongestText);

    /// <summary>All results in order; empty when there are none. Throws <see cref="FhirPathException"/> on a type error or a limit.</summary>
    public IReadOnlyList<PathValue> Evaluate(JsonElement focus, FhirPathContext context) => Evaluate(Navigation.Root(focus, context.Model), context);

    /// <summary>The same from an item that an evaluation answered before.</summary>
    public IReadOnlyList<PathValue> Evaluate(PathValue focus, FhirPathContext context)
    {
        List<PathValue> items = [focus];
        try
        {
            return node.Run(Scope.Begin(context, items), items);
        }
        catch (OverflowException)
        {
            throw new FhirPathException("A number grew beyond what a decimal holds.");
        }
    }

    /// <summary>The same where there is no item at all: constants and variables still answer.</summary>
    internal IReadOnlyList<PathValue> EvaluateOnNothing(FhirPathContext context) => node.Run(Scope.Begin(context, []), []);

    /// <summary>True when the result is the single value true; an empty result is false.</summary>
    public bool IsTrue(JsonElement focus, FhirPathContext context) => Evaluate(focus, context) is [{ Value: true }];

    public override string ToString() => Text;
}

/// <summary>Why an expression was refused or stopped. Position is a zero-based offset into the text; -1 while evaluating.</summary>
public sealed class FhirPathException(string message, int position = -1) : Exception(message)
{
    public int Position => position;
}

/// <summary>One item of a FHIRPath collection: a JSON element with its FHIR type, or a System value.</summary>
/// <param name="Type">FHIR type name (<c>HumanName</c>, <c>dateTime</c>) or System name (<c>Boolean</c>, <c>Decimal</c>); null when the model does not know.</param>
/// <param name="Json">The element; undefined for computed values.</param>
/// <param name="Value">bool, long, decimal, string, or this engine's date, time and quantity values; null for complex elements.</param>
/// <param name="Extra">The <c>_name</c> sibling of a primitive: its id and extensions; undefined when there is none.</param>
public readonly record struct PathValue(string? Type, JsonElement Json, object? Value, JsonElement Extra = default);

/// <summary>What an evaluation may know besides its focus.</summary>
public sealed record FhirPathContext
{
    public required IFhirModel Model { get; init; }

    /// <summary><c>%resource</c>; the focus when not given.</summary>
    public JsonElement? Resource { get; init; }

    /// <summary>Values of <c>%name</c>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<PathValue>> Variables { get; init; } = new Dictionary<string, IReadOnlyList<PathValue>>();

    /// <summary>Answers <c>resolve()</c>: a reference to a resource, or null.</summary>
    public Func<string, JsonElement?>? Resolve { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Functions of the caller's own, by name: focus and evaluated arguments in, items out.</summary>
    public IReadOnlyDictionary<string, PathFunction>? Functions { get; init; }

    /// <summary>Answers <c>memberOf()</c>: value set, system (null when none), code; null when the value set is not known.</summary>
    public Func<string, string?, string, bool?>? MemberOf { get; init; }

    /// <summary>True: a name that the model does not know of a type it knows is an error, not an empty answer.</summary>
    public bool IsStrict { get; init; }

    public int MostSteps { get; init; } = 1_000_000;
}

/// <summary>A function that a caller adds to the language.</summary>
public delegate IReadOnlyList<PathValue> PathFunction(IReadOnlyList<PathValue> focus, IReadOnlyList<IReadOnlyList<PathValue>> arguments);
