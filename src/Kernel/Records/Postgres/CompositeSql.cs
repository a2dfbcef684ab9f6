using NpgsqlTypes;
using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>A value of a composite parameter as a condition on one row of <c>composite</c>, part by part in the columns where <see cref="CompositeRows"/> puts them.</summary>
internal sealed class CompositeSql(SqlText sql, Names names, IReadOnlyDictionary<ResourceKey, long> keys)
{
    private const string Beyond = "\U0010FFFF";

    public string Tuple(SearchParameter parameter, SearchValue.Composite value, string row)
    {
        var (tokens, quantities) = (0, 0);
        var conditions = new List<string>(value.Parts.Count);
        for (var i = 0; i < value.Parts.Count; i++)
            conditions.Add(value.Parts[i] switch
            {
                SearchValue.Token token => Token(token, row, ++tokens),
                SearchValue.Quantity quantity => Quantity(quantity, row, ++quantities),
                SearchValue.Date date => Intervals.Compare(date.Prefix, $"{row}.low_date", $"{row}.high_date", sql.Long(date.From.UtcTicks), sql.Long(date.To.UtcTicks)),
                SearchValue.Reference reference => Reference(reference, row),
                SearchValue.Text text => Begins(Folding.Fold(text.Value), row),
                SearchValue.Uri uri => $"{row}.folded = {sql.Text(Texts.Exact(uri.Value))}",
                var other => throw new NotSupportedException($"{other} cannot be part {i} of {parameter}."),
            });
        return $"({string.Join(" AND ", conditions)})";
    }

    private string Token(SearchValue.Token value, string row, int place)
    {
        var conditions = new List<string>(2);
        if (value.Code is { } code) conditions.Add($"{row}.code{place} = {sql.Text(Texts.Exact(code))}");
        if (value.System is { } system) conditions.Add($"{row}.system{place} = {names.SystemOrNoRow(system)}");
        return conditions.Count is 0 ? "true" : string.Join(" AND ", conditions);
    }

    private string Quantity(SearchValue.Quantity value, string row, int place)
    {
        var (low, high) = (sql.Parameter((double)value.Low, NpgsqlDbType.Double), sql.Parameter((double)value.High, NpgsqlDbType.Double));
        var number = Intervals.CompareNumber(value.Prefix, $"{row}.low{place}", $"{row}.high{place}", low, high);
        if (value.System is { } system) number += $" AND {row}.system3 = {names.SystemOrNoRow(system)}";
        if (value.Unit is null) return number;
        var unit = sql.Text(Texts.Exact(value.Unit));
        return value.System is null ? $"{number} AND ({row}.code3 = {unit} OR {row}.unit3 = {unit})" : $"{number} AND {row}.code3 = {unit}";
    }

    private string Reference(SearchValue.Reference value, string row) => value switch
    {
        { Type: { } type, Id: { } id } => $"{row}.target = {sql.Long(keys.GetValueOrDefault(new(type, id), -1))}",
        { Id: { } id } => $"{row}.target = ANY(ARRAY(SELECT i.rid FROM resource i WHERE i.id = {sql.Text(id)}))",
        _ => "false",
    };

    private string Begins(string folded, string row) => $"({row}.folded >= {sql.Text(folded)} AND {row}.folded < {sql.Text(folded + Beyond)})";
}
