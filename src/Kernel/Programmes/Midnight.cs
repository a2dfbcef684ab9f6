using Microsoft.Extensions.Logging;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Programmes;

/// <summary>At local midnight (UTC+8), reconciles whom the new day moves: birthdays, windows that ended or expired, and at New Year everybody enrolled.</summary>
/// <remarks>
/// upcoming, due, overdue and expired need no midnight: they are computed from dates whenever they are shown. The last day that was gone through
/// is kept in the record: after days of standing still, every day that was missed is made up; a sweep that broke off is done again.
/// </remarks>
internal sealed partial class Midnight(
    IRecordStore store, RecordAccess records, FollowUps followUps, InstalledProgrammes installed, TimeProvider clock, ILogger<Midnight> logger) : StandingWork
{
    private const int MostYears = 120;

    /// <summary>After longer pauses everybody is gone through rather than day by day.</summary>
    internal const int MostDays = 31;

    internal const string Name = "programme-midnight";

    private static readonly TimeSpan AfterFailure = TimeSpan.FromMinutes(1);
    private static readonly Caller Self = Caller.System("programmes-midnight");
    private readonly Reached place = new(store, records, Self, Name);

    protected override async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                var change = installed.Changed;
                await CatchUpAsync(cancel);
                await Task.WhenAny(Task.Delay(UntilMidnight(clock.GetUtcNow()), clock, cancel), change);
                if (change.IsCompleted) await OweEverybodyAsync(cancel);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                Failed(failure);
                await Task.Delay(AfterFailure, clock, cancel);
            }
        }
    }

    /// <summary>Programmes changed: everybody is gone through at the next turn, also when this process ends before.</summary>
    internal Task OweEverybodyAsync(CancellationToken cancel) => place.SaveAsync(Json.Text(LocalTime.Today(clock).AddDays(-MostDays - 1)), cancel);

    /// <summary>Every day since the last that was gone through. Answers how many resources changed.</summary>
    internal async Task<int> CatchUpAsync(CancellationToken cancel)
    {
        var today = LocalTime.Today(clock);
        var done = Json.Day(await place.ReadAsync(cancel)) ?? today.AddDays(-1);
        if (done >= today) return 0;
        var changed = await SweepAsync(done.AddDays(1), today, cancel);
        await place.SaveAsync(Json.Text(today), cancel);
        Swept(today, changed);
        return changed;
    }

    internal static TimeSpan UntilMidnight(DateTimeOffset now)
    {
        var local = now.ToOffset(LocalTime.Offset);
        return new DateTimeOffset(local.Date, LocalTime.Offset).AddDays(1) - local + TimeSpan.FromSeconds(1);
    }

    internal async Task<int> SweepAsync(DateOnly from, DateOnly today, CancellationToken cancel)
    {
        var changed = 0;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var request in Requests(from, today))
        {
            await foreach (var person in PeopleAsync(request, from, today, cancel))
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

    private static IEnumerable<SearchRequest> Requests(DateOnly from, DateOnly today)
    {
        var days = Enumerable.Range(0, today.DayNumber - from.DayNumber + 1).Select(from.AddDays).ToList();
        if (days.Count > MostDays)
        {
            yield return new() { Type = "Patient", Count = SearchRequest.MostPerPage };
            yield break;
        }

        foreach (var years in days.SelectMany(Birthdays).Distinct().Chunk(20))
            yield return new() { Type = "Patient", Criteria = [Match("Patient", "birthdate", [.. years.Select(d => Day(Prefix.Eq, d, d.AddDays(1)))])],
                Count = SearchRequest.MostPerPage };

        // All that is late: those that become so, and those that expire, which no index knows.
        var open = Match("Task", "status", [new SearchValue.Token(null, "requested"), new SearchValue.Token(null, "accepted"), new SearchValue.Token(null, "in-progress")]);
        var ours = Match("Task", "group-identifier", [new SearchValue.Token(ProgrammeCodes.Programme, null)]);
        yield return new() { Type = "Task", Criteria = [open, ours, Match("Task", "window", [Day(Prefix.Eb, today, today)])], Count = SearchRequest.MostPerPage };
        if (from.Year < today.Year || from is { Month: 1, Day: 1 })
            yield return new() { Type = "EpisodeOfCare",
                Criteria = [Match("EpisodeOfCare", "status", [new SearchValue.Token(null, "active")])], Count = SearchRequest.MostPerPage };
    }

    /// <summary>Every date of birth whose anniversary the day is; those of 29 February on the last of February and on 1 March.</summary>
    private static IEnumerable<DateOnly> Birthdays(DateOnly day)
    {
        var same = Enumerable.Range(0, MostYears).Select(y => day.AddYears(-y));
        return day is { Month: 3, Day: 1 } or { Month: 2, Day: 28 }
            ? same.Concat(Enumerable.Range(0, MostYears).Where(y => DateTime.IsLeapYear(day.Year - y)).Select(y => new DateOnly(day.Year - y, 2, 29))) : same;
    }

    private async IAsyncEnumerable<string> PeopleAsync(
        SearchRequest request, DateOnly from, DateOnly today, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        string? cursor = null;
        do
        {
            var page = await records.SearchAsync(Self, request with { Cursor = cursor }, cancel);
            foreach (var stored in page.Matches)
            {
                if (request.Type is "Patient")
                {
                    yield return stored.Key.Id;
                    continue;
                }

                var found = RecordReading.Parse(stored);
                if (request.Type is "Task" && !Moves(found, from, today)) continue;
                if ((found.ReferenceTo("for") ?? found.ReferenceTo("patient")) is { } reference && reference.StartsWith("Patient/", StringComparison.Ordinal))
                    yield return reference["Patient/".Length..];
            }

            cursor = page.Next;
        }
        while (cursor is not null);
    }

    /// <summary>The window ended, or was over for good, on one of the days before those that begin now.</summary>
    private static bool Moves(System.Text.Json.JsonElement task, DateOnly from, DateOnly today) => ProgrammeTask.Of(task) is { Window: var window }
        && (Among(window.End, from, today) || Among(window.Expires, from, today));

    private static bool Among(DateOnly day, DateOnly from, DateOnly today) => day >= from.AddDays(-1) && day < today;

    private static Criterion Match(string type, string code, IReadOnlyList<SearchValue> values) =>
        new Criterion.Matches(SearchParameters.Get(type, code), Modifier.None, values);

    private static SearchValue.Date Day(Prefix prefix, DateOnly from, DateOnly to) => new(prefix, At(from), At(to));

    private static DateTimeOffset At(DateOnly day) => new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), LocalTime.Offset).ToUniversalTime();

    [LoggerMessage(Level = LogLevel.Information, Message = "Midnight of {Day}: {Changed} resources changed")]
    private partial void Swept(DateOnly day, int changed);

    [LoggerMessage(Level = LogLevel.Error, Message = "Midnight broke off and will be done again")]
    private partial void Failed(Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Midnight could not bring Patient/{Person} into line: {Why}")]
    private partial void Refused(string person, string why);
}
