using System.Text.Json;
using Tongxin.Fhir.FhirPath;

namespace Tongxin.Fhir.Views;

/// <summary>One select of a view: its columns, nested selects and unions, over the resource or over each item of a path.</summary>
internal sealed class ViewSelect
{
    private const int MostRowsPerResource = 100_000;
    private const int DeepestRepeat = 100;

    private readonly List<ViewColumn> own = [];
    private readonly List<ViewSelect> nested = [];
    private readonly List<ViewSelect> union = [];
    private readonly List<FhirPathExpression> repeat = [];
    private FhirPathExpression? each;
    private bool keepsEmpty;

    public IReadOnlyList<ViewColumn> Columns { get; private set; } = [];

    /// <summary>A list of selects is their product.</summary>
    public static ViewSelect Read(JsonElement list, IReadOnlyDictionary<string, IReadOnlyList<PathValue>> constants, string place)
    {
        var all = new ViewSelect();
        foreach (var item in list.EnumerateArray()) all.nested.Add(ReadOne(item, constants, place));
        all.Columns = [.. all.nested.SelectMany(n => n.Columns)];
        return all;
    }

    public IEnumerable<object?[]> Rows(PathValue focus, FhirPathContext context, int rowIndex)
    {
        var rows = new List<object?[]>();
        var foci = Foci(focus, context).ToList();
        if (foci.Count is 0 && keepsEmpty) return [Empty(context)];
        for (var i = 0; i < foci.Count; i++)
        {
            var index = each is null && repeat.Count is 0 ? rowIndex : i;
            rows.AddRange(RowsOf(foci[i], context, index));
            if (rows.Count > MostRowsPerResource) throw ViewDefinition.Refuse($"One resource has more than {MostRowsPerResource} rows.", "ViewDefinition.select");
        }

        return rows;
    }

    // The row of forEachOrNull without an item: only what needs none (%rowIndex, constants) has a value.
    private object?[] Empty(FhirPathContext context)
    {
        var here = context with { Variables = WithIndex(context.Variables, 0) };
        return [.. own.Select(c => c.Path.EvaluateOnNothing(here) is [var only] ? Plain(only) : null), .. new object?[Columns.Count - own.Count]];
    }

    private static ViewSelect ReadOne(JsonElement item, IReadOnlyDictionary<string, IReadOnlyList<PathValue>> constants, string place)
    {
        var select = new ViewSelect();
        if (item.TryGetProperty("column", out var columns))
            foreach (var column in columns.EnumerateArray()) select.own.Add(Column(column, constants, $"{place}.column"));
        if (item.TryGetProperty("select", out var selects))
            foreach (var inner in selects.EnumerateArray()) select.nested.Add(ReadOne(inner, constants, $"{place}.select"));
        if (item.TryGetProperty("unionAll", out var unions))
            foreach (var branch in unions.EnumerateArray()) select.union.Add(ReadOne(branch, constants, $"{place}.unionAll"));
        if (item.TryGetProperty("repeat", out var paths))
            foreach (var path in paths.EnumerateArray()) select.repeat.Add(ViewDefinition.Compile(path.GetString() ?? "", $"{place}.repeat", constants));
        foreach (var (member, keeps) in ((string, bool)[])[("forEach", false), ("forEachOrNull", true)])
        {
            if (item.TryGetProperty(member, out var given) && given.ValueKind is not JsonValueKind.String)
                throw ViewDefinition.Refuse($"{member} is no path.", $"{place}.{member}");
            if (ViewDefinition.Text(item, member) is { } path) (select.each, select.keepsEmpty) = (ViewDefinition.Compile(path, $"{place}.{member}", constants), keeps);
        }

        if (select.union.Skip(1).FirstOrDefault(u => !u.Columns.Select(c => c.Name).SequenceEqual(select.union[0].Columns.Select(c => c.Name), StringComparer.Ordinal)) is { } odd)
            throw ViewDefinition.Refuse($"The branches of a union have other columns: {string.Join(", ", odd.Columns.Select(c => c.Name))}.", $"{place}.unionAll");
        select.Columns = [.. select.own, .. select.nested.SelectMany(n => n.Columns), .. select.union.Count > 0 ? select.union[0].Columns : []];
        return select;
    }

    private static ViewColumn Column(JsonElement json, IReadOnlyDictionary<string, IReadOnlyList<PathValue>> constants, string place)
    {
        var name = ViewDefinition.Text(json, "name") ?? throw ViewDefinition.Refuse("A column has no name.", $"{place}.name");
        var path = ViewDefinition.Text(json, "path") ?? throw ViewDefinition.Refuse($"The column '{name}' has no path.", $"{place}.path");
        return new(name, ViewDefinition.Compile(path, $"{place}.path", constants), ViewDefinition.Text(json, "type"),
            json.TryGetProperty("collection", out var many) && many.ValueKind is JsonValueKind.True);
    }

    private IEnumerable<PathValue> Foci(PathValue focus, FhirPathContext context)
    {
        if (each is not null) return Evaluate(each, focus, context);
        return repeat.Count is 0 ? [focus] : Descend(focus, context, 0);
    }

    private IEnumerable<PathValue> Descend(PathValue focus, FhirPathContext context, int depth)
    {
        if (depth > DeepestRepeat) throw ViewDefinition.Refuse($"A repeat goes deeper than {DeepestRepeat}.", "ViewDefinition.select.repeat");
        foreach (var path in repeat)
            foreach (var next in Evaluate(path, focus, context))
            {
                yield return next;
                foreach (var below in Descend(next, context, depth + 1)) yield return below;
            }
    }

    private IEnumerable<object?[]> RowsOf(PathValue focus, FhirPathContext context, int rowIndex)
    {
        var here = context with { Variables = WithIndex(context.Variables, rowIndex) };
        IEnumerable<object?[]> rows = [[.. own.Select(c => Cell(c, focus, here))]];
        foreach (var inner in nested) rows = Product(rows, [.. inner.Rows(focus, context, rowIndex)]);
        if (union.Count > 0) rows = Product(rows, [.. union.SelectMany(u => u.Rows(focus, context, rowIndex))]);
        return rows;
    }

    private static IEnumerable<object?[]> Product(IEnumerable<object?[]> left, List<object?[]> right) => left.SelectMany(l => right.Select(r => (object?[])[.. l, .. r])).ToList();

    private static object? Cell(ViewColumn column, PathValue focus, FhirPathContext context)
    {
        var values = Evaluate(column.Path, focus, context);
        if (column.IsCollection) return values.Select(Plain).ToList();
        return values.Count switch
        {
            0 => null,
            1 => Plain(values[0]),
            _ => throw ViewDefinition.Refuse($"The column '{column.Name}' has {values.Count} values and is no collection.", "ViewDefinition.select.column"),
        };
    }

    private static IReadOnlyList<PathValue> Evaluate(FhirPathExpression path, PathValue focus, FhirPathContext context)
    {
        try
        {
            return path.Evaluate(focus, context);
        }
        catch (FhirPathException wrong)
        {
            throw ViewDefinition.Refuse($"'{path.Text}': {wrong.Message}", "ViewDefinition.select");
        }
    }

    private static object? Plain(PathValue item) => item.Value switch
    {
        PathTime or PathQuantity => item.Json.ValueKind is JsonValueKind.String ? item.Json.GetString() : item.Value.ToString(),
        null when item.Json.ValueKind is JsonValueKind.Object or JsonValueKind.Array => item.Json.GetRawText(),
        var value => value,
    };

    private static Dictionary<string, IReadOnlyList<PathValue>> WithIndex(IReadOnlyDictionary<string, IReadOnlyList<PathValue>> variables, int rowIndex) =>
        new(variables, StringComparer.Ordinal) { ["rowIndex"] = [new("Integer", default, (long)rowIndex)] };
}
