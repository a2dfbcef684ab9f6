using System.Globalization;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.HospitalPerformance;

/// <summary>One figure of the consortium is entered or corrected. Answers with the page, which says what came of it.</summary>
internal static class PostFigures
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/figures/enter", EnterAsync).ForRoles(Role.CountyCommission, Role.HospitalManager);

    private static async Task<IResult> EnterAsync(HttpContext http, Caller caller, EnteredFigures figures, IAntiforgery antiforgery)
    {
        if (!await antiforgery.IsRequestValidAsync(http)) return Results.BadRequest();
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (!DateOnly.TryParseExact(form["end"], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var end)) return Results.Redirect("/figures?refused=period");
        var page = $"/figures?end={end:yyyy-MM-dd}";
        if (!decimal.TryParse(form["value"], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)) return Results.Redirect($"{page}&refused=value");
        try
        {
            await figures.EnterAsync(caller, form["item"].ToString(), end, value, form["source"].ToString(), http.RequestAborted);
            return Results.Redirect($"{page}&entered={Uri.EscapeDataString(form["item"].ToString())}");
        }
        catch (RefusedException refused) when (refused.Status is 404 or 409 or 412 or 422)
        {
            var why = refused.Status is 409 or 412 ? "conflict" : refused.Issues is [{ Code: "period" or "value" or "source" } first, ..] ? first.Code : "gone";
            return Results.Redirect($"{page}&refused={why}");
        }
    }
}
