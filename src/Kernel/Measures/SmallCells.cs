namespace Tongxin.Kernel.Measures;

/// <summary>Which cells of a row may not be shown to somebody who may see counts only: the small ones, and as many beside them as hide them.</summary>
/// <remarks>
/// Fewer than five people can be guessed by their neighbours (个人信息保护法 §28; handbook §0.2 item 9). One hidden cell could be computed from the row's
/// total and the others, so at least two are hidden, and together they hold nobody or at least five in each count.
/// Protects one table; comparing a table with its own past can still tell that one person changed.
/// </remarks>
public static class SmallCells
{
    public const int Fewest = 5;

    /// <summary>True for a count that points at people: some, but fewer than five.</summary>
    public static bool IsSmall(long people) => people is > 0 and < Fewest;

    public static bool IsSmall(Cell cell) => IsSmall(cell.Denominator) || IsSmall(cell.Numerator) || IsSmall(cell.Denominator - cell.Numerator);

    /// <summary>Organisations of the row that stay hidden; their total is taken as known.</summary>
    public static IReadOnlySet<string> Hidden(IReadOnlyList<Cell> row)
    {
        var hidden = row.Where(IsSmall).ToDictionary(c => c.Organisation, StringComparer.Ordinal);
        var others = new Queue<Cell>(row.Where(c => !IsSmall(c) && c.Denominator > 0).OrderBy(c => c.Denominator).ThenBy(c => c.Organisation, StringComparer.Ordinal));
        while (hidden.Count > 0 && IsGuessable(hidden.Values) && others.TryDequeue(out var next)) hidden[next.Organisation] = next;
        return hidden.Keys.ToHashSet(StringComparer.Ordinal);
    }

    private static bool IsGuessable(IReadOnlyCollection<Cell> hidden)
    {
        var (denominator, numerator) = (hidden.Sum(c => c.Denominator), hidden.Sum(c => c.Numerator));
        return hidden.Count < 2 || IsSmall(denominator) || IsSmall(numerator) || IsSmall(denominator - numerator);
    }
}
