namespace Tongxin.Fhir.FhirPath;

/// <summary>Subsetting, combining and walking the tree (§5.3, §5.4, §5.8).</summary>
internal static class SubsetFunctions
{
    public static IReadOnlyDictionary<string, Functions.Entry> All { get; } = new Dictionary<string, Functions.Entry>(StringComparer.Ordinal)
    {
        ["single"] = new(0, 0, (_, _, f) => Items.Single(f) is { } item ? [item] : Items.None),
        ["first"] = new(0, 0, (_, _, f) => f.Count > 0 ? [f[0]] : Items.None),
        ["last"] = new(0, 0, (_, _, f) => f.Count > 0 ? [f[^1]] : Items.None),
        ["tail"] = new(0, 0, (_, _, f) => f.Count > 1 ? f.GetRange(1, f.Count - 1) : Items.None),
        ["skip"] = new(1, 1, (c, s, f) => Skip(f, Number(c, s))),
        ["take"] = new(1, 1, (c, s, f) => Number(c, s) is > 0 and var n ? f.GetRange(0, (int)Math.Min(n, f.Count)) : Items.None),
        ["intersect"] = new(1, 1, (c, s, f) => { var other = c.Argument(0, s); return Collections.Distinct(f.FindAll(i => Collections.Contains(other, i, s)), s); }),
        ["exclude"] = new(1, 1, (c, s, f) => { var other = c.Argument(0, s); return f.FindAll(i => !Collections.Contains(other, i, s)); }),
        ["union"] = new(1, 1, (c, s, f) => Collections.Union(f, c.Argument(0, s), s)),
        ["combine"] = new(1, 2, (c, s, f) => { List<PathValue> both = [.. f, .. c.Argument(0, s)]; s.Step(both.Count); return both; }),
        ["children"] = new(0, 0, (_, s, f) => Children(f, s)),
        ["descendants"] = new(0, 0, Descendants),
    };

    private static long Number(Call call, Scope scope) => call.Whole(0, scope) ?? throw call.Wrong("a number is missing.");

    private static List<PathValue> Skip(List<PathValue> focus, long count) =>
        count <= 0 ? focus : count >= focus.Count ? Items.None : focus.GetRange((int)count, focus.Count - (int)count);

    private static List<PathValue> Children(List<PathValue> focus, Scope scope)
    {
        var children = new List<PathValue>();
        foreach (var item in focus) Navigation.AllChildren(item, scope.Context.Model, children);
        scope.Step(children.Count);
        return children;
    }

    private static List<PathValue> Descendants(Call call, Scope scope, List<PathValue> focus)
    {
        var all = new List<PathValue>();
        for (var level = Children(focus, scope); level.Count > 0; level = Children(level, scope)) all.AddRange(level);
        return all;
    }
}
