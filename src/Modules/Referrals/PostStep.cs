using System.Globalization;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Web.Fhir;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.Referrals;

/// <summary>A step of a referral posted by a plain form; answers with the page of the referral, which says what happened.</summary>
internal static class PostStep
{
    public static void Map(IEndpointRouteBuilder routes) 
    {
        routes.MapPost("/referrals/{id}/step", PostAsync).ForCarers();
        routes.MapPost("/referrals/slots/offer", OfferAsync).ForCarers();
    }

    private static async Task<IResult> OfferAsync(HttpContext http, RecordAccess records, TimeProvider clock)
    {
        if (!await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http)) return Results.BadRequest();
        if (await http.RequestServices.GetRequiredService<CallerOf>()(http) is not { } caller) return Results.Redirect("/sign-in");
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        _ = DateOnly.TryParseExact(form["day"], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day);
        _ = int.TryParse(form["count"], NumberStyles.None, CultureInfo.InvariantCulture, out var count);
        _ = int.TryParse(form["minutes"], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes);
        try
        {
            await OfferSlots.OfferAsync(records, caller, form["clinic"].ToString(), day, count, minutes, clock, http.RequestAborted);
            return Results.Redirect("/referrals/slots?done=1");
        }
        catch (RefusedException refused) when (refused.Status is 403 or 409 or 412 or 422)
        {
            return Results.Redirect("/referrals/slots?refused=slots");
        }
    }


    private static async Task<IResult> PostAsync(string id, HttpContext http, RecordAccess records, OutgoingAddresses places, TimeProvider clock)
    {
        if (!await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http)) return Results.BadRequest();
        if (await http.RequestServices.GetRequiredService<CallerOf>()(http) is not { } caller) return Results.Redirect("/sign-in");
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var page = $"/referrals/{Uri.EscapeDataString(id)}";
        if (Read(form) is not { } step) return Results.Redirect($"{page}?refused=date");
        try
        {
            long? version = long.TryParse(form["version"], NumberStyles.None, CultureInfo.InvariantCulture, out var seen) ? seen : null;
            await MoveReferral.HandleAsync(records, caller, id, step, version, clock, http.RequestAborted, places);
            return Results.Redirect($"{page}?done=1");
        }
        catch (RefusedException refused) when (refused.Status is 404 or 409 or 412 or 422)
        {
            var code = refused.Issues is [{ Code: "slot-taken" }, ..] ? "slot-taken"
                : refused.Status is 409 or 412 ? "conflict" : refused.Issues is [var first, ..] ? first.Code : "other";
            return Results.Redirect($"{page}?refused={Uri.EscapeDataString(code)}");
        }
    }

    private static string? Link(IFormCollection form) => form["link"].ToString().Trim() is { Length: > 0 } link ? link : null;

    /// <summary>Null when a date cannot be read or there is no such step.</summary>
    private static ReferralStep? Read(IFormCollection form) => form["step"].ToString() switch
    {
        "send" => new ReferralStep.Send(form["to"].ToString(), form["consent"] == "true",
            Enum.TryParse<ReferralKind>(form["kind"], ignoreCase: true, out var kind) && Enum.IsDefined(kind) ? kind : ReferralKind.Visit),
        "receive" => new ReferralStep.Receive(),
        "accept" when form["slot"].ToString() is { Length: > 0 } slot => new ReferralStep.Accept(default, slot, Link(form)),
        "accept" => DateTime.TryParse(form["when"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var when) ? new ReferralStep.Accept(new(when,
            LocalTime.Offset), Link: Link(form)) : null,
        "decline" => new ReferralStep.Decline(form["why"].ToString()),
        "redirect" => new ReferralStep.Redirect(form["to"].ToString(), form["why"].ToString()),
        "see" => new ReferralStep.See(),
        "miss" => new ReferralStep.Miss(),
        "answer" => new ReferralStep.Answer(form["finding"].ToString()),
        "return" => DateOnly.TryParseExact(form["by"], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var by)
            ? new ReferralStep.Return(form["plan"].ToString(), by) : null,
        "close" => new ReferralStep.Close(),
        "cancel" => new ReferralStep.Cancel(form["why"].ToString()),
        _ => null,
    };
}
