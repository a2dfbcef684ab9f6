using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>紧急查阅: the form that breaks the glass of one person, and its closing.</summary>
internal static class GlassPages
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var glasses = routes.MapGroup("/break-glass").ForRoles([.. Policy.Roles.Where(r => Policy.Of(r)!.MayBreakGlass)]);
        glasses.MapGet("", (string? person) => new RazorComponentResult<GlassPage>(new { Person = person ?? "" }));
        glasses.MapPost("", OpenAsync);
        glasses.MapPost("/close", async (HttpContext http, BreakGlass glass, IAntiforgery antiforgery) =>
        {
            if (!await antiforgery.IsRequestValidAsync(http)) return Results.BadRequest();
            glass.Close(http.User.FindFirst(ClaimNames.Session)?.Value);
            return Results.LocalRedirect("/");
        });
    }

    private static async Task<IResult> OpenAsync([FromForm] string person, [FromForm] string reason, [FromForm] string text, Caller caller, BreakGlass glass, HttpContext http)
    {
        try
        {
            await glass.OpenAsync(caller, person, reason, text, http.RequestAborted);
            return Results.LocalRedirect($"/people/{Uri.EscapeDataString(person)}");
        }
        catch (RefusedException refusal)
        {
            return new RazorComponentResult<GlassPage>(new { Person = person, Problem = refusal.Message }) { StatusCode = refusal.Status };
        }
    }
}
