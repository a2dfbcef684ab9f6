using System.Globalization;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Modules.HospitalPerformance.Pages;
using Tongxin.Web.Components;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.HospitalPerformance;

/// <summary>The survey's routes: invitations are drawn by staff; whoever holds a token answers without signing in.</summary>
/// <remarks>The form of a token carries no antiforgery token: the token of the address is itself the permission, and is used up by one answer.</remarks>
internal static class PostSurvey
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/surveys/draw", DrawAsync).ForRoles(Role.CountyCommission, Role.HospitalManager, Role.TeamLeader, Role.PublicHealthStaff);
        routes.MapGet("/s/{token}", ShowAsync).AllowAnonymous();
        routes.MapPost("/s/{token}", AnswerAsync).AllowAnonymous();
    }

    private static async Task<IResult> DrawAsync(HttpContext http, Caller caller, ScoreBoard scores, SurveyInvitations invitations, IAntiforgery antiforgery)
    {
        if (!await antiforgery.IsRequestValidAsync(http)) return Results.BadRequest();
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var place = form["place"].ToString();
        if (scores.Home(caller) is not { } home || !scores.Houses(home).Contains(place)) return Results.Redirect("/surveys?refused=1");
        if (!int.TryParse(form["count"], NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > SurveyInvitations.MostAtOnce)
            return Results.Redirect("/surveys?refused=1");
        var tokens = await invitations.DrawAsync(caller, place, count, http.RequestAborted);
        return new RazorComponentResult<SurveyLetters>(new
        {
            T = Words(http), Survey = invitations.Current!, Tokens = tokens, Place = scores.Names().GetValueOrDefault(place, place),
            Root = $"{http.Request.Scheme}://{http.Request.Host}",
        });
    }

    private static async Task<IResult> ShowAsync(string token, HttpContext http, SurveyInvitations invitations) =>
        await invitations.OpenAsync(token, http.RequestAborted) is { } survey
            ? Form(http, survey, token, null) : Form(http, null, "", "survey.gone", StatusCodes.Status404NotFound);

    private static async Task<IResult> AnswerAsync(string token, HttpContext http, SurveyInvitations invitations)
    {
        if (!http.Request.HasFormContentType || await invitations.OpenAsync(token, http.RequestAborted) is not { } survey)
            return Form(http, null, "", "survey.gone", StatusCodes.Status404NotFound);
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var answers = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var question in survey.Questions)
            if (int.TryParse(form[question.Id], NumberStyles.None, CultureInfo.InvariantCulture, out var step)) answers[question.Id] = step;
        try
        {
            await invitations.AnswerAsync(token, answers, http.RequestAborted);
            return Form(http, null, "", "survey.thanks");
        }
        catch (RefusedException refused) when (refused.Status is 422)
        {
            return Form(http, survey, token, "survey.all", StatusCodes.Status422UnprocessableEntity);
        }
        catch (RefusedException refused) when (refused.Status is 404 or 409 or 412)
        {
            return Form(http, null, "", "survey.gone", StatusCodes.Status404NotFound);
        }
    }

    private static RazorComponentResult<SurveyForm> Form(HttpContext http, Survey? survey, string token, string? said, int status = StatusCodes.Status200OK) =>
        new(new { T = Words(http), Survey = survey, Token = token, Said = said }) { StatusCode = status };

    private static Texts Words(HttpContext http) => Texts.Of(http, typeof(HospitalPerformanceModule).Assembly, "HospitalPerformance");
}
