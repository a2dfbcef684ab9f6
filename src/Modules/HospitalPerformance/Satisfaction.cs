using Tongxin.Kernel.Measures;

namespace Tongxin.Modules.HospitalPerformance;

/// <summary>Answers of a place and all below it.</summary>
/// <param name="Mean">0–100; null when nobody answered.</param>
public sealed record PlaceAnswers(string Place, long Answers, double? Mean);

/// <summary>Results of the satisfaction survey by place, this year; few answers are never told.</summary>
/// <remarks>Fewer than thirty answers are too few to stand for a house and near enough to its visitors to be guessed (platform rule).</remarks>
public sealed class Satisfaction(ColumnStore store)
{
    public const int Fewest = 30;

    /// <summary>The places straight below one that may be told, and the place itself first when it may.</summary>
    public IReadOnlyList<PlaceAnswers> Shown(string place, DateOnly on)
    {
        if (Of([place], on) is not [{ Answers: >= Fewest } all]) return [];
        var below = Of(store.Read("SELECT id FROM organisation WHERE parent = $o ORDER BY id", r => r.GetString(0), ("o", place)), on);
        return [all, .. Tellable(all.Answers, below)];
    }

    /// <summary>What may be told of a place's children when the place itself is told: what is left out must hold nobody or enough to hide in. Pure.</summary>
    public static IReadOnlyList<PlaceAnswers> Tellable(long all, IReadOnlyList<PlaceAnswers> below)
    {
        var told = below.Where(b => b.Answers >= Fewest).OrderByDescending(b => b.Answers).ThenBy(b => b.Place, StringComparer.Ordinal).ToList();
        while (told.Count > 0 && all - told.Sum(t => t.Answers) is > 0 and < Fewest) told.RemoveAt(told.Count - 1);
        return told;
    }

    /// <summary>For the score cards: nobody counts where there are too few answers.</summary>
    public Measured At(string place, string? parent, DateOnly on)
    {
        var shown = Shown(parent ?? place, on).FirstOrDefault(s => s.Place == place);
        return shown?.Mean is { } mean ? new(shown.Answers, shown.Answers * mean / 100) : new(0, 0);
    }

    private List<PlaceAnswers> Of(List<string> places, DateOnly on) => places.Count is 0 ? [] : store.Read("""
        SELECT a.ancestor, count(*), avg(s.score)::DOUBLE FROM survey s JOIN above a ON a.organisation = s.organisation
        WHERE list_contains($o, a.ancestor) AND s.authored_on BETWEEN $f AND $t GROUP BY a.ancestor ORDER BY a.ancestor
        """, r => new PlaceAnswers(r.GetString(0), r.GetInt64(1), r.GetDouble(2)), ("o", places), ("f", new DateOnly(on.Year, 1, 1)), ("t", on));
}
