namespace Tongxin.Fhir.FhirPath;

/// <summary>Where an evaluation stands: <c>$this</c>, <c>$index</c>, <c>$total</c>, variables, and how many steps are left.</summary>
internal sealed class Scope
{
    private readonly int[] stepsLeft;

    private Scope(FhirPathContext context, int[] stepsLeft) => (Context, this.stepsLeft) = (context, stepsLeft);

    public FhirPathContext Context { get; }

    public required List<PathValue> Root { get; init; }
    public required List<PathValue> This { get; init; }
    public int Index { get; init; }
    public List<PathValue> Total { get; init; } = Items.None;

    /// <summary>Variables of <c>defineVariable</c>; shared along one chain of calls.</summary>
    public Dictionary<string, List<PathValue>>? Defined { get; set; }

    public static Scope Begin(FhirPathContext context, List<PathValue> focus) => new(context, [context.MostSteps]) { Root = focus, This = focus };

    public Scope On(PathValue item, int index) => new(Context, stepsLeft) { Root = Root, This = [item], Index = index, Total = Total, Defined = Copy() };

    public Scope Folding(PathValue item, int index, List<PathValue> total) =>
        new(Context, stepsLeft) { Root = Root, This = [item], Index = index, Total = total, Defined = Copy() };

    public Scope Branch() => new(Context, stepsLeft) { Root = Root, This = This, Index = Index, Total = Total, Defined = Copy() };

    public void Step(int count = 1)
    {
        if (count > 0 && (stepsLeft[0] -= count) < 0) throw new FhirPathException($"The expression takes more than {Context.MostSteps} steps.");
    }

    /// <summary>Text is work, too: one step for so many characters.</summary>
    public void Pay(int characters)
    {
        if (characters > CharactersPerStep) Step(characters / CharactersPerStep);
    }

    private const int CharactersPerStep = 64;

    private Dictionary<string, List<PathValue>>? Copy() => Defined is null ? null : new(Defined, StringComparer.Ordinal);
}
