using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Web.Components;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.Rights;

/// <summary>What the pages of rights post, and the two files that a resident may take away.</summary>
internal static class PostRights
{
    public const string Page = "/my-rights";
    public const string Corrections = "/corrections";

    /// <summary>A code is read once, from a cookie that only its page gets: never from an address.</summary>
    public const string CodeCookie = "tongxin.proxy-code";

    public static void Map(IEndpointRouteBuilder routes)
    {
        // Named as delegates where only the request is taken: else the framework would drop their answer.
        var mine = routes.MapGroup(Page).ForRoles(Role.Resident);
        mine.MapPost("/consent", ConsentAsync);
        mine.MapPost("/invite", InviteAsync);
        mine.MapPost("/accept", AcceptAsync);
        mine.MapPost("/end", EndAsync);
        mine.MapPost("/act", (Delegate)ActAsync);
        mine.MapPost("/correct", CorrectAsync);
        mine.MapGet("/record.json", BundleAsync);
        mine.MapGet("/record.pdf", PaperAsync);
        routes.MapPost("/own-record", (Delegate)OwnAsync).ForRoles(Role.Proxy);
        routes.MapPost($"{Corrections}/{{task}}", RespondAsync).ForRoles(RightsModule.Answerers);
    }

    private static Task<IResult> ConsentAsync(HttpContext http, Consents consents) => PagePost.AnswerAsync(http, Page, async (caller, form) =>
    {
        if (form["withdraw"].ToString() is { Length: > 0 } id)
        {
            await consents.WithdrawAsync(caller, id, http.RequestAborted);
            return $"{Page}?done=withdrawn";
        }

        await consents.GiveAsync(caller, form["purpose"].ToString(), form["organisation"].ToString(), http.RequestAborted);
        return $"{Page}?done=given";
    });

    private static Task<IResult> InviteAsync(HttpContext http, SpeakFor speak) => PagePost.AnswerAsync(http, Page, async (caller, _) =>
    {
        var code = await speak.InviteAsync(caller, http.RequestAborted);
        http.Response.Cookies.Append(CodeCookie, code, new()
        {
            HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = http.Request.IsHttps, Path = Page, MaxAge = TimeSpan.FromMinutes(5),
        });
        return $"{Page}?done=invited";
    });

    private static Task<IResult> AcceptAsync(HttpContext http, SpeakFor speak) => PagePost.AnswerAsync(http, Page, async (caller, form) =>
    {
        await speak.AcceptAsync(caller, form["code"].ToString(), form["relationship"].ToString(), http.RequestAborted);
        return $"{Page}?done=accepted";
    });

    private static Task<IResult> EndAsync(HttpContext http, SpeakFor speak) => PagePost.AnswerAsync(http, Page, async (caller, form) =>
    {
        await speak.EndAsync(caller, form["consent"].ToString(), http.RequestAborted);
        return $"{Page}?done=ended";
    });

    private static Task<IResult> ActAsync(HttpContext http) => PagePost.AnswerAsync(http, Page, async (_, form) =>
        await Proxies.BeginAsync(http, form["person"].ToString()) ? "/mine" : throw RefusedException.Because(404, "not-found", "没有这份授权。"));

    private static Task<IResult> OwnAsync(HttpContext http) => PagePost.AnswerAsync(http, "/mine", async (_, _) => await Proxies.EndAsync(http) ? Page : "/mine");

    private static Task<IResult> CorrectAsync(HttpContext http, Correct correct) => PagePost.AnswerAsync(http, Page, async (caller, form) =>
    {
        await correct.AskAsync(caller, form["field"].ToString(), form["wanted"].ToString(), form["why"].ToString(), http.RequestAborted);
        return $"{Page}?done=asked";
    });

    private static Task<IResult> RespondAsync(string task, HttpContext http, Correct correct) => PagePost.AnswerAsync(http, Corrections, async (caller, form) =>
    {
        await correct.AnswerAsync(caller, task, form["step"] == "accept" ? null : form["reason"].ToString(), http.RequestAborted);
        return $"{Corrections}?done=answered";
    });

    private static async Task<IResult> BundleAsync(Caller caller, OwnData data, TimeProvider clock, HttpContext http) =>
        Results.File(OwnData.Bundle(await data.GatherAsync(caller, "fhir", http.RequestAborted), clock.GetUtcNow()), "application/fhir+json", "my-record.json");

    private static async Task<IResult> PaperAsync(Caller caller, OwnData data, TimeProvider clock, HttpContext http) => Results.File(
        OwnPaper.Of(await data.GatherAsync(caller, "pdf", http.RequestAborted), Texts.Of(http, typeof(RightsModule).Assembly, "Rights"), LocalTime.Today(clock)),
        "application/pdf", "my-record.pdf");
}
