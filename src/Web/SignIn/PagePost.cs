using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>What a page posts: checked to be its own form, done as the caller, and answered with the address of a page that says what happened.</summary>
/// <remarks>A refusal goes back to the page as <c>refused=CODE</c>; what somebody else changed meanwhile is always <c>conflict</c>. The page has the words.</remarks>
public static class PagePost
{
    /// <param name="back">Address of the page that posted, which says why nothing was done.</param>
    /// <param name="act">Does it, and answers where to go.</param>
    public static Task<IResult> AnswerAsync(HttpContext http, string back, Func<Caller, IFormCollection, Task<string>> act) =>
        ShowAsync(http, back, async (caller, form) => Results.Redirect(await act(caller, form)));

    /// <summary>The same for what is shown once and has no address.</summary>
    public static async Task<IResult> ShowAsync(HttpContext http, string back, Func<Caller, IFormCollection, Task<IResult>> act)
    {
        if (!await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http)) return Results.BadRequest();
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        try
        {
            return await act(http.RequestServices.GetRequiredService<Caller>(), form);
        }
        catch (RefusedException refused) when (refused.Status is 403 or 404 or 409 or 412 or 422)
        {
            return Results.Redirect($"{back}{(back.Contains('?', StringComparison.Ordinal) ? '&' : '?')}refused={Uri.EscapeDataString(Code(refused))}");
        }
    }

    private static string Code(RefusedException refused) => refused switch
    {
        { Status: 412 } or { Status: 409, Issues: [{ Code: "transient" }, ..] } => "conflict",
        { Issues: [var first, ..] } => first.Code,
        _ => "other",
    };
}
