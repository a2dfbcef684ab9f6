namespace Tongxin.Fhir.FhirPath;

/// <summary>Mathematics (§5.7), sums and boundaries.</summary>
internal static class NumberFunctions
{
    private const int MostDigits = 28;

    public static IReadOnlyDictionary<string, Functions.Entry> All { get; } = new Dictionary<string, Functions.Entry>(StringComparer.Ordinal)
    {
        ["abs"] = new(0, 0, (_, _, f) => Each(f, w => Items.Of(Math.Abs(w)), d => Items.Of(Math.Abs(d)), q => q with { Value = Math.Abs(q.Value) })),
        ["ceiling"] = new(0, 0, (_, _, f) => Each(f, Items.Of, d => Items.Of((long)Math.Ceiling(d)), q => q with { Value = Math.Ceiling(q.Value) })),
        ["floor"] = new(0, 0, (_, _, f) => Each(f, Items.Of, d => Items.Of((long)Math.Floor(d)), q => q with { Value = Math.Floor(q.Value) })),
        ["truncate"] = new(0, 0, (_, _, f) => Each(f, Items.Of, d => Items.Of((long)Math.Truncate(d)), q => q with { Value = Math.Truncate(q.Value) })),
        ["round"] = new(0, 1, Round),
        ["sqrt"] = new(0, 0, (_, _, f) => Real(f, x => x < 0 ? double.NaN : Math.Sqrt(x))),
        ["exp"] = new(0, 0, (_, _, f) => Real(f, Math.Exp)),
        ["ln"] = new(0, 0, (_, _, f) => Real(f, Math.Log)),
        ["log"] = new(1, 1, (c, s, f) => Items.Single(c.Argument(0, s)) is { } b && Items.Number(b.Value) is { } n ? Real(f, x => Math.Log(x) / Math.Log((double)n)) : Items.None),
        ["power"] = new(1, 1, Power),
        ["sum"] = new(0, 0, (_, _, f) => Sum(f)),
        ["min"] = new(0, 0, (_, _, f) => Extreme(f, -1)),
        ["max"] = new(0, 0, (_, _, f) => Extreme(f, 1)),
        ["avg"] = new(0, 0, (_, _, f) => f.Count is 0 ? Items.None : Arithmetic.Run("/", Sum(f), Items.Of((decimal)f.Count))),
    };

    private static List<PathValue> Sum(List<PathValue> items) => items.Aggregate(Items.None, (total, i) => total.Count is 0 ? [i] : Arithmetic.Run("+", total, [i]));

    private static List<PathValue> Each(
        List<PathValue> focus, Func<long, List<PathValue>> whole, Func<decimal, List<PathValue>> number, Func<PathQuantity, PathQuantity> quantity) => Items.Single(focus) switch
        {
            null => Items.None,
            { Value: long w } => whole(w),
            { Value: decimal d } => number(d),
            { Value: PathQuantity q } => Items.Of(quantity(q)),
            { } other => Items.Quantity(other) is { } q ? Items.Of(quantity(q)) : throw new FhirPathException("A number was expected."),
        };

    private static List<PathValue> Round(Call call, Scope scope, List<PathValue> focus)
    {
        var digits = call.Whole(0, scope) ?? 0;
        if (digits is < 0 or > MostDigits) throw call.Wrong($"digits are 0 to {MostDigits}.");
        decimal To(decimal d) => Math.Round(d, (int)digits, MidpointRounding.AwayFromZero);
        return Each(focus, w => Items.Of((decimal)w), d => Items.Of(To(d)), q => q with { Value = To(q.Value) });
    }

    private static List<PathValue> Real(List<PathValue> focus, Func<double, double> work)
    {
        if (Items.Single(focus) is not { } item) return Items.None;
        var result = work((double)(Items.Number(item.Value) ?? throw new FhirPathException("A number was expected.")));
        return double.IsFinite(result) && Math.Abs(result) < 7.9e28 ? Items.Of((decimal)result) : Items.None;
    }

    private static List<PathValue> Power(Call call, Scope scope, List<PathValue> focus)
    {
        if (Items.Single(focus) is not { } item || Items.Single(call.Argument(0, scope)) is not { } power) return Items.None;
        if (Items.Number(item.Value) is not { } b || Items.Number(power.Value) is not { } p) throw call.Wrong("numbers were expected.");
        var result = Math.Pow((double)b, (double)p);
        if (!double.IsFinite(result) || Math.Abs(result) > 7.9e28) return Items.None;
        return item.Value is long && power.Value is long and >= 0 ? Items.Of((long)Math.Round(result)) : Items.Of((decimal)result);
    }

    private static List<PathValue> Extreme(List<PathValue> focus, int sign)
    {
        PathValue? best = null;
        foreach (var item in focus)
            if (best is null || Equality.Compare(item, best.Value) * sign > 0) best = item;
        return best is { } found ? [found] : Items.None;
    }
}
