using System.Text.Json;
using Tongxin.Fhir.Model;
using Tongxin.Fhir.Questionnaires;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Kernel.Programmes;

/// <summary>One service that a person is owed: what, when, and on account of which visit or date.</summary>
/// <param name="Anchor">What makes it this one and not another: the visit before, the year, the point.</param>
public sealed record Owed(string Id, ProgrammeService Service, string Title, string Form, TaskWindow Window, string Anchor);

/// <summary>What an enrolled person is owed on a day. Pure; the same history gives the same list, whatever was asked before.</summary>
public static class Schedule
{

    private const int December = 12;
    private const int LastOfDecember = 31;

    public static IReadOnlyList<Owed> Of(ProgrammePackage package, PersonRecord record, JsonElement episode, IReadOnlyList<Visit> visits, DateOnly today, IFhirModel model)
    {
        var enrolled = Json.Day(episode.Member("period")?.Text("start")) ?? today;
        return [.. package.Services.SelectMany(s => Of(s))];

        IEnumerable<Owed> Of(ProgrammeService service)
        {
            if (service.When is { } when && !(Judgement.Evaluate(when, record, today, episode, model) is [var only] && PathValues.Truth(only) is true)) return [];
            var done = visits.Where(v => v.Forms.Contains(service.Form) || v.Forms.Any(service.Follows.Contains)).ToList();
            return service.Kind switch
            {
                ServiceKind.Yearly => [Yearly(package, record, episode, service, done, enrolled, today)],
                ServiceKind.Points => Points(package, record, episode, service, visits, today, model),
                _ => AfterVisit(package, record, episode, service, done, enrolled) is { } owed ? [owed] : [],
            };
        }
    }

    private static Owed? AfterVisit(ProgrammePackage package, PersonRecord record, JsonElement episode, ProgrammeService service, List<Visit> done, DateOnly enrolled)
    {
        if (done.MaxBy(v => v.Date) is not { } last)
            return Make(package, record, episode, service, service.Title, service.Form, "first", Window(service, service.First.After(enrolled), enrolled, service.Late));

        var assessed = service.Kind is ServiceKind.ByClass ? record.Find($"Observation/{Assessment.IdFor(package.Code, last.Id)}") : null;
        var assessment = assessed is { } found ? Assessment.Of(found, package.Code) : null;
        var due = assessment?.Next ?? service.Interval.After(last.Date);
        var isShort = due.DayNumber - last.Date.DayNumber <= ProgrammeService.ShortIntervalDays;
        var title = assessment?.Fact(Assessment.ReferralFact) is not null ? $"{service.Title}（追踪转诊结果）"
            : isShort && service.Kind is ServiceKind.ByClass ? $"{service.Title}（复访）" : service.Title;
        return Make(package, record, episode, service, title, service.Form, last.Id, Window(service, due, last.Date.AddDays(1), isShort ? service.ShortLate : service.Late));
    }

    private static TaskWindow Window(ProgrammeService service, DateOnly due, DateOnly earliest, CalendarSpan late)
    {
        var start = service.Early.Before(due);
        if (start < earliest) start = earliest;
        if (start > due) start = due;
        var end = late.After(due);
        var expires = service.Expires.After(due);
        return new(start, due, end, expires < end ? end : expires);
    }

    /// <summary>Done this year: the next is owed from New Year; else it is owed until the last of December.</summary>
    private static Owed Yearly(ProgrammePackage package, PersonRecord record, JsonElement episode, ProgrammeService service, List<Visit> done, DateOnly enrolled, DateOnly today)
    {
        var year = done.Exists(v => v.Date.Year == today.Year) ? today.Year + 1 : today.Year;
        var first = new DateOnly(year, 1, 1);
        var end = new DateOnly(year, December, LastOfDecember);
        var start = enrolled > first && enrolled <= end ? enrolled : first;
        return Make(package, record, episode, service, $"{service.Title}（{year} 年）", service.Form, $"{year}", new(start, end, end, end));
    }

    /// <summary>Every point whose time has come and is not over, and the next one to come. What another visit of the same form did in its window counts.</summary>
    private static IEnumerable<Owed> Points(
        ProgrammePackage package, PersonRecord record, JsonElement episode, ProgrammeService service, IReadOnlyList<Visit> visits, DateOnly today, IFhirModel model)
    {
        if (Judgement.Evaluate(service.Anchor!, record, today, episode, model) is not [var only] || Json.Day(PathValues.Text(only)) is not { } anchor) yield break;
        var next = false;
        foreach (var point in service.Points)
        {
            var window = Window(point, anchor);
            if (visits.Any(v => v.Forms.Contains(point.Form) && v.Date >= window.Start && v.Date <= window.Expires)) continue;
            if (window.On(today) is WindowState.Expired) continue;
            if (window.Start > today)
            {
                if (next) yield break;
                next = true;
            }

            yield return Make(package, record, episode, service, point.Title, point.Form, point.Id, window);
        }
    }

    private static TaskWindow Window(ServicePoint point, DateOnly anchor)
    {
        var due = point.Due.After(anchor);
        var end = point.To.After(due);
        var expires = point.Expires is { } span ? span.After(due) : end;
        return new(point.From.Before(due), due, end, expires < end ? end : expires);
    }

    private static Owed Make(
        ProgrammePackage package, PersonRecord record, JsonElement episode, ProgrammeService service, string title, string form, string anchor, TaskWindow window) =>
        new(StableId.Of("task", record.PatientId, package.Code, episode.Text("id") ?? "", service.Id, anchor), service, title, form, window, anchor);
}
