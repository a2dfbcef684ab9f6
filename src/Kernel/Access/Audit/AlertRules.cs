
namespace Tongxin.Kernel.Access;

/// <summary>What a rule of the trail noticed.</summary>
/// <param name="Rule">Code: <c>many-strangers</c>, <c>watched-person</c>, <c>night-export</c>.</param>
/// <param name="People">How many people it was about.</param>
/// <param name="Person">Id of the one Patient it is about; null when it is about many.</param>
public sealed record Alert(string Rule, AuditEntry Cause, int People, string? Person = null);

/// <summary>The rules that raise alerts from the audit trail; pure but for what they remember of the last minutes.</summary>
/// <remarks>
/// 数据安全法 §29 and 个人信息保护法 §51 ask for monitoring. A caller without relation is one who reaches people by office and not by care: disease control, a
/// broken glass, the operator's token. Not thread-safe.
/// </remarks>
internal sealed class AlertRules
{
    /// <summary>Different people that one caller without relation may look at within <see cref="Window"/>.</summary>
    public const int MostStrangers = 50;

    /// <summary>Different people that anybody may take out within <see cref="Window"/> at night.</summary>
    public const int MostAtNight = 200;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private const int NightFrom = 22, NightUntil = 6;
    private const int MostCallers = 20_000;

    // China has one time zone without summer time.
    private static readonly TimeSpan Local = TimeSpan.FromHours(8);

    private readonly Dictionary<string, Recent> callers = new(StringComparer.Ordinal);
    private readonly HashSet<(string Rule, string Subject, string? Person, DateOnly Day)> told = [];

    /// <summary>Each caller is told of once a day for each rule and, where it is one, person.</summary>
    /// <param name="isWatched">Whether this person is a colleague or a public figure.</param>
    public IEnumerable<Alert> Heed(AuditEntry entry, Func<string, bool> isWatched)
    {
        if (!entry.Permitted || entry.People.Count is 0 || IsOurOwn(entry)) return [];
        var recent = Of(entry.Subject);
        recent.Add(entry);
        var alerts = new List<Alert>();
        if (recent.Strangers > MostStrangers) alerts.Add(new("many-strangers", entry, recent.Strangers));
        if (IsNight(entry.At) && (recent.People > MostAtNight || entry.Subject is "Device/export")) alerts.Add(new("night-export", entry, recent.People));
        if (entry.Role is not (Role.Resident or Role.Proxy))
            foreach (var person in entry.People.Where(isWatched)) alerts.Add(new("watched-person", entry, 1, person));
        return alerts.Where(a => told.Add((a.Rule, entry.Subject, a.Person, DateOnly.FromDateTime(entry.At.ToOffset(Local).Date)))).ToList();
    }

    /// <summary>Followers, seeding and import are the platform's own hands; the operator's token and export are somebody's.</summary>
    private static bool IsOurOwn(AuditEntry entry) => entry.Role is Role.System && entry.Subject is not ("Device/operator" or "Device/export");

    private static bool IsStranger(AuditEntry entry) =>
        entry.Purpose is "BTG" || entry.Role is Role.System || Policy.Of(entry.Role)?.Span is Span.County or Span.Nobody;

    private static bool IsNight(DateTimeOffset at) => at.ToOffset(Local).Hour is >= NightFrom or < NightUntil;

    private Recent Of(string subject)
    {
        if (callers.TryGetValue(subject, out var known)) return known;
        if (callers.Count >= MostCallers) callers.Clear();
        if (told.Count >= MostCallers) told.Clear();
        return callers[subject] = new();
    }

    /// <summary>Whom one caller looked at in the last minutes.</summary>
    private sealed class Recent
    {
        private readonly Queue<(DateTimeOffset At, string Person, bool IsStranger)> seen = new();
        private readonly Dictionary<string, int> all = new(StringComparer.Ordinal), strangers = new(StringComparer.Ordinal);

        public int People => all.Count;
        public int Strangers => strangers.Count;

        public void Add(AuditEntry entry)
        {
            var isStranger = IsStranger(entry);
            while (seen.TryPeek(out var old) && entry.At - old.At > Window)
            {
                seen.Dequeue();
                Less(all, old.Person);
                if (old.IsStranger) Less(strangers, old.Person);
            }

            foreach (var person in entry.People)
            {
                seen.Enqueue((entry.At, person, isStranger));
                all[person] = all.GetValueOrDefault(person) + 1;
                if (isStranger) strangers[person] = strangers.GetValueOrDefault(person) + 1;
            }
        }

        private static void Less(Dictionary<string, int> counts, string person)
        {
            if (--counts[person] is 0) counts.Remove(person);
        }
    }
}
