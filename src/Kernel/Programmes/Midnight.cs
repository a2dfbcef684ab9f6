using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Programmes;

/// <summary>At local midnight (UTC+8), reconciles whom the new day moves: birthdays, windows that ended, and at New Year everybody enrolled.</summary>
/// <remarks>upcoming, due, overdue and expired need no midnight: they are computed from dates whenever they are shown.</remarks>
internal sealed partial class Midnight(RecordAccess records, FollowUps followUps, TimeProvider clock, ILogger<Midnight> logger) : BackgroundService
{
    private const int MostYears = 120;
    private static readonly Caller Self = Caller.System("programmes-midnight");

    protected override async Task ExecuteAsync(CancellationToken cancel)
    {
        var done = LocalTime.Today(clock).AddDays(-1);
        while (!cancel.IsCancellationRequested)
        {
            var today = LocalTime.Today(clock);
            if (today > done)
            {
                var changed = await SweepAsync(today, cancel);
                Swept(today, changed);
                done = today;
            }

            await Task.Delay(UntilMidnight(clock.GetUtcNow()), clock, cancel);
        }
    }

    internal static TimeSpan UntilMidnight(DateTimeOffset now)
    {
        var local = now.ToOffset(LocalTime.Offset);
        return new DateTimeOffset(local.Date, LocalTime.Offset).AddDays(1) - local + TimeSpan.FromSeconds(1);
    }

    internal async Task<int> SweepAsync(DateOnly today, CancellationToken cancel)
    {
        var changed = 0;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var request in Requests(today))
        {
            await foreach (var person in PeopleAsync(request, cancel))
            {
                if (!seen.Add(person)) continue;
                try
                {
                    changed += await followUps.ReconcileAsync(Self, person, cancel);
                }
                catch (RefusedException refused)
                {
                    Refused(person, refused.Message);
                }
            }
        }

        return changed;
    }

    private static IEnumerable<SearchRequest> Requests(DateOnly today)
    {
        // Those born on 29 February come of age on 1 March in other years.
        var birthdays = Enumerable.Range(0, MostYears).Select(y => today.AddYears(-y)).Concat(
            today is { Month: 3, Day: 1 } ? Enumerable.Range(0, MostYears).Where(y => DateTime.IsLeapYear(today.Year - y))
                .Select(y => new DateOnly(today.Year - y, 2, 29)) : []).Distinct();
        foreach (var years in birthdays.Chunk(20))
            yield return new() { Type = "Patient", Criteria = [Match("Patient", "birthdate", [.. years.Select(d => Day(Prefix.Eq, d, d.AddDays(1)))])],
                Count = SearchRequest.MostPerPage };

        var status = Match("Task", "status", [new SearchValue.Token(null, "requested"), new SearchValue.Token(null, "accepted")]);
        yield return new() { Type = "Task",
            Criteria = [status, Match("Task", "window", [Day(Prefix.Eb, today, today)]), Match("Task", "window", [Day(Prefix.Ge, today.AddDays(-1), today)])],
            Count = SearchRequest.MostPerPage };
        if (today is { Month: 1, Day: 1 })
            yield return new() { Type = "EpisodeOfCare",
                Criteria = [Match("EpisodeOfCare", "status", [new SearchValue.Token(null, "active")])], Count = SearchRequest.MostPerPage };
    }

    private async IAsyncEnumerable<string> PeopleAsync(SearchRequest request, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        string? cursor = null;
        do
        {
            var page = await records.SearchAsync(Self, request with { Cursor = cursor }, cancel);
            foreach (var stored in page.Matches)
            {
                if (request.Type is "Patient") yield return stored.Key.Id;
                else if (RecordReading.Parse(stored) is var found && (found.ReferenceTo("for") ?? found.ReferenceTo("patient")) is { } reference
                    && reference.StartsWith("Patient/", StringComparison.Ordinal))
                    yield return reference["Patient/".Length..];
            }

            cursor = page.Next;
        }
        while (cursor is not null);
    }

    private static Criterion Match(string type, string code, IReadOnlyList<SearchValue> values) =>
        new Criterion.Matches(SearchParameters.Get(type, code), Modifier.None, values);

    private static SearchValue.Date Day(Prefix prefix, DateOnly from, DateOnly to) => new(prefix, At(from), At(to));

    private static DateTimeOffset At(DateOnly day) => new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), LocalTime.Offset).ToUniversalTime();

    [LoggerMessage(Level = LogLevel.Information, Message = "Midnight of {Day}: {Changed} resources changed")]
    private partial void Swept(DateOnly day, int changed);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Midnight could not bring Patient/{Person} into line: {Why}")]
    private partial void Refused(string person, string why);
}
