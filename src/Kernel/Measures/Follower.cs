using Tongxin.Kernel.Access;
using System.Reflection;
using System.Text.Json;
using DuckDB.NET.Data;
using Microsoft.Extensions.Logging;
using Tongxin.Fhir.Model;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Measures;

/// <summary>Follows the record: keeps the flat views current, asks the indicators about the people touched, and about everybody when the day turns.</summary>
/// <remarks>Derived and restartable: its place in the feed is stored in the same transaction as what it made of it.</remarks>
internal sealed partial class Follower(
    IRecordStore store, ColumnStore columns, IndicatorCatalogue catalogue, IFhirModel model, Freshness freshness, TimeProvider clock,
    ILogger<Follower> logger) : StandingWork
{
    private const int EntriesPerRead = 2_000;
    private const int MonthsOfCourse = 13;

    /// <summary>More touched people than this are not worth narrowing down: everybody is asked.</summary>
    private const int MostTouched = 5_000;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(1);

    /// <summary>More touched people at once than this are a flood (an import, another system's batch): their numbers may wait some seconds.</summary>
    private const int Flood = 500;

    private static readonly TimeSpan LongestRestInFlood = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PauseAfterFault = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CountyZone = TimeSpan.FromHours(8);

    private readonly Dictionary<string, List<FlatView>> views = Shipped().GroupBy(v => v.Resource, StringComparer.Ordinal)
        .ToDictionary(g => g.Key, g => g.ToList(), StringComparer.Ordinal);

    /// <summary>Who changed since today was asked, and since the ends of the months before it were: those move a line of a chart, not the number on the screen.</summary>
    private readonly HashSet<string> touched = new(StringComparer.Ordinal), touchedBefore = new(StringComparer.Ordinal);

    // A course asks for twelve month's ends: a fifth of one processor at most, but not later than a reader would ask again.
    private const int CourseRestsFor = 4;
    private static readonly TimeSpan ShortestCourseRest = TimeSpan.FromSeconds(5), LongestCourseRest = TimeSpan.FromSeconds(20);
    private TimeSpan courseRest = ShortestCourseRest;
    private DateTimeOffset courseAsked;
    private long position;
    private DateOnly evaluated;

    /// <summary>The county's date.</summary>
    private DateOnly Today => DateOnly.FromDateTime(clock.GetUtcNow().ToOffset(CountyZone).DateTime);

    protected override async Task RunAsync(CancellationToken cancel)
    {
        await PrepareAsync(cancel);
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                if (!await StepAsync(cancel)) await WaitAsync(cancel);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                freshness.Behind();
                Stumbled(fault, position);
                await Task.Delay(PauseAfterFault, clock, cancel);
            }
        }
    }

    /// <summary>One read of the feed. False when nothing was left to do.</summary>
    internal async Task<bool> StepAsync(CancellationToken cancel)
    {
        var entries = await store.FeedAsync(position, EntriesPerRead, cancel);
        if (entries.Count > 0)
        {
            freshness.Behind();
            await TakeInAsync(entries, cancel);
        }

        if (entries.Count >= EntriesPerRead) return true;
        if (touched.Count > 0 || evaluated != Today || IsCourseDue) await EvaluateAsync(cancel);
        else if (entries.Count is 0) return false;
        freshness.Current();
        return true;
    }

    internal IEnumerable<FlatView> Views => views.Values.SelectMany(v => v).OrderBy(v => v.Name, StringComparer.Ordinal);

    /// <summary>Takes in what the record has, and counts nothing: who follows next asks everybody.</summary>
    internal async Task CatchUpAsync(CancellationToken cancel)
    {
        while (await store.FeedAsync(position, EntriesPerRead, cancel) is { Count: > 0 } entries) await TakeInAsync(entries, cancel);
    }

    internal async Task PrepareAsync(CancellationToken cancel) => await columns.WriteAsync(connection =>
    {
        StartAnewWhenViewsChanged(connection);
        foreach (var view in views.Values.SelectMany(v => v)) view.Create(connection);
        var progress = ColumnStore.Read(connection, "SELECT position, definitions, evaluated FROM progress", r =>
            (Position: r.GetInt64(0), Definitions: r.GetString(1), Evaluated: DateOnly.FromDateTime(r.GetDateTime(2))));
        if (progress is [var last]) (position, evaluated) = (last.Position, last.Definitions == catalogue.Fingerprint ? last.Evaluated : DateOnly.MinValue);
        else ColumnStore.Run(connection, "INSERT INTO progress VALUES (0, NULL, '', DATE '0001-01-01')");
    }, cancel);

    // Tables of older views have other columns: what is derived is made again from the record.
    private void StartAnewWhenViewsChanged(DuckDBConnection connection)
    {
        var shape = string.Join('\n', views.Values.SelectMany(v => v).Select(v => v.Shape).Order(StringComparer.Ordinal));
        ColumnStore.Run(connection, "CREATE TABLE IF NOT EXISTS built(shape VARCHAR)");
        if (ColumnStore.Read(connection, "SELECT shape FROM built", r => r.GetString(0)) is [var stood] && stood == shape) return;
        foreach (var view in views.Values.SelectMany(v => v)) view.Drop(connection);
        ColumnStore.Run(connection, "DELETE FROM progress; DELETE FROM membership; DELETE FROM cell; DELETE FROM organisation; DELETE FROM above; DELETE FROM built");
        ColumnStore.Run(connection, "INSERT INTO built VALUES ($s)", ("s", shape));
    }

    private async Task TakeInAsync(IReadOnlyList<FeedEntry> entries, CancellationToken cancel)
    {
        var latest = new Dictionary<ResourceKey, Stored>();
        foreach (var entry in entries) latest[entry.Stored.Key] = entry.Stored;
        var isFirstLoad = position is 0;
        var organisationsChanged = latest.Keys.Any(k => k.Type is "Organization");
        await columns.WriteAsync(connection =>
        {
            foreach (var group in latest.Values.GroupBy(s => s.Key.Type, StringComparer.Ordinal))
                foreach (var view in views.GetValueOrDefault(group.Key) ?? [])
                    TakeIn(connection, view, [.. group], isFirstLoad);
            if (organisationsChanged) OrganisationTree.Rebuild(connection);
            ColumnStore.Run(connection, "UPDATE progress SET position = $p, committed = $t, evaluated = DATE '0001-01-01'",
                ("p", entries[^1].Position), ("t", entries[^1].Stored.LastUpdated.UtcDateTime));
        }, cancel);
        position = entries[^1].Position;
        foreach (var entry in entries)
            if (entry.Person is { } person && touched.Add(person)) touchedBefore.Add(person);
    }

    private void TakeIn(DuckDBConnection connection, FlatView view, IReadOnlyList<Stored> resources, bool isFirstLoad)
    {
        var rows = new List<object?[]>(resources.Count);
        foreach (var stored in resources)
        {
            if (stored.IsDeleted) continue;
            using var document = JsonDocument.Parse(stored.Body);
            rows.AddRange(view.Rows(document.RootElement, model).Select(r => r.Row));
        }

        view.Replace(connection, [.. resources.Select(r => r.Key.Id)], rows, isFirstLoad);
    }

    private async Task EvaluateAsync(CancellationToken cancel)
    {
        var (today, began) = (Today, clock.GetTimestamp());
        var people = touched.ToList();
        var everybody = evaluated != today || people.Count > MostTouched;
        await AskAsync(today, people, everybody, cancel);
        touched.ExceptWith(people);
        if (everybody || IsCourseDue)
        {
            var (before, started) = (touchedBefore.ToList(), clock.GetTimestamp());
            foreach (var day in MonthsBefore(today)) await AskAsync(day, before, everybody || before.Count > MostTouched, cancel);
            touchedBefore.ExceptWith(before);
            courseAsked = clock.GetUtcNow();
            var rested = clock.GetElapsedTime(started) * CourseRestsFor;
            courseRest = rested < ShortestCourseRest ? ShortestCourseRest : rested > LongestCourseRest ? LongestCourseRest : rested;
        }

        // Noted only when nobody waits to be asked: a server that ends before asks everybody at its next start.
        if (touchedBefore.Count is 0) await columns.WriteAsync(connection => Finish(connection, today), cancel);
        evaluated = today;
        // Half of one processor at most while others write without a pause, a tenth in a flood; a single visit is counted at once.
        var worked = clock.GetElapsedTime(began);
        var (rest, longest) = people.Count > Flood ? (worked * 9, LongestRestInFlood) : (worked, LongestRest);
        await Task.Delay(rest < longest ? rest : longest, clock, cancel);
    }

    private bool IsCourseDue => touchedBefore.Count > 0 && clock.GetUtcNow() - courseAsked >= courseRest;

    private Task AskAsync(DateOnly day, List<string> people, bool everybody, CancellationToken cancel) => columns.WriteAsync(connection =>
    {
        if (everybody) Evaluation.OfEverybody(connection, catalogue.All, day);
        else if (people.Count > 0) Evaluation.OfPeople(connection, catalogue.All, day, people);
    }, cancel);

    private void Finish(DuckDBConnection connection, DateOnly today)
    {
        ColumnStore.Run(connection, "UPDATE progress SET definitions = $f, evaluated = $d", ("f", catalogue.Fingerprint), ("d", today));

        // A day that has passed stays only where a course shows it: at the end of its month.
        ColumnStore.Run(connection, $"DELETE FROM membership WHERE as_of < {ColumnStore.Literal(today)} AND as_of <> last_day(as_of)");
        ColumnStore.Run(connection, $"DELETE FROM cell WHERE as_of < {ColumnStore.Literal(today)} AND as_of <> last_day(as_of)");
    }

    /// <summary>The ends of the months before today.</summary>
    private static IEnumerable<DateOnly> MonthsBefore(DateOnly today)
    {
        for (var month = 1; month < MonthsOfCourse; month++) yield return new DateOnly(today.Year, today.Month, 1).AddMonths(1 - month).AddDays(-1);
    }

    private async Task WaitAsync(CancellationToken cancel)
    {
        var midnight = Today.AddDays(1).ToDateTime(TimeOnly.MinValue) - clock.GetUtcNow().ToOffset(CountyZone).DateTime;
        using var wake = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        freshness.Current();
        var rest = touchedBefore.Count > 0 && courseRest < midnight ? courseRest : midnight;
        await Task.WhenAny(store.FeedGrewAsync(position, wake.Token), Task.Delay(rest, clock, wake.Token));
        freshness.Behind();
        await wake.CancelAsync();
        await Task.Delay(Pause, clock, cancel);
    }

    private static IEnumerable<FlatView> Shipped()
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.Contains(".Measures.views.", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            using var document = JsonDocument.Parse(stream);
            yield return new FlatView(document.RootElement.Clone());
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The indicators stopped at position {Position} of the record and will try again")]
    private partial void Stumbled(Exception fault, long position);
}
