using System.Globalization;
using Tongxin.Fhir;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>One key of <c>_sort</c>: of several values of a resource the smallest counts when ascending, the greatest when descending.</summary>
internal sealed class SortColumn(Search.SortKey key, Names names)
{
    public bool Descending => key.Descending;

    /// <summary>A subquery with one row and one column k.</summary>
    public string Value(string row)
    {
        var best = Descending ? "max" : "min";
        var of = $"v WHERE v.rid = {row}.rid AND v.param = {names.ParameterOrNone(key.Parameter)}";
        return key.Parameter switch
        {
            { Code: "_id" } => $"SELECT {row}.id AS k",
            { Code: "_lastUpdated" } => $"SELECT {row}.at AS k",
            { Type: SearchParameterType.Date } => $"SELECT {best}(v.low) AS k FROM date {of}",
            { Type: SearchParameterType.String } => $"SELECT {best}(v.folded) AS k FROM string {of} AND v.original",
            { Type: SearchParameterType.Token } => $"SELECT {best}(v.code) AS k FROM token {of}",
            { Type: SearchParameterType.Quantity or SearchParameterType.Number } => $"SELECT {best}(v.low) AS k FROM quantity {of}",
            { Type: SearchParameterType.Uri } => $"SELECT {best}(v.value) AS k FROM uri {of}",
            { Type: SearchParameterType.Reference } => $"SELECT {best}(coalesce(t.id, v.url)) AS k FROM reference v LEFT JOIN resource t ON t.rid = v.target{of[1..]}",
            _ => throw RefusedException.Because(400, "not-supported", $"Results cannot be sorted by {key.Parameter.Code}."),
        };
    }

    /// <summary>The key of a cursor as a parameter of the column's type.</summary>
    public string Parse(string text, SqlText sql)
    {
        var isTime = key.Parameter is { Code: "_lastUpdated" } or { Type: SearchParameterType.Date };
        if (isTime && long.TryParse(text, CultureInfo.InvariantCulture, out var time)) return sql.Value(time);
        var isNumber = key.Parameter.Type is SearchParameterType.Quantity or SearchParameterType.Number;
        if (isNumber && double.TryParse(text, CultureInfo.InvariantCulture, out var number)) return sql.Value(number);
        return isTime || isNumber ? throw RefusedException.Because(400, "value", "The page cursor is not one that this server made for this search.") : sql.Value(text);
    }
}
