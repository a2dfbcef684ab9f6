using System.Text.Json;
using Tongxin.Kernel.Programmes;

namespace Tongxin.Host.Shell;

/// <summary>One person of a work list with all that is owed to her, so that one visit does it.</summary>
/// <param name="Person">Null when the caller may see the work but not the person.</param>
/// <param name="Items">In the order of the list; one at least.</param>
internal sealed record WorkRow(PersonView? Person, IReadOnlyList<WorkItem> Items)
{
    /// <summary>What has waited longest of it.</summary>
    public WorkItem Worst => Items.MinBy(i => i.Task.Window.End)!;

    public bool IsLate => Worst.State is WindowState.Overdue or WindowState.Expired;

    /// <summary>The form to open: of what waits longest among that which a form records; null when none does.</summary>
    public string? Form => Items.Where(i => i.Task.Form is not null).MinBy(i => i.Task.Window.End)?.Task.Form;

    /// <summary>Days since the window closed, negative while it is open.</summary>
    public int Late(DateOnly today) => today.DayNumber - Worst.Task.Window.End.DayNumber;
}

/// <summary>The people of one place.</summary>
internal sealed record WorkGroup(string Place, IReadOnlyList<WorkRow> Rows);

/// <summary>Orders a page of tasks as people to see, place by place.</summary>
internal static class WorkRows
{
    /// <summary>How many calls are proposed first.</summary>
    public const int MostCalls = 3;

    // A call noted this lately need not be made again.
    private const int RestDays = 7;

    /// <param name="houseByHouse">To walk or to print: by address; else as the list came, the longest due first.</param>
    public static IReadOnlyList<WorkGroup> Of(IEnumerable<WorkItem> items, IReadOnlyDictionary<string, string> places, bool houseByHouse)
    {
        var rows = items.GroupBy(i => i.Task.Person ?? i.Task.Id, StringComparer.Ordinal)
            .Select(g => new WorkRow(g.First().Patient is { ValueKind: JsonValueKind.Object } patient ? PersonView.Banner(patient) : null, [.. g]));
        var groups = rows.GroupBy(r => r.Worst.Task.Organisation ?? "", StringComparer.Ordinal);
        if (houseByHouse) groups = groups.OrderBy(g => g.Key, StringComparer.Ordinal);
        return [.. groups.Select(g => new WorkGroup(
            places.GetValueOrDefault(g.Key[(g.Key.LastIndexOf('/') + 1)..], ""),
            [.. houseByHouse ? g.OrderBy(r => r.Person?.Address, StringComparer.Ordinal) : g.OrderBy(r => r.Worst.Task.Window.End)]))];
    }

    /// <summary>Whom to ring before anything else: late, with a phone, and not rung of late.</summary>
    public static IReadOnlyList<WorkRow> ToCall(IEnumerable<WorkGroup> groups, DateOnly today) =>
        [.. groups.SelectMany(g => g.Rows).Where(r => r.IsLate && r.Person?.Phone is not null && !(r.Worst.Task.Attempted > today.AddDays(-RestDays)))
            .OrderByDescending(r => r.Late(today)).Take(MostCalls)];
}
