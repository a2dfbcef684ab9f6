using System.Globalization;
using System.Text.Json;
using DuckDB.NET.Data;
using Tongxin.Fhir;
using Tongxin.Fhir.Model;
using Tongxin.Fhir.Views;

namespace Tongxin.Kernel.Measures;

/// <summary>One SQL-on-FHIR view as a table of the column store: rows of a resource in, rows of a table out.</summary>
/// <remarks>Every view has a column <c>id</c>; a view of people's data has <c>person</c>, by which it is cut down for incremental work.</remarks>
internal sealed class FlatView
{
    private static readonly TimeSpan CountyZone = TimeSpan.FromHours(8);
    private readonly ViewDefinition definition;
    private readonly int idColumn;
    private readonly int personColumn;

    public FlatView(JsonElement json)
    {
        definition = ViewDefinition.Parse(json);
        Shape = JsonSerializer.Serialize(json);
        idColumn = ColumnOf("id");
        personColumn = ColumnOf("person");
        if (idColumn < 0) throw RefusedException.Because(422, "required", $"View '{Name}' has no column 'id'.", "ViewDefinition.select.column");
    }

    public string Name => definition.Name;

    /// <summary>The definition itself: changes when its table has to be made again.</summary>
    public string Shape { get; }

    public string Resource => definition.Resource;

    public IReadOnlyList<string> Columns => [.. definition.Columns.Select(c => c.Name)];

    public bool IsOfPeople => personColumn >= 0;

    /// <summary>Makes the table, and the view of the touched people before it.</summary>
    public void Create(DuckDBConnection connection)
    {
        var columns = string.Join(", ", definition.Columns.Select(c => $"\"{c.Name}\" {SqlType(c.Type)}"));
        ColumnStore.Run(connection, $"CREATE TABLE IF NOT EXISTS main.\"{Name}\"({columns})");
        if (IsOfPeople)
            ColumnStore.Run(connection, $"CREATE OR REPLACE VIEW touched.\"{Name}\" AS SELECT * FROM main.\"{Name}\" WHERE person IN (SELECT person FROM main.scope)");
    }

    public void Drop(DuckDBConnection connection) =>
        ColumnStore.Run(connection, $"DROP VIEW IF EXISTS touched.\"{Name}\"; DROP TABLE IF EXISTS main.\"{Name}\"");

    /// <summary>Rows of one resource, typed for the table, with the person they are about (null when nobody's).</summary>
    public IEnumerable<(string? Person, object?[] Row)> Rows(JsonElement resource, IFhirModel model)
    {
        foreach (var row in definition.Rows(resource, model))
        {
            var typed = new object?[row.Length];
            for (var i = 0; i < row.Length; i++) typed[i] = Typed(row[i], definition.Columns[i].Type);
            yield return (IsOfPeople ? row[personColumn] as string : null, typed);
        }
    }

    /// <summary>Replaces the rows of the given resources.</summary>
    public void Replace(DuckDBConnection connection, IReadOnlyCollection<string> ids, IReadOnlyCollection<object?[]> rows, bool isFirstLoad)
    {
        if (!isFirstLoad)
        {
            ColumnStore.Run(connection, "CREATE OR REPLACE TEMP TABLE gone(id VARCHAR)");
            using (var gone = connection.CreateAppender("temp", "main", "gone"))
                foreach (var id in ids) gone.CreateRow().AppendValue(id).EndRow();
            ColumnStore.Run(connection, $"DELETE FROM main.\"{Name}\" WHERE id IN (SELECT id FROM gone)");
        }

        using var appender = connection.CreateAppender("main", Name);
        foreach (var row in rows)
        {
            var line = appender.CreateRow();
            foreach (var value in row) Append(line, value);
            line.EndRow();
        }
    }

    private int ColumnOf(string name)
    {
        for (var i = 0; i < definition.Columns.Count; i++)
            if (definition.Columns[i].Name == name) return i;
        return -1;
    }

    private static void Append(IDuckDBAppenderRow line, object? value) => _ = value switch
    {
        null => line.AppendNullValue(),
        string text => line.AppendValue(text),
        bool flag => line.AppendValue(flag),
        long whole => line.AppendValue(whole),
        double number => line.AppendValue(number),
        DateOnly date => line.AppendValue(date),
        DateTime time => line.AppendValue(time),
        _ => throw new InvalidOperationException($"No column holds a {value.GetType()}."),
    };

    private static string SqlType(string? type) => type switch
    {
        "boolean" => "BOOLEAN",
        "integer" or "positiveInt" or "unsignedInt" or "integer64" => "BIGINT",
        "decimal" => "DOUBLE",
        "date" => "DATE",
        "dateTime" or "instant" => "TIMESTAMP",
        _ => "VARCHAR",
    };

    private static object? Typed(object? value, string? type) => (SqlType(type), value) switch
    {
        (_, null) => null,
        ("BOOLEAN", bool flag) => flag,
        ("BIGINT", IConvertible whole) => whole.ToInt64(CultureInfo.InvariantCulture),
        ("DOUBLE", IConvertible number) => number.ToDouble(CultureInfo.InvariantCulture),
        ("DATE", var date) => Time(date) is { } day ? DateOnly.FromDateTime(day) : null,
        ("TIMESTAMP", var time) => Time(time),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    // Wall clock of the county: a visit at 00:30 of 1 January counts for the new year. A year or month alone counts from its first day.
    private static DateTime? Time(object value)
    {
        var text = Convert.ToString(value, CultureInfo.InvariantCulture)!;
        if (text.Length > 10 && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant))
            return instant.ToOffset(CountyZone).DateTime;
        var padded = text.Length switch { 4 => text + "-01-01", 7 => text + "-01", _ => text };
        return DateTime.TryParseExact(padded, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;
    }
}
