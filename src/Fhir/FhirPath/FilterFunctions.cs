namespace Tongxin.Fhir.FhirPath;

/// <summary>Existence, filtering, projection and aggregates (§5.1, §5.2, §7).</summary>
internal static class FilterFunctions
{
    private const int MostItems = 1_000_000;

    public static IReadOnlyDictionary<string, Functions.Entry> All { get; } = new Dictionary<string, Functions.Entry>(StringComparer.Ordinal)
    {
        ["empty"] = new(0, 0, (_, _, f) => Items.Of(f.Count is 0)),
        ["exists"] = new(0, 1, (c, s, f) => Items.Of(c.Count is 0 ? f.Count > 0 : Where(c, s, f, onlyFirst: true).Count > 0)),
        ["not"] = new(0, 0, (_, _, f) => Items.Of(!Items.Boolean(f))),
        ["all"] = new(1, 1, (c, s, f) => Items.Of(Where(c, s, f, onlyFirst: false).Count == f.Count)),
        ["allTrue"] = new(0, 0, (_, _, f) => Items.Of(Flags(f).TrueForAll(i => i))),
        ["anyTrue"] = new(0, 0, (_, _, f) => Items.Of(Flags(f).Exists(i => i))),
        ["allFalse"] = new(0, 0, (_, _, f) => Items.Of(Flags(f).TrueForAll(i => !i))),
        ["anyFalse"] = new(0, 0, (_, _, f) => Items.Of(Flags(f).Exists(i => !i))),
        ["subsetOf"] = new(1, 1, (c, s, f) => { var other = c.Argument(0, s); return Items.Of(f.TrueForAll(i => Collections.Contains(other, i, s))); }),
        ["supersetOf"] = new(1, 1, (c, s, f) => Items.Of(c.Argument(0, s).TrueForAll(i => Collections.Contains(f, i, s)))),
        ["count"] = new(0, 0, (_, _, f) => Items.Of((long)f.Count)),
        ["distinct"] = new(0, 0, (_, s, f) => Collections.Distinct(f, s)),
        ["isDistinct"] = new(0, 0, (_, s, f) => Items.Of(Collections.Distinct(f, s).Count == f.Count)),
        ["where"] = new(1, 1, (c, s, f) => Where(c, s, f, onlyFirst: false)),
        ["select"] = new(1, 1, Select),
        ["repeat"] = new(1, 1, (c, s, f) => Repeat(c, s, f, distinct: true)),
        ["repeatAll"] = new(1, 1, (c, s, f) => Repeat(c, s, f, distinct: false)),
        ["ofType"] = new(1, 1, (c, s, f) => OfType(c, s, f)),
        ["as"] = new(1, 1, (c, s, f) => f.Count > 1 && s.Context.IsStrict ? throw c.Wrong("one value was expected.") : OfType(c, s, f)),
        ["is"] = new(1, 1, (c, s, f) => Items.Single(f) is { } item ? Items.Of(Types.Is(item, Types.Specifier(c[0]), s.Context.Model)) : Items.None),
        ["iif"] = new(2, 3, If),
        ["aggregate"] = new(1, 2, Aggregate),
        ["sort"] = new(0, 8, Sort),
        ["coalesce"] = new(1, 32, (c, s, _) => { for (var i = 0; i < c.Count; i++) if (c.Argument(i, s) is { Count: > 0 } found) return found; return Items.None; }),
        ["trace"] = new(1, 2, (c, s, f) => { c.Argument(0, s); return f; }),
        ["defineVariable"] = new(1, 2, Define),
        ["type"] = new(0, 0, (_, _, f) => f.ConvertAll(TypeInfo)),
    };

    private static List<bool> Flags(List<PathValue> focus) => focus.ConvertAll(i => i.Value is bool flag ? flag : throw new FhirPathException("Booleans were expected."));

    // A code is no string here, though it is one to "is": the suite asks for the very type of a primitive.
    private static List<PathValue> OfType(Call call, Scope scope, List<PathValue> focus)
    {
        var type = Types.Known(Types.Specifier(call[0]), scope.Context.Model);
        return focus.FindAll(i => Types.IsExactly(i, type, scope.Context.Model));
    }

    private static List<PathValue> Where(Call call, Scope scope, List<PathValue> focus, bool onlyFirst)
    {
        if (focus.Count is 0) return Items.None;
        var kept = new List<PathValue>();
        for (var i = 0; i < focus.Count; i++)
        {
            scope.Step();
            var inner = scope.On(focus[i], i);
            if (Items.Boolean(call[0].Run(inner, inner.This)) is not true) continue;
            kept.Add(focus[i]);
            if (onlyFirst) break;
        }

        return kept;
    }

    private static List<PathValue> Select(Call call, Scope scope, List<PathValue> focus)
    {
        var result = new List<PathValue>(focus.Count);
        for (var i = 0; i < focus.Count; i++)
        {
            var inner = scope.On(focus[i], i);
            var found = call[0].Run(inner, inner.This);
            scope.Step(found.Count + 1);
            result.AddRange(found);
            if (result.Count > MostItems) throw call.Wrong($"more than {MostItems} items.");
        }

        return result;
    }

    private static List<PathValue> Repeat(Call call, Scope scope, List<PathValue> focus, bool distinct)
    {
        var result = new List<PathValue>();
        var waiting = new Queue<PathValue>(focus);
        while (waiting.TryDequeue(out var item))
        {
            var inner = scope.On(item, 0);
            foreach (var next in call[0].Run(inner, inner.This))
            {
                scope.Step();
                if (distinct && next.Value is not null && Collections.Contains(result, next, scope)) continue;
                result.Add(next);
                waiting.Enqueue(next);
            }
        }

        return result;
    }

    private static List<PathValue> If(Call call, Scope scope, List<PathValue> focus)
    {
        if (focus.Count > 1) throw call.Wrong("one value was expected.");
        var inner = focus.Count is 1 ? scope.On(focus[0], scope.Index) : scope.Branch();
        var condition = call[0].Run(inner, inner.This);
        if (condition is [{ Value: not bool }]) throw call.Wrong("the condition is no boolean.");
        if (Items.Boolean(condition) is true) return call[1].Run(inner, inner.This);
        return call.Count > 2 ? call[2].Run(inner, inner.This) : Items.None;
    }

    private static List<PathValue> Aggregate(Call call, Scope scope, List<PathValue> focus)
    {
        var total = call.Argument(1, scope);
        for (var i = 0; i < focus.Count; i++)
        {
            scope.Step();
            var inner = scope.Folding(focus[i], i, total);
            total = call[0].Run(inner, inner.This);
        }

        return total;
    }

    // sort(), sort($this), sort(-$this), sort(a, -b): a minus before a key turns its order.
    private static List<PathValue> Sort(Call call, Scope scope, List<PathValue> focus)
    {
        var keys = Enumerable.Range(0, Math.Max(1, call.Count)).Select(k => focus.Select((item, i) =>
        {
            var inner = scope.On(item, i);
            var key = call.Count is 0 ? inner.This : (call[k] is Sign { IsMinus: true } sign ? sign.Operand : call[k]).Run(inner, inner.This);
            return Items.Single(key);
        }).ToArray()).ToArray();
        var order = Enumerable.Range(0, focus.Count).ToArray();
        try
        {
            Array.Sort(order, Compared);
        }
        catch (InvalidOperationException wrapped) when (wrapped.InnerException is FhirPathException refused)
        {
            throw call.Wrong(refused.Message);
        }

        return [.. order.Select(i => focus[i])];

        int Compared(int a, int b)
        {
            for (var k = 0; k < keys.Length; k++)
            {
                var turn = call.Count > 0 && call[k] is Sign { IsMinus: true } ? -1 : 1;
                var compared = (keys[k][a], keys[k][b]) switch
                {
                    (null, null) => 0,
                    (null, _) => -turn,
                    (_, null) => turn,
                    ({ } x, { } y) => Equality.Compare(x, y) ?? 0,
                };
                if (compared is not 0) return compared * turn;
            }

            return a.CompareTo(b);
        }
    }

    private static List<PathValue> Define(Call call, Scope scope, List<PathValue> focus)
    {
        var name = call.Text(0, scope) ?? throw call.Wrong("the variable has no name.");
        if (name is "context" or "resource" or "rootResource" or "ucum" or "sct" or "loinc") throw call.Wrong($"%{name} is the language's own.");
        if (scope.Defined?.ContainsKey(name) is true || scope.Context.Variables.ContainsKey(name)) throw call.Wrong($"%{name} is defined already.");
        var value = focus;
        if (call.Count > 1)
        {
            var inner = focus.Count is 1 ? scope.On(focus[0], scope.Index) : scope.Branch();
            value = call[1].Run(inner, focus);
        }

        (scope.Defined ??= new(StringComparer.Ordinal))[name] = value;
        return focus;
    }

    private static PathValue TypeInfo(PathValue item)
    {
        var (space, name) = Types.Of(item);
        var json = $"{{\"namespace\":\"{space}\",\"name\":\"{name}\"}}";
        using var document = System.Text.Json.JsonDocument.Parse(json);
        return new(null, document.RootElement.Clone(), null);
    }
}
