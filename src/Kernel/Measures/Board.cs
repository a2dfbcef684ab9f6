using DuckDB.NET.Data;

namespace Tongxin.Kernel.Measures;

/// <summary>Reads the numbers: one place at one time, its course over months, its places below, and the people behind each.</summary>
/// <remarks>Counts only. Whether a caller may see the people is decided where they are shown, by Access.</remarks>
public sealed class Board(ColumnStore store)
{
    public const int MostPeoplePerPage = 200;
    private const int MostEvidence = 60;
    private const int MostLevels = 12;

    /// <summary>The sum over an organisation and all below it; null when the indicator was not evaluated for that day.</summary>
    public Cell? At(string indicator, string organisation, DateOnly asOf) =>
        Cells(indicator, [organisation], asOf, asOf).FirstOrDefault();

    /// <summary>The same of many organisations; one that was not evaluated is left out.</summary>
    public IReadOnlyList<Cell> At(string indicator, IReadOnlyList<string> organisations, DateOnly asOf) => Cells(indicator, organisations, asOf, asOf);

    /// <summary>One cell per evaluated day between the two, oldest first.</summary>
    public IReadOnlyList<Cell> Course(string indicator, string organisation, DateOnly from, DateOnly to) => Cells(indicator, [organisation], from, to);

    /// <summary>The same of many organisations at once.</summary>
    public IReadOnlyList<Cell> Course(string indicator, IReadOnlyList<string> organisations, DateOnly from, DateOnly to) => Cells(indicator, organisations, from, to);

    /// <summary>One cell for each organisation straight below.</summary>
    public IReadOnlyList<Cell> Below(string indicator, string organisation, DateOnly asOf)
    {
        var children = store.Read("SELECT id FROM organisation WHERE parent = $o ORDER BY id", r => r.GetString(0), ("o", organisation));
        return Cells(indicator, children, asOf, asOf);
    }

    /// <summary>The people of a cell, failing ones first; the whole list is exactly as long as the number says.</summary>
    /// <param name="numerator">True: who reached it. False: who did not. Null: the whole denominator.</param>
    public IReadOnlyList<Member> People(string indicator, string organisation, DateOnly asOf, bool? numerator, string? reason, int offset, int count) => store.Read($"""
        SELECT m.person, m.organisation, m.excluded, m.numerator, m.reason, m.evidence FROM membership m
        JOIN above a ON a.organisation = m.organisation AND a.ancestor = $o
        WHERE m.indicator = $i AND m.as_of = $d AND NOT m.excluded {(numerator is { } n ? $"AND m.numerator = {n}" : "")} {(reason is null ? "" : "AND m.reason = $r")}
        ORDER BY m.numerator, m.reason, m.organisation, m.person LIMIT {Math.Clamp(count, 1, MostPeoplePerPage)} OFFSET {Math.Max(0, offset)}
        """,
        Row, reason is null ? [("o", organisation), ("i", indicator), ("d", asOf)] : [("o", organisation), ("i", indicator), ("d", asOf), ("r", reason)]);

    /// <summary>All memberships of a place, the excluded too, in one answer.</summary>
    internal IReadOnlyList<Member> Everybody(string indicator, string organisation, DateOnly asOf) => store.Read("""
        SELECT m.person, m.organisation, m.excluded, m.numerator, m.reason, m.evidence FROM membership m
        JOIN above a ON a.organisation = m.organisation AND a.ancestor = $o WHERE m.indicator = $i AND m.as_of = $d ORDER BY m.person
        """, Row, ("o", organisation), ("i", indicator), ("d", asOf));

    /// <summary>How many people each reason holds, most first; every person of the denominator has exactly one.</summary>
    public IReadOnlyList<(string Reason, bool Numerator, long People)> Reasons(string indicator, string organisation, DateOnly asOf) => store.Read("""
        SELECT m.reason, m.numerator, count(*) FROM membership m JOIN above a ON a.organisation = m.organisation AND a.ancestor = $o
        WHERE m.indicator = $i AND m.as_of = $d AND NOT m.excluded GROUP BY ALL ORDER BY 3 DESC, 1
        """, r => (r.GetString(0), r.GetBoolean(1), r.GetInt64(2)), ("o", organisation), ("i", indicator), ("d", asOf));

    /// <summary>The answer about one person for each indicator; empty when he is in no denominator.</summary>
    public IReadOnlyList<(string Indicator, Member Member)> OfPerson(string person, DateOnly asOf) => store.Read("""
        SELECT m.person, m.organisation, m.excluded, m.numerator, m.reason, m.evidence, m.indicator FROM membership m
        WHERE m.person = $p AND m.as_of = $d ORDER BY m.indicator
        """, r => (r.GetString(6), Row(r)), ("p", person), ("d", asOf));

    /// <summary>The denominator by ten years of age, for each organisation and all below it.</summary>
    public ILookup<string, Band> Bands(string indicator, IReadOnlyList<string> organisations, DateOnly asOf) => store.Read("""
        SELECT a.ancestor, coalesce(date_diff('year', p.birth_date, m.as_of) // 10 * 10, -1)::INTEGER, count(*), count(*) FILTER (m.numerator)
        FROM membership m JOIN above a ON a.organisation = m.organisation LEFT JOIN patient p ON p.person = m.person
        WHERE m.indicator = $i AND m.as_of = $d AND NOT m.excluded AND list_contains($o, a.ancestor) GROUP BY ALL
        """, r => (r.GetString(0), new Band(r.GetInt32(1), r.GetInt64(2), r.GetInt64(3))), ("i", indicator), ("d", asOf), ("o", organisations.ToList()))
        .ToLookup(b => b.Item1, b => b.Item2, StringComparer.Ordinal);

    /// <summary>What the record holds of a person between two days, newest first: visits by form, readings, what the rules said.</summary>
    public IReadOnlyList<Evidence> EvidenceOf(string person, DateOnly from, DateOnly to) => store.Read($"""
        SELECT * FROM (
            SELECT date, 'QuestionnaireResponse/' || id AS reference, 'visit' AS kind, regexp_extract(form, '[^/|]+(\||$)') AS what, way AS value FROM visit
            WHERE person = $p AND date BETWEEN $f AND $t
            UNION ALL
            SELECT date, 'Observation/' || id, 'pressure', '', systolic::INTEGER || '/' || diastolic::INTEGER || ' mmHg' FROM observation
            WHERE person = $p AND systolic IS NOT NULL AND date BETWEEN $f AND $t
            UNION ALL
            SELECT date, 'Observation/' || id, 'glucose', '', value || ' mmol/L' FROM observation
            WHERE person = $p AND code IN ('14771-0', '1558-6') AND value IS NOT NULL AND date BETWEEN $f AND $t
            UNION ALL
            SELECT date, 'Observation/' || id, 'assessment', programme, class_text FROM assessment
            WHERE person = $p AND class IS NOT NULL AND date BETWEEN $f AND $t)
        ORDER BY date DESC, kind LIMIT {MostEvidence}
        """,
        r => new Evidence(DateOnly.FromDateTime(r.GetDateTime(0)), r.GetString(1), r.GetString(2), r.IsDBNull(3) ? "" : r.GetString(3), r.IsDBNull(4) ? "" : r.GetString(4)),
        ("p", person), ("f", from), ("t", to));

    /// <summary>The organisation and what stands above it up to the other, top first; empty when it is not below it.</summary>
    public IReadOnlyList<string> Path(string organisation, string top)
    {
        var parents = store.Read("SELECT id, parent FROM organisation", r => (r.GetString(0), r.IsDBNull(1) ? null : r.GetString(1)))
            .ToDictionary(o => o.Item1, o => o.Item2, StringComparer.Ordinal);
        var path = new List<string>();
        for (var at = organisation; at is not null && path.Count < MostLevels; at = parents.GetValueOrDefault(at))
        {
            path.Insert(0, at);
            if (at == top) return path;
        }

        return [];
    }

    /// <summary>Names of the organisations by id.</summary>
    public Dictionary<string, string> Names() =>
        store.Read("SELECT id, name FROM organisation", r => (r.GetString(0), r.GetString(1))).ToDictionary(o => o.Item1, o => o.Item2, StringComparer.Ordinal);

    /// <summary>Ids of the organisation and all below it.</summary>
    public IReadOnlyList<string> Within(string place) => store.Read("SELECT organisation FROM above WHERE ancestor = $a", r => r.GetString(0), ("a", place));

    /// <summary>What an organisation stands straight below; null for the top.</summary>
    public string? Parent(string place) =>
        store.Read("SELECT parent FROM organisation WHERE id = $o", r => r.IsDBNull(0) ? null : r.GetString(0), ("o", place)).FirstOrDefault();

    /// <summary>Ids of the organisations of one kind at or below a place.</summary>
    public IReadOnlyList<string> OfKind(string kind, string place) => store.Read(
        "SELECT o.id FROM organisation o JOIN above a ON a.organisation = o.id AND a.ancestor = $a WHERE o.kind = $k ORDER BY o.id",
        r => r.GetString(0), ("a", place), ("k", kind));

    /// <summary>The counties at, below or above a place.</summary>
    public IReadOnlyList<string> Counties(string place) => store.Read("""
        SELECT DISTINCT o.id FROM organisation o JOIN above a ON (a.organisation = o.id AND a.ancestor = $p) OR (a.ancestor = o.id AND a.organisation = $p)
        WHERE o.kind = 'county' ORDER BY o.id
        """, r => r.GetString(0), ("p", place));

    /// <summary>Which of these people have a record that stands.</summary>
    public IReadOnlySet<string> OnRecord(IReadOnlyCollection<string> people) => store.Read(
        "SELECT person FROM patient WHERE active AND list_contains($p, person)", r => r.GetString(0), ("p", people.ToList())).ToHashSet(StringComparer.Ordinal);

    /// <summary>Where an organisation's view of the numbers begins: itself, or for a house that has nobody below it (a commission, a hospital) what it belongs to.</summary>
    public string? Home(string? organisation) => organisation is null ? null : store.Read(
        "SELECT CASE WHEN kind IN ('commission', 'hospital', 'disease-control') THEN parent ELSE id END FROM organisation WHERE id = $o",
        r => r.GetString(0), ("o", organisation)).FirstOrDefault();

    public bool IsWithin(string organisation, string ancestor) => store.Read(
        "SELECT 1 FROM above WHERE organisation = $o AND ancestor = $a", r => r.GetInt32(0), ("o", organisation), ("a", ancestor)).Count > 0;

    private List<Cell> Cells(string indicator, IReadOnlyList<string> organisations, DateOnly from, DateOnly to) => organisations.Count is 0 ? [] : store.Read("""
        SELECT a.ancestor, c.as_of, sum(c.denominator)::BIGINT, sum(c.numerator)::BIGINT, sum(c.excluded)::BIGINT
        FROM cell c JOIN above a ON a.organisation = c.organisation
        WHERE c.indicator = $i AND c.as_of BETWEEN $f AND $t AND list_contains($o, a.ancestor) GROUP BY ALL ORDER BY c.as_of, a.ancestor
        """,
        r => new Cell(indicator, r.GetString(0), DateOnly.FromDateTime(r.GetDateTime(1)), r.GetInt64(2), r.GetInt64(3), r.GetInt64(4)),
        ("i", indicator), ("f", from), ("t", to), ("o", organisations.ToList()));

    internal static Member Row(DuckDBDataReader r) => new(
        r.GetString(0), r.GetString(1), r.GetBoolean(2), r.GetBoolean(3), r.GetString(4), r.IsDBNull(5) ? null : r.GetString(5));
}

/// <summary>One thing that stands in the record about a person, as a line.</summary>
/// <param name="Kind">visit, pressure, glucose or assessment.</param>
/// <param name="What">Form or programme; empty when the kind says it.</param>
public sealed record Evidence(DateOnly Date, string Reference, string Kind, string What, string Value);
