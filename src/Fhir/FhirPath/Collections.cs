namespace Tongxin.Fhir.FhirPath;

/// <summary>Sets of items by equality; quick for simple values, which are most.</summary>
internal static class Collections
{
    public static List<PathValue> Union(List<PathValue> a, List<PathValue> b, Scope scope)
    {
        if (b.Count is 0 && a.Count < 2) return a;
        if (a.Count is 0 && b.Count < 2) return b;
        return Distinct([.. a, .. b], scope);
    }

    public static List<PathValue> Distinct(List<PathValue> items, Scope scope)
    {
        if (items.Count < 2) return items;
        scope.Step(items.Count);
        var kept = new List<PathValue>(items.Count);
        var simple = new HashSet<object>();
        foreach (var item in items)
        {
            if (item.Value is string or bool) { if (simple.Add(item.Value)) kept.Add(item); }
            else if (Items.Number(item.Value) is { } number) { if (simple.Add(number)) kept.Add(item); }
            else if (!Contains(kept, item, scope)) kept.Add(item);
        }

        return kept;
    }

    public static bool Contains(List<PathValue> items, PathValue item, Scope scope)
    {
        scope.Step(items.Count);
        foreach (var other in items)
            if (Equality.Equal(other, item) is true) return true;
        return false;
    }
}
