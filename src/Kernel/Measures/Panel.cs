using DuckDB.NET.Data;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Measures;

/// <summary>What somebody of a panel lacks.</summary>
public enum PanelNeed
{
    All,

    /// <summary>Something of the programme is past its window.</summary>
    Overdue,

    /// <summary>Not judged by a visit for <see cref="Panel.UnseenDays"/> days.</summary>
    Unseen,

    /// <summary>The examination of the year is still owed.</summary>
    Examination,
}

/// <summary>What a panel is asked for.</summary>
/// <param name="Programme">Code, as <c>hypertension</c>.</param>
/// <param name="Place">Organisation at which or below which the people are managed.</param>
/// <param name="Class">Code of the last class, <see cref="NeverJudged"/> for who has none; null for all.</param>
/// <param name="Doctor">Id of the Practitioner who has them, <see cref="Nobody"/> for whom nobody has; null for all.</param>
/// <param name="Examinations">Codes of the services that count as examination (<c>hypertension.examination</c>).</param>
public sealed record PanelFilter(string Programme, string Place, PanelNeed Need, string? Class, string? Doctor, IReadOnlyList<string> Examinations)
{
    public const string Nobody = "-", NeverJudged = "-";
}

/// <summary>Somebody in care of a programme.</summary>
/// <param name="Organisation">Who manages her record now.</param>
/// <param name="Doctor">Id of the Practitioner who has her; null when nobody was named.</param>
/// <param name="ClassText">What the last visit came to; null when none was judged.</param>
/// <param name="Seen">Day of that visit.</param>
/// <param name="Owed">Last day of what is owed first; null when nothing is.</param>
public sealed record PanelRow(string Person, string Organisation, string? Doctor, DateOnly Since, string? ClassText, DateOnly? Seen, DateOnly? Owed, bool LacksExamination);

/// <summary>How many people stand in each part of a panel.</summary>
public sealed record PanelCounts(long All, long Overdue, long Unseen, long Examination, IReadOnlyList<(string Class, string Text, long People)> Classes);

/// <summary>Who is in care of a programme in a place, and how they stand (项目管理对象): from the flat views, as current as the numbers of the cockpit.</summary>
/// <remarks>For callers who see names there (<see cref="DetailRule"/>); the names themselves are read through the door, person by person.</remarks>
public sealed class Panel(ColumnStore store, Board board)
{
    public const int UnseenDays = 90;
    public const int MostRows = 500;

    /// <summary>The organisation at which the caller's panel of a programme begins; null when she may not see its people by name.</summary>
    /// <param name="sensitivity">Label of the programme's resources; null for an open programme.</param>
    public string? Home(Caller caller, string? sensitivity) =>
        board.Home(caller.Organisation) is { } home && DetailRule.For(caller, Sensitivity.Of(sensitivity), home) is Detail.Names ? home : null;

    /// <summary>One page, who has waited longest first.</summary>
    /// <param name="today">The county's day.</param>
    public IReadOnlyList<PanelRow> Rows(PanelFilter filter, DateOnly today, int offset, int count) => store.Read($"""
        {Everybody} SELECT person, organisation, doctor, since, class_text, seen, owed, lacks FROM panel {Where(filter)}
        ORDER BY owed NULLS LAST, person LIMIT {Math.Clamp(count, 1, MostRows)} OFFSET {Math.Max(0, offset)}
        """, Row, Parameters(filter, today));

    public long Count(PanelFilter filter, DateOnly today) =>
        store.Read($"{Everybody} SELECT count(*) FROM panel {Where(filter)}", r => r.GetInt64(0), Parameters(filter, today))[0];

    /// <summary>Of the whole panel of the place and doctor, whatever need or class is asked for.</summary>
    public PanelCounts Counts(PanelFilter filter, DateOnly today)
    {
        filter = filter with { Need = PanelNeed.All, Class = null };
        var (where, parameters) = (Where(filter), Parameters(filter, today));
        var classes = store.Read($"{Everybody} SELECT class, any_value(class_text), count(*) FROM panel {where} GROUP BY class ORDER BY 3 DESC, 1",
            r => (r.IsDBNull(0) ? PanelFilter.NeverJudged : r.GetString(0), r.IsDBNull(1) ? "" : r.GetString(1), r.GetInt64(2)), parameters);
        return store.Read($"""
            {Everybody} SELECT count(*), count(*) FILTER (owed < $t), count(*) FILTER (seen IS NULL OR seen < $u), count(*) FILTER (lacks) FROM panel {where}
            """, r => new PanelCounts(r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), classes), parameters)[0];
    }

    /// <summary>How the month goes, one line a programme: visits judged in it, and those with what is still owed by its end, what is late included.</summary>
    /// <param name="place">Organisation of the people.</param>
    public IReadOnlyList<(string Programme, long Done, long All)> Month(string place, DateOnly today)
    {
        var first = new DateOnly(today.Year, today.Month, 1);
        return store.Read("""
            WITH here AS (SELECT p.person FROM patient p JOIN above a ON a.organisation = p.organisation AND a.ancestor = $o WHERE p.active AND p.deceased IS NOT TRUE),
            done AS (SELECT programme, count(*) AS n FROM assessment WHERE date BETWEEN $f AND $l AND person IN (SELECT person FROM here) GROUP BY 1),
            owed AS (SELECT regexp_extract(code, '^[^.]+') AS programme, count(*) AS n FROM task
                WHERE due_to <= $l AND contains(code, '.') AND status IN ('requested', 'accepted', 'in-progress') AND person IN (SELECT person FROM here) GROUP BY 1)
            SELECT coalesce(d.programme, w.programme), coalesce(d.n, 0), coalesce(d.n, 0) + coalesce(w.n, 0)
            FROM done d FULL JOIN owed w ON w.programme = d.programme ORDER BY 3 DESC, 1
            """, r => (r.GetString(0), r.GetInt64(1), r.GetInt64(2)), ("o", place), ("f", first), ("l", first.AddMonths(1).AddDays(-1)));
    }

    // An open task belongs to a programme by the beginning of its code. Whoever died or left is in care no more.
    private const string Everybody = """
        WITH judged AS (SELECT person, arg_max(class, date) AS class, arg_max(class_text, date) AS class_text, max(date) AS seen
            FROM assessment WHERE programme = $p AND date <= $t GROUP BY person),
        open AS (SELECT person, min(due_to) AS owed, bool_or(list_contains($x, code)) AS lacks
            FROM task WHERE starts_with(code, $p || '.') AND status IN ('requested', 'accepted', 'in-progress') GROUP BY person),
        panel AS (SELECT e.person, p.organisation, e.doctor, e.start_on AS since, j.class, j.class_text, j.seen, o.owed, coalesce(o.lacks, false) AS lacks
            FROM episode e JOIN patient p ON p.person = e.person AND p.active AND p.deceased IS NOT TRUE
            JOIN above a ON a.organisation = p.organisation AND a.ancestor = $o
            LEFT JOIN judged j ON j.person = e.person LEFT JOIN open o ON o.person = e.person
            WHERE e.programme = $p AND e.status = 'active' AND $u IS NOT NULL)
        """;

    private static string Where(PanelFilter filter)
    {
        string?[] parts =
        [
            filter.Need switch { PanelNeed.Overdue => "owed < $t", PanelNeed.Unseen => "(seen IS NULL OR seen < $u)", PanelNeed.Examination => "lacks", _ => null },
            filter.Class switch { null => null, PanelFilter.NeverJudged => "class IS NULL", _ => "class = $c" },
            filter.Doctor switch { null => null, PanelFilter.Nobody => "doctor IS NULL", _ => "doctor = $d" },
        ];
        return parts.OfType<string>().ToList() is { Count: > 0 } given ? $"WHERE {string.Join(" AND ", given)}" : "";
    }

    private static (string, object?)[] Parameters(PanelFilter filter, DateOnly today)
    {
        List<(string, object?)> all = [("p", filter.Programme), ("o", filter.Place), ("t", today), ("u", today.AddDays(-UnseenDays)), ("x", filter.Examinations.ToList())];
        if (filter.Class is not (null or PanelFilter.NeverJudged)) all.Add(("c", filter.Class));
        if (filter.Doctor is not (null or PanelFilter.Nobody)) all.Add(("d", filter.Doctor));
        return [.. all];
    }

    private static PanelRow Row(DuckDBDataReader r) => new(r.GetString(0), r.GetString(1), Text(r, 2), Day(r, 3) ?? default, Text(r, 4), Day(r, 5), Day(r, 6), r.GetBoolean(7));

    private static string? Text(DuckDBDataReader r, int at) => r.IsDBNull(at) ? null : r.GetString(at);

    private static DateOnly? Day(DuckDBDataReader r, int at) => r.IsDBNull(at) ? null : DateOnly.FromDateTime(r.GetDateTime(at));
}
