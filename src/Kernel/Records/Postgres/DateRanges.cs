using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Conditions on times as ranges that the index can bound on both sides.</summary>
/// <remarks>
/// "Ends after X" alone says nothing of where a row begins. Nearly all rows are no longer than a day, so they begin at most a day before X;
/// the few longer ones have an index of their own.
/// </remarks>
internal static class DateRanges
{
    /// <summary>A row longer than this is found through <c>date_long</c>.</summary>
    public const long Short = TimeSpan.TicksPerDay;

    /// <summary>Pairs like ge… and lt… on a parameter with one value: together one row's condition. What belongs to none stays in the rest.</summary>
    public static IEnumerable<IGrouping<SearchParameter, Criterion.Matches>> Pairs(IReadOnlyList<Criterion> criteria) => criteria.OfType<Criterion.Matches>()
        .Where(m => m is { Modifier: Modifier.None, Parameter.Type: SearchParameterType.Date, Values: [SearchValue.Date] } && SingleValued.Is(m.Parameter))
        .GroupBy(m => m.Parameter).Where(group => group.Any(IsLower) && group.Any(IsUpper));

    /// <summary>One value on one row.</summary>
    public static string Meets(SearchValue.Date value, string row, SqlText sql)
    {
        var condition = Compare(value, row, sql);
        return value.Prefix is Prefix.Gt or Prefix.Ge or Prefix.Ap
            ? $"({condition} AND {Bounded(value, row, sql, "")})"
            : condition;
    }

    /// <summary>All values on one row: the latest beginning and the earliest end bound the range.</summary>
    public static string Meets(IEnumerable<Criterion.Matches> pair, string row, SqlText sql)
    {
        var values = pair.Select(m => (SearchValue.Date)m.Values[0]).ToList();
        var lower = values.Where(v => v.Prefix is Prefix.Ge or Prefix.Gt or Prefix.Sa).MaxBy(v => v.From)!;
        var upper = values.Where(v => v.Prefix is Prefix.Le or Prefix.Lt or Prefix.Eb).MinBy(v => v.To)!;
        var before = $" AND {row}.low < {sql.Long(upper.To.UtcTicks)}";
        return $"{string.Join(" AND ", values.Select(v => Compare(v, row, sql)))} AND {Bounded(lower, row, sql, before)}";
    }

    private static string Bounded(SearchValue.Date value, string row, SqlText sql, string before)
    {
        var from = sql.Long(value.From.UtcTicks);
        var earliest = sql.Long(Math.Max(0, value.From.UtcTicks - Short));
        return $"(({row}.low >= {earliest}{before}) OR ({row}.high - {row}.low > {Short} AND {row}.high > {from}{before}))";
    }

    private static string Compare(SearchValue.Date value, string row, SqlText sql) =>
        Intervals.Compare(value.Prefix, $"{row}.low", $"{row}.high", sql.Long(value.From.UtcTicks), sql.Long(value.To.UtcTicks));

    private static bool IsLower(Criterion.Matches matches) => ((SearchValue.Date)matches.Values[0]).Prefix is Prefix.Ge or Prefix.Gt or Prefix.Sa;

    private static bool IsUpper(Criterion.Matches matches) => ((SearchValue.Date)matches.Values[0]).Prefix is Prefix.Le or Prefix.Lt or Prefix.Eb;
}
