using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tongxin.Fhir;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>What the page of a household posts: its mark of poverty relief, the end of it, and its plan.</summary>
internal static class PostHousehold
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/contracts/household/{patient}/mark", MarkAsync).ForRoles([.. FamilyDoctorModule.Carers]);
        routes.MapPost("/contracts/household/{patient}/plan", PlanAsync).ForRoles([.. FamilyDoctorModule.Carers]);
    }

    public static string Page(string patient) => $"/contracts/household/{Uri.EscapeDataString(patient)}";

    private static Task<IResult> MarkAsync(string patient, HttpContext http, MarkHousehold household) => PagePost.AnswerAsync(http, Page(patient), async (caller, form) =>
    {
        if (form["step"] == "end")
        {
            await household.EndAsync(caller, patient, http.RequestAborted);
            return $"{Page(patient)}?done=mark-ended";
        }

        DateOnly? until = form["until"].ToString() is { Length: > 0 } end ? Day(end) : null;
        await household.MarkAsync(caller, patient, new(form["kind"].ToString(), Day(form["from"].ToString()), until, form["source"].ToString().Trim()), http.RequestAborted);
        return $"{Page(patient)}?done=marked";
    });

    private static Task<IResult> PlanAsync(string patient, HttpContext http, MakeReliefPlan make) => PagePost.AnswerAsync(http, Page(patient), async (caller, form) =>
    {
        var agreed = form["member"].OfType<string>().Distinct(StringComparer.Ordinal).ToDictionary(
            m => m, m => new MemberMeasure([.. form[$"package-{m}"].OfType<string>()], form[$"measure-{m}"].ToString()), StringComparer.Ordinal);
        await make.HandleAsync(caller, patient, form["doctor"].ToString(), agreed, http.RequestAborted);
        return $"{Page(patient)}?done=planned";
    });

    private static DateOnly Day(string text) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
        ? day : throw RefusedException.Because(422, "date", "日期不对。");
}
