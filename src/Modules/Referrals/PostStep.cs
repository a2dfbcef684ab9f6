using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
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

    private static Task<IResult> OfferAsync(HttpContext http, RecordAccess records, TimeProvider clock) => PagePost.AnswerAsync(http, "/referrals/slots", async (caller, form) =>
    {
        _ = DateOnly.TryParseExact(form["day"], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day);
        _ = int.TryParse(form["count"], NumberStyles.None, CultureInfo.InvariantCulture, out var count);
        _ = int.TryParse(form["minutes"], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes);
        await OfferSlots.OfferAsync(records, caller, form["clinic"].ToString(), day, count, minutes, clock, http.RequestAborted);
        return "/referrals/slots?done=1";
    });

    private static Task<IResult> PostAsync(string id, HttpContext http, RecordAccess records, OutgoingAddresses places, TimeProvider clock)
    {
        var page = $"/referrals/{Uri.EscapeDataString(id)}";
        return PagePost.AnswerAsync(http, page, async (caller, form) =>
        {
            var step = Read(form) ?? throw RefusedException.Because(422, "date", "日期不对，或没有这一步。");
            long? version = long.TryParse(form["version"], NumberStyles.None, CultureInfo.InvariantCulture, out var seen) ? seen : null;
            await MoveReferral.HandleAsync(records, caller, id, step, version, clock, http.RequestAborted, places);
            return $"{page}?done=1";
        });
    }

    private static string? Link(IFormCollection form) => form["link"].ToString().Trim() is { Length: > 0 } link ? link : null;

    /// <summary>Null when a date cannot be read or there is no such step.</summary>
    private static ReferralStep? Read(IFormCollection form) => form["step"].ToString() switch
    {
        "send" => new ReferralStep.Send(form["to"].ToString(), form["consent"] == "true",
            Enum.TryParse<ReferralKind>(form["kind"], ignoreCase: true, out var kind) && Enum.IsDefined(kind) ? kind : ReferralKind.Visit,
            [.. form["part"].OfType<string>()]),
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
