using System.Globalization;
using Microsoft.AspNetCore.Antiforgery;
using Tongxin.Fhir;
using Tongxin.Kernel.Programmes;
using Tongxin.Web.SignIn;

namespace Tongxin.Host.Shell;

/// <summary>What a doctor does to one task of the list without a visit: take it, hand it on, move it, note a call.</summary>
/// <remarks>Answers with the page of the task, which says what happened; a call noted on the list itself answers with the list.</remarks>
internal static class WorkPosts
{
    public const int LongestNote = 400;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/today/task/{id}/step", PostAsync).ForCarers();
        routes.MapGet("/today/next", NextAsync).ForCarers();
    }

    /// <summary>保存，下一位: the follow-up of whoever is next on the day's list after a person; the list when nobody is.</summary>
    private static async Task<IResult> NextAsync(string? after, HttpContext http, WorkLists lists)
    {
        var due = (await lists.ForAsync(SignedIn.Caller(http), new() { Count = WorkFilter.Most }, http.RequestAborted)).Items
            .Where(i => i.Task is { Form.Length: > 0, Person: not null }).ToList();
        var next = due.Find(i => i.Task.Person != $"Patient/{after}");
        return Results.Redirect(next is null ? "/today" : $"/follow-up/{next.Task.Person![8..]}?due={Uri.EscapeDataString(next.Task.Form!)}");
    }

    private static async Task<IResult> PostAsync(string id, HttpContext http, WorkLists lists, IAntiforgery antiforgery)
    {
        if (!await antiforgery.IsRequestValidAsync(http)) return Results.BadRequest();
        var page = $"/today/task/{Uri.EscapeDataString(id)}";
        try
        {
            var form = await http.Request.ReadFormAsync(http.RequestAborted);
            await StepAsync(id, http, lists, form);
            return Results.Redirect(form["back"] == "today" ? "/today?called=1" : $"{page}?done=1");
        }
        catch (RefusedException refused) when (refused.Status is 400 or 404 or 409 or 412 or 422)
        {
            return Results.Redirect($"{page}?refused={refused.Status switch { 404 => "gone", 409 => "closed", 412 => "conflict", _ => Code(refused) }}");
        }
    }

    private static async Task StepAsync(string id, HttpContext http, WorkLists lists, IFormCollection form)
    {
        var (caller, cancel) = (SignedIn.Caller(http), http.RequestAborted);
        long? version = long.TryParse(form["version"], NumberStyles.None, CultureInfo.InvariantCulture, out var seen) ? seen : null;
        var note = form["note"].ToString().Trim();
        if (note.Length > LongestNote) throw RefusedException.Because(422, "too-long", $"说明不能超过 {LongestNote} 字。");
        switch (form["step"].ToString())
        {
            case "claim":
                await lists.ClaimAsync(caller, id, cancel, version);
                break;
            case "delegate":
                await lists.DelegateAsync(caller, id, form["to"].ToString(), cancel, version);
                break;
            case "reschedule":
                await lists.RescheduleAsync(caller, id, Day(form) ?? throw RefusedException.Because(422, "required", "改到哪一天？"), note, cancel, version);
                break;
            case "attempt" when Enum.TryParse<ContactOutcome>(form["outcome"], out var outcome) && Enum.IsDefined(outcome):
                await lists.AttemptAsync(caller, id, outcome, Day(form), note, cancel, version);
                break;
            case "answer":
                await lists.AnswerAsync(caller, id, note, cancel, version);
                break;
            default:
                throw RefusedException.Because(422, "value", "没有这样的操作。");
        }
    }

    // Null when no day is given; a day that cannot be read is refused, not dropped.
    private static DateOnly? Day(IFormCollection form) => form["when"].ToString() is not { Length: > 0 } text ? null
        : DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day
        : throw RefusedException.Because(422, "business-rule", "日期写法不对。");

    private static string Code(RefusedException refused) =>
        refused.Issues is [{ Code: "required" or "business-rule" or "too-long" or "not-found" } first, ..] ? first.Code : "other";
}
