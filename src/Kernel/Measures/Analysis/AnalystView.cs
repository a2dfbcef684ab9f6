using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Measures;

/// <summary>A table that an analyst may ask: a flat view cut down to what her role and place may see. Pure.</summary>
/// <param name="Columns">Its columns, for the page.</param>
/// <param name="Sql">Its definition; names the store, so that a view may have the name of the table it cuts down.</param>
internal sealed record AnalystView(string Name, string Columns, string Sql)
{
    // Pressure, glucose, HbA1c, weight, height, BMI, waist, pulse (LOINC): nothing of a sensitive programme.
    private static readonly string[] Readings = ["85354-9", "8480-6", "8462-4", "14771-0", "1558-6", "4548-4", "29463-7", "8302-2", "39156-5", "56086-2", "8867-4"];

    /// <summary>Null for who may ask nothing.</summary>
    /// <param name="home">Organisation at which the caller's view of the numbers begins.</param>
    /// <param name="db">Name under which the store stands in SQL.</param>
    public static IReadOnlyList<AnalystView>? For(Caller caller, IndicatorCatalogue catalogue, string home, string db)
    {
        var detail = DetailRule.For(caller, SensitivityLabels.None, home);
        if (detail is Detail.Counts) return null;
        var here = $"IN (SELECT organisation FROM {db}.main.above WHERE ancestor = {Text(home)})";
        List<AnalystView> views =
        [
            new("organisation", "id, parent, name, kind", $"SELECT id, parent, name, kind FROM {db}.main.organisation WHERE id {here}"),
            new("cell", "indicator, as_of, organisation, denominator, numerator, excluded", $"""
                SELECT c.indicator, c.as_of, a.ancestor AS organisation, sum(c.denominator)::BIGINT AS denominator, sum(c.numerator)::BIGINT AS numerator,
                    sum(c.excluded)::BIGINT AS excluded
                FROM {db}.main.cell c JOIN {db}.main.above a ON a.organisation = c.organisation
                WHERE a.ancestor {here} AND c.indicator IN ({Of(catalogue, i => DetailRule.For(caller, i, home) is not Detail.Counts)}) GROUP BY ALL
                """),
        ];
        if (detail is Detail.Names) views.AddRange(OfPeople(db, here, Of(catalogue, i => DetailRule.For(caller, i, home) is Detail.Names)));
        return views;
    }

    private static IEnumerable<AnalystView> OfPeople(string db, string here, string indicators) =>
    [
        new("patient", "person, organisation, sex, birth_date, deceased, deceased_on",
            $"SELECT person, organisation, sex, birth_date, deceased, deceased_on FROM {db}.main.patient WHERE active AND organisation {here}"),
        new("observation", "person, date, code, systolic, diastolic, value, unit", $"""
            SELECT o.person, o.date, o.code, o.systolic, o.diastolic, o.value, o.unit FROM {db}.main.observation o
            JOIN {db}.main.patient p ON p.person = o.person
            WHERE p.active AND p.organisation {here} AND o.code IN ({string.Join(", ", Readings.Select(Text))})
            """),
        new("membership", "indicator, as_of, person, organisation, excluded, numerator, reason", $"""
            SELECT m.indicator, m.as_of, m.person, m.organisation, m.excluded, m.numerator, m.reason FROM {db}.main.membership m
            WHERE m.organisation {here} AND m.indicator IN ({indicators})
            """),
    ];

    private static string Of(IndicatorCatalogue catalogue, Func<Indicator, bool> may) =>
        string.Join(", ", catalogue.All.Where(may).Select(i => Text(i.Id)).DefaultIfEmpty("''"));

    private static string Text(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";
}
