using Microsoft.AspNetCore.Antiforgery;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Programmes;
using Tongxin.Web.SignIn;

namespace Tongxin.Host.Shell;

/// <summary>What is done from the cockpit: people of a list are sent to the team as tasks. Answers with the page, which says how many.</summary>
internal static class CockpitPosts
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/cockpit/send", SendAsync)
        .ForRoles(Role.CountyCommission, Role.HospitalManager, Role.DiseaseControl, Role.TeamLeader, Role.PublicHealthStaff, Role.TownshipClinician);

    private static async Task<IResult> SendAsync(
        HttpContext http, SendList send, Outlooks outlooks, IndicatorCatalogue catalogue, Board board, TimeProvider clock, IAntiforgery antiforgery)
    {
        if (!await antiforgery.IsRequestValidAsync(http)) return Results.BadRequest();
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var caller = SignedIn.Caller(http);
        if (catalogue.Find(form["i"].ToString()) is not { } indicator || outlooks.Of(caller, indicator) is not { } outlook) return Results.NotFound();
        var back = Back(form);
        try
        {
            var by = board.Names().GetValueOrDefault(caller.Organisation ?? "", caller.Name);
            var chosen = form["all"] == "1" ? null : form["who"].OfType<string>().ToHashSet(StringComparer.Ordinal);
            var outcome = await send.SendAsync(caller, outlook,
                new(form["o"].ToString(), LocalTime.Today(clock), Numerator(form["open"]), Given(form["reason"]), chosen, form["text"].ToString(), by), http.RequestAborted);
            return Results.Redirect($"{back}&sent={outcome.Sent}&standing={outcome.Standing}");
        }
        catch (RefusedException refused) when (refused.Status is 404 or 422)
        {
            return Results.Redirect($"{back}&refused={(refused.Issues is [{ Code: "required" or "too-long" or "too-costly" } first, ..] ? first.Code : "not-found")}");
        }
    }

    /// <summary>Whom a list shows: <c>missed</c> those who did not reach it, anything else all.</summary>
    public static bool? Numerator(string? open) => open is "missed" ? false : null;

    private static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static string Back(IFormCollection form) => "/cockpit?" + string.Join('&', new[] { "i", "o", "reason", "open", "from" }
        .Where(n => form[n].ToString().Length > 0).Select(n => $"{n}={Uri.EscapeDataString(form[n].ToString())}"));
}
