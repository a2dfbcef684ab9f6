using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tongxin.Kernel.Access;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>What a resident posts on the page of her family doctor, and her team's answer to an order.</summary>
internal static class PostMine
{
    public const string Page = "/my-doctor";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost($"{Page}/order", OrderAsync).ForRoles(Role.Resident);
        routes.MapPost($"{Page}/rate", RateAsync).ForRoles(Role.Resident);
        routes.MapPost("/contracts/orders/{task}", AnswerAsync).ForCarers();
    }

    private static Task<IResult> OrderAsync(HttpContext http, OrderItem orders) => PagePost.AnswerAsync(http, Page, async (caller, form) =>
    {
        await orders.OrderAsync(caller, form["item"].ToString(), http.RequestAborted);
        return $"{Page}?done=ordered";
    });

    private static Task<IResult> RateAsync(HttpContext http, RateService rate) => PagePost.AnswerAsync(http, Page, async (caller, form) =>
    {
        _ = int.TryParse(form["stars"], NumberStyles.None, CultureInfo.InvariantCulture, out var stars);
        await rate.RateAsync(caller, form["service"].ToString(), stars, http.RequestAborted);
        return $"{Page}?done=rated";
    });

    private static Task<IResult> AnswerAsync(string task, HttpContext http, OrderItem orders) => PagePost.AnswerAsync(http, "/contracts?list=order", async (caller, form) =>
    {
        await orders.AnswerAsync(caller, task, form["step"] == "take" ? null : form["reason"].ToString(), http.RequestAborted);
        return $"/contracts?list=order&done={(form["step"] == "take" ? "taken" : "answered")}";
    });
}
