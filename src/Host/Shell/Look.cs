using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;

namespace Tongxin.Host.Shell;

/// <summary>What one person did with a record on one day, as the resident reads it (谁看过我的档案): once, however many requests it was.</summary>
/// <param name="Day">The local day.</param>
/// <param name="Wrote">Something was written, not only read.</param>
/// <param name="IsEmergency">Seen by breaking the glass, for a reason that is reviewed.</param>
/// <param name="Times">Passages of that day.</param>
internal sealed record Look(DateOnly Day, string Name, Role Role, string? Organisation, bool Wrote, bool IsEmergency, int Times)
{
    /// <summary>The latest day first; the platform's own work is left out, refusals too.</summary>
    public static IEnumerable<Look> Of(IEnumerable<AuditEntry> entries) => entries
        .Where(e => e.Role is not Role.System && e.Permitted)
        .Select(e => (Entry: e, At: e.At.ToOffset(LocalTime.Offset)))
        .GroupBy(e => (e.Entry.Subject, Day: DateOnly.FromDateTime(e.At.DateTime), IsEmergency: e.Entry.Purpose is "BTG"))
        .OrderByDescending(g => g.Max(e => e.At))
        .Select(g => (g.Key, First: g.First().Entry, All: g))
        .Select(g => new Look(g.Key.Day, g.First.Name, g.First.Role, g.First.Organisation, g.All.Any(e => e.Entry.Did is "commit"), g.Key.IsEmergency, g.All.Count()));
}
