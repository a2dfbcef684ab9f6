using Microsoft.AspNetCore.Antiforgery;
using Tongxin.Fhir;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Programmes;
using Tongxin.Web.SignIn;

namespace Tongxin.Host.Shell;

/// <summary>Chosen people of a panel, or all that the filter finds, are given to another doctor. Answers with the panel, which says how many.</summary>
internal static class PanelPosts
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/panel/hand-over", PostAsync).ForCarers();

    private static async Task<IResult> PostAsync(
        HttpContext http, HandOver handOver, Panel panel, Board board, InstalledProgrammes installed, TimeProvider clock, IAntiforgery antiforgery)
    {
        if (!await antiforgery.IsRequestValidAsync(http)) return Results.BadRequest();
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var caller = SignedIn.Caller(http);
        if (PanelView.Of(name => form[name], caller, panel, board, installed.Current) is not { } view) return Results.NotFound();
        var back = view.Link(f => f, view.From);
        try
        {
            var people = form["all"] == "1" ? Everybody(panel, view, LocalTime.Today(clock)) : [.. form["who"].OfType<string>()];
            if (people.Count is 0) throw RefusedException.Because(422, "not-found", "没有选中任何人。");
            var given = await handOver.GiveAsync(caller, view.Filter.Programme, people, form["to"].ToString(), form["reason"].ToString(), http.RequestAborted);
            return Results.Redirect($"{back}&given={given}");
        }
        catch (RefusedException refused) when (refused.Status is 403 or 404 or 409 or 412 or 422)
        {
            return Results.Redirect($"{back}&refused={(refused.Issues is [{ Code: "required" or "too-long" or "too-costly" } first, ..] ? first.Code : "not-found")}");
        }
    }

    // Too many are refused rather than cut off.
    private static IReadOnlyList<string> Everybody(Panel panel, PanelView view, DateOnly today)
    {
        if (panel.Count(view.Filter, today) > HandOver.MostPeople) throw RefusedException.Because(422, "too-costly", $"一次最多移交 {HandOver.MostPeople} 人。");
        return [.. panel.Rows(view.Filter, today, 0, HandOver.MostPeople).Select(r => r.Person)];
    }
}
