using System.Text.Json;
using Tongxin.Fhir.FhirPath;
using Tongxin.Fhir.Model;

namespace Tongxin.Fhir.Views;

/// <summary>A flat view of one resource type (SQL on FHIR v2 ViewDefinition): a resource in, rows of named columns out. Compiled once, thread-safe.</summary>
/// <remarks>Not a query: it sees one resource at a time. Refusals are <see cref="RefusedException"/> (422) that name the select, column or value at fault.</remarks>
public sealed class ViewDefinition
{
    private readonly ViewSelect root;
    private readonly IReadOnlyList<FhirPathExpression> wheres;
    private readonly IReadOnlyDictionary<string, IReadOnlyList<PathValue>> constants;

    private ViewDefinition(string name, string resource, ViewSelect root, IReadOnlyList<FhirPathExpression> wheres, IReadOnlyDictionary<string, IReadOnlyList<PathValue>> constants)
    {
        (Name, Resource, this.root, this.wheres, this.constants) = (name, resource, root, wheres, constants);
        Columns = root.Columns;
    }

    public string Name { get; }

    /// <summary>Resource type whose instances have rows.</summary>
    public string Resource { get; }

    /// <summary>Columns in order; every row has a value (or null) for each.</summary>
    public IReadOnlyList<ViewColumn> Columns { get; }

    /// <summary>Throws <see cref="RefusedException"/> (422) when the definition is not usable.</summary>
    public static ViewDefinition Parse(JsonElement json)
    {
        var resource = Text(json, "resource") ?? throw Refuse("The view names no resource type.", "ViewDefinition.resource");
        if (!json.TryGetProperty("select", out var selects) || selects.ValueKind is not JsonValueKind.Array || selects.GetArrayLength() is 0)
            throw Refuse("The view selects nothing.", "ViewDefinition.select");
        var constants = ViewConstants.Read(json);
        var root = ViewSelect.Read(selects, constants, "ViewDefinition.select");
        if (root.Columns.GroupBy(c => c.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Skip(1).Any()) is { } twice)
            throw Refuse($"Two columns are called '{twice.Key}'.", "ViewDefinition.select.column.name");
        var wheres = new List<FhirPathExpression>();
        if (json.TryGetProperty("where", out var list))
            foreach (var where in list.EnumerateArray()) wheres.Add(Compile(Text(where, "path") ?? "", "ViewDefinition.where.path", constants));
        return new(Text(json, "name") ?? resource.ToLowerInvariant(), resource, root, wheres, constants);
    }

    /// <summary>Rows of one resource, values in the order of <see cref="Columns"/>: bool, long, decimal, string, or a list of these; null where there is none.</summary>
    public IEnumerable<object?[]> Rows(JsonElement resource, IFhirModel model)
    {
        if (Text(resource, "resourceType") != Resource) return [];
        var context = new FhirPathContext { Model = model, Resource = resource, Variables = constants };
        foreach (var where in wheres)
            switch (where.Evaluate(resource, context))
            {
                case [] or [{ Value: false }]: return [];
                case [{ Value: true }]: break;
                default: throw Refuse($"The condition '{where.Text}' does not answer true or false.", "ViewDefinition.where.path");
            }

        return root.Rows(Navigation.Root(resource, model), context, 0);
    }

    internal static FhirPathExpression Compile(string path, string place, IReadOnlyDictionary<string, IReadOnlyList<PathValue>> constants)
    {
        try
        {
            var expression = FhirPathExpression.Compile(path);
            foreach (var name in expression.Externals)
                if (!constants.ContainsKey(name) && name is not ("resource" or "rootResource" or "context" or "ucum" or "rowIndex"))
                    throw Refuse($"%{name} in '{path}' is no constant of the view.", place);
            return expression;
        }
        catch (FhirPathException wrong)
        {
            throw Refuse($"'{path}': {wrong.Message}", place);
        }
    }

    internal static string? Text(JsonElement element, string name) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    internal static RefusedException Refuse(string why, string place) => RefusedException.Because(422, "invalid", why, place);
}

/// <summary>One column of a view.</summary>
/// <param name="Type">FHIR type of its values as the definition says; null when it does not.</param>
/// <param name="IsCollection">A list of values in one cell.</param>
public sealed record ViewColumn(string Name, FhirPathExpression Path, string? Type, bool IsCollection);
