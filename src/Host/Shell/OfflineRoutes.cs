using System.Text.Json;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Tongxin.Fhir;
using Tongxin.Fhir.Model;
using Tongxin.Fhir.Questionnaires;
using Tongxin.Kernel.Programmes;
using Tongxin.Web.SignIn;

namespace Tongxin.Host.Shell;

/// <summary>What the form filler asks the server for: its files, the panel, one person's record, the programmes, and the taking in of queued visits.</summary>
/// <remarks>Every reading goes through the caller's policy and leaves its audit entry, as opening the person's page does.</remarks>
internal static class OfflineRoutes
{
    public const int MostPeople = 200;
    private const int LongestVisit = 2 << 20;

    private static readonly string[] Known =
    [
        "Patient", "Bundle", "Questionnaire", "QuestionnaireResponse", "EpisodeOfCare", "Task", "Observation", "Condition", "ServiceRequest", "MedicationStatement",
        "AllergyIntolerance", "Procedure", "Consent", "Encounter",
    ];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/offline", () => new RazorComponentResult<OfflineShell>()).AllowAnonymous();
        routes.MapGet("/offline/files", () => Results.Json(new { OfflineFiles.ToKeep.Version, OfflineFiles.ToKeep.Paths })).AllowAnonymous();
        routes.MapGet("/offline/who", Who).ForCarers();
        routes.MapGet("/offline/model", (IFhirModel model) => Results.Text(ModelTable.Write(model, Known).ToJsonString(), "application/json")).ForCarers();
        routes.MapGet("/offline/panel", PanelAsync).ForCarers();
        routes.MapGet("/offline/people/{id}", PersonAsync).ForCarers();
        routes.MapGet("/offline/programmes/{digest}", Programme).ForCarers();
        routes.MapPost("/offline/people/{id}/visits", ReplayAsync).ForCarers();
    }

    /// <summary>Who is signed in, and the token that his next post must carry.</summary>
    private static IResult Who(HttpContext http, IAntiforgery antiforgery, TimeProvider clock)
    {
        var caller = SignedIn.Caller(http);
        var token = antiforgery.GetAndStoreTokens(http).RequestToken;
        return Results.Json(new { caller.Subject, SignedIn.Of(http)?.Name, Today = LocalTime.Today(clock).ToString("yyyy-MM-dd"), Token = token });
    }

    /// <summary>The people of today's list, of what is overdue and of the week, each with the one form that serves all that is due; the most urgent first.</summary>
    private static async Task<IResult> PanelAsync(HttpContext http, WorkLists lists, InstalledProgrammes programmes, TimeProvider clock)
    {
        var (caller, today) = (SignedIn.Caller(http), LocalTime.Today(clock));
        var people = new Dictionary<string, List<WorkItem>>(StringComparer.Ordinal);
        foreach (var span in new[] { WorkSpan.Today, WorkSpan.Overdue, WorkSpan.ThisWeek })
            foreach (var item in (await lists.ForAsync(caller, new() { Span = span, Count = WorkFilter.Most }, http.RequestAborted)).Items)
            {
                if (item.Patient.ValueKind is not JsonValueKind.Object || item.Task.Form is not { Length: > 0 } form || programmes.Current.Form(form, today) is null) continue;
                if (!people.TryGetValue(item.Task.Person!, out var items) && people.Count >= MostPeople) continue;
                if (items is null) people[item.Task.Person!] = items = [];
                if (!items.Exists(i => i.Task.Id == item.Task.Id)) items.Add(item);
            }

        return Results.Json(new { People = people.Values.Select(items => Line(items, today)) });
    }

    private static object Line(List<WorkItem> items, DateOnly today)
    {
        var person = PersonView.Banner(items[0].Patient);
        var due = items.Exists(i => i.State is WindowState.Due or WindowState.Overdue) ? items.Where(i => i.State is WindowState.Due or WindowState.Overdue) : items.Take(1);
        return new
        {
            person.Id, person.Name, Male = person.IsMale, Age = person.Age(today), person.Phone, person.Address,
            Form = string.Join('+', due.Select(i => i.Task.Form!).Distinct(StringComparer.Ordinal).Take(FormComposition.MostForms)),
            Needs = string.Join('+', items.Select(i => i.Task.Form!).Distinct(StringComparer.Ordinal)),
            Tasks = items.Select(i => new { i.Task.Title, i.Task.Form, State = i.State.ToString(), End = $"{i.Task.Window.End:yyyy-MM-dd}" }),
        };
    }

    private static async Task<IResult> PersonAsync(string id, string form, HttpContext http, QueuedVisits queue, InstalledProgrammes programmes, TimeProvider clock)
    {
        if (await queue.TakeAlongAsync(SignedIn.Caller(http), id, http.RequestAborted) is not { } record) return Results.NotFound();
        var today = LocalTime.Today(clock);
        var parts = form.Split('+');
        var needed = programmes.Current.All.Where(p => parts.Any(p.Forms.ContainsKey) && p.IsValidOn(today));
        return Results.Json(new
        {
            record.Patient, record.Resources, Form = form, Known = QueuedVisits.KnownOf(record),
            Programmes = needed.Select(p => p.Source.Digest),
        });
    }

    /// <summary>A programme's files without its golden cases; the digest names the content, so it never goes stale.</summary>
    private static IResult Programme(string digest, HttpContext http, InstalledProgrammes programmes)
    {
        if (programmes.Current.All.FirstOrDefault(p => p.Source.Digest == digest) is not { } package) return Results.NotFound();
        http.Response.Headers.CacheControl = "private, max-age=31536000, immutable";
        var files = package.Source.Files.Where(f => !f.Key.StartsWith("cases/", StringComparison.Ordinal) && !f.Key.StartsWith("measures/", StringComparison.Ordinal));
        return Results.Json(new { package.Source.Name, Files = files.ToDictionary(f => f.Key, f => f.Value, StringComparer.Ordinal) });
    }

    private static async Task<IResult> ReplayAsync(string id, HttpContext http, QueuedVisits queue, IAntiforgery antiforgery)
    {
        if (!await antiforgery.IsRequestValidAsync(http)) return Results.BadRequest();
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = LongestVisit;
        var visit = await ReadAsync(http);
        if (visit is null) return Results.BadRequest();
        try
        {
            return await queue.ReplayAsync(SignedIn.Caller(http), id, visit, http.RequestAborted) switch
            {
                Replayed.Saved saved => Results.Json(new { Is = "saved", saved.Id, Next = saved.Next?.ToString("yyyy-MM-dd"), saved.Referral }),
                Replayed.Conflict conflict => Results.Json(new { Is = "conflict", conflict.Theirs, conflict.Author }),
                Replayed.Held held => Results.Json(new { Is = "held", Text = held.Sentence, Form = held.FormId }),
                Replayed.Refused refused => Results.Json(new { Is = "refused", Issues = refused.Issues.Select(i => new { N = i.Expression, i.IsError, Text = i.Diagnostics }) }),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
        }
        catch (RefusedException refused) when (refused.Status is 404 or 409 or 412)
        {
            return Results.Json(new { Is = refused.Status is 404 ? "gone" : "again", Text = refused.Message });
        }
    }

    // Null when it is no visit: the queue keeps it and says so.
    private static async Task<QueuedVisit?> ReadAsync(HttpContext http)
    {
        try
        {
            using var body = await JsonDocument.ParseAsync(http.Request.Body, default, http.RequestAborted);
            var sent = body.RootElement.Deserialize<QueuedVisit>(JsonSerializerOptions.Web);
            return sent is { Response.ValueKind: JsonValueKind.Object, Key.Length: > 0 } ? sent with { Response = sent.Response.Clone() } : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
