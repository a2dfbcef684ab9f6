using DuckDB.NET.Data;

namespace Tongxin.Kernel.Measures;

/// <summary>Asks the indicators about people and keeps the answers: memberships, and the cells that are their sums.</summary>
/// <remarks>
/// An indicator's SQL does not know whether it is asked about everybody or about a few: for a few, the schema <c>touched</c> stands before
/// <c>main</c> and holds the same views, cut down to the people in <c>scope</c>. So incremental and full are the same query.
/// </remarks>
internal static class Evaluation
{
    /// <summary>Everybody, at one day. Replaces what stood for that day.</summary>
    public static void OfEverybody(DuckDBConnection connection, IReadOnlyList<Indicator> indicators, DateOnly asOf)
    {
        Ask(connection, asOf, "main");
        var day = ColumnStore.Literal(asOf);
        foreach (var indicator in indicators)
        {
            ColumnStore.Run(connection, $"DELETE FROM membership WHERE indicator = $id AND as_of = {day}", ("id", indicator.Id));
            ColumnStore.Run(connection, $"DELETE FROM cell WHERE indicator = $id AND as_of = {day}", ("id", indicator.Id));
            if (IsValidOn(indicator, asOf)) Insert(connection, indicator, day);
        }

        ColumnStore.Run(connection, $"INSERT INTO cell SELECT * FROM ({Sums($"m.as_of = {day}")}) ON CONFLICT DO NOTHING");
    }

    /// <summary>The people in <paramref name="people"/> only. Cells move by the difference.</summary>
    /// <remarks>Not for detectors: one reading can change what is said about everybody of the house, so they are asked once a day about all.</remarks>
    public static void OfPeople(DuckDBConnection connection, IReadOnlyList<Indicator> all, DateOnly asOf, IReadOnlyCollection<string> people)
    {
        var indicators = all.Where(i => !i.IsDetector).ToList();
        FillScope(connection, people);
        Ask(connection, asOf, "touched,main");
        var day = ColumnStore.Literal(asOf);
        var live = string.Join(", ", indicators.Select(i => $"'{i.Id}'").DefaultIfEmpty("''"));
        var touched = $"m.as_of = {day} AND m.person IN (SELECT person FROM scope) AND m.indicator IN ({live})";
        ColumnStore.Run(connection, $"CREATE OR REPLACE TEMP TABLE before AS {Sums(touched)}");
        ColumnStore.Run(connection, $"DELETE FROM membership m WHERE {touched}");
        foreach (var indicator in indicators)
            if (IsValidOn(indicator, asOf)) Insert(connection, indicator, day);
        ColumnStore.Run(connection, $"""
            CREATE OR REPLACE TEMP TABLE difference AS
            SELECT indicator, as_of, organisation, sum(denominator)::BIGINT AS denominator, sum(numerator)::BIGINT AS numerator, sum(excluded)::BIGINT AS excluded
            FROM (SELECT * FROM ({Sums(touched)}) UNION ALL SELECT indicator, as_of, organisation, -denominator, -numerator, -excluded FROM before)
            GROUP BY ALL HAVING sum(denominator) <> 0 OR sum(numerator) <> 0 OR sum(excluded) <> 0
            """);
        ColumnStore.Run(connection, """
            INSERT INTO cell SELECT indicator, as_of, organisation, 0, 0, 0 FROM difference ON CONFLICT DO NOTHING;
            UPDATE cell SET denominator = cell.denominator + d.denominator, numerator = cell.numerator + d.numerator, excluded = cell.excluded + d.excluded
            FROM difference d WHERE cell.indicator = d.indicator AND cell.as_of = d.as_of AND cell.organisation = d.organisation;
            """);
        ColumnStore.Run(connection, "SET search_path = 'main'");
    }

    /// <summary>The parameters for questions on a connection of the caller's own; before its transaction begins.</summary>
    public static void Prepare(DuckDBConnection connection, DateOnly asOf) => Ask(connection, asOf, "main");

    /// <summary>What an indicator says of everybody in the views now, kept nowhere: for days of which no memberships are kept, and for what must be one snapshot.</summary>
    public static IEnumerable<Member> Answers(DuckDBConnection connection, Indicator indicator)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {Columns} FROM ({indicator.Sql}) WHERE denominator ORDER BY 2, 1";
        using var reader = command.ExecuteReader();
        while (reader.Read())
            yield return Board.Row(reader);
    }

    internal static bool IsValidOn(Indicator indicator, DateOnly day) =>
        (indicator.ValidFrom is null || indicator.ValidFrom <= day) && (indicator.ValidTo is null || day <= indicator.ValidTo);

    // The parameters of an indicator are macros, so that its text reads as the norm does and the planner sees constants.
    private static void Ask(DuckDBConnection connection, DateOnly asOf, string searchPath)
    {
        ColumnStore.Run(connection, $"CREATE OR REPLACE TEMP MACRO as_of() AS {ColumnStore.Literal(asOf)}");
        ColumnStore.Run(connection, $"CREATE OR REPLACE TEMP MACRO year_start() AS {ColumnStore.Literal(new(asOf.Year, 1, 1))}");
        ColumnStore.Run(connection, $"SET search_path = '{searchPath}'");
    }

    // Whom nobody cares for belongs to no place: kept, so that nothing stops, and counted in no place's number.
    private const string NoPlace = "";

    private const string Columns =
        $"person, coalesce(organisation, '{NoPlace}'), coalesce(excluded, false), coalesce(numerator, false) AND NOT coalesce(excluded, false), reason, evidence";

    private static void Insert(DuckDBConnection connection, Indicator indicator, string day) => ColumnStore.Run(connection, $"""
        INSERT INTO main.membership
        SELECT $id, {day}, {Columns} FROM ({indicator.Sql}) WHERE denominator
        """, ("id", indicator.Id));

    private static string Sums(string where) => $"""
        SELECT m.indicator, m.as_of, m.organisation, count(*) FILTER (NOT m.excluded) AS denominator, count(*) FILTER (m.numerator) AS numerator,
            count(*) FILTER (m.excluded) AS excluded
        FROM main.membership m WHERE {where} GROUP BY ALL
        """;

    private static void FillScope(DuckDBConnection connection, IReadOnlyCollection<string> people)
    {
        ColumnStore.Run(connection, "DELETE FROM scope");
        using var appender = connection.CreateAppender("main", "scope");
        foreach (var person in people) appender.CreateRow().AppendValue(person).EndRow();
    }
}
