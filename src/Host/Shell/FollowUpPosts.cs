using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;
using Tongxin.Fhir;
using Tongxin.Fhir.Questionnaires;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Web.SignIn;

namespace Tongxin.Host.Shell;

/// <summary>A form that came back because it was refused: shown again with everything that was typed.</summary>
internal sealed record PostedForm(Filling Filling, string FormId, string Key, IReadOnlyList<Issue> Issues, IReadOnlyList<Verdict> Verdicts);

/// <summary>What the follow-up form posts to: the verdict while it is filled, and the saving.</summary>
internal static class FollowUpPosts
{
    public const string Posted = "posted form";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/follow-ups/{id}", SaveAsync).ForCarers();
        routes.MapPost("/follow-ups/{id}/preview", PreviewAsync).ForCarers();
    }

    private static async Task<IResult> SaveAsync(string id, HttpContext http, FollowUps visits, IAntiforgery antiforgery)
    {
        if (await BeginAsync(id, http, visits, antiforgery) is not var (caller, filling, formId, key)) return Results.Redirect("/sign-in");
        try
        {
            var saved = await visits.SaveAsync(caller, id, filling.ToResponse(), key, http.RequestAborted);
            return Results.Redirect($"/person/{id}?saved=1&next={saved.Decision.Next:yyyy-MM-dd}");
        }
        catch (RefusedException refused) when (refused.Status is 422 or 412)
        {
            var decision = await visits.PreviewAsync(caller, id, filling.ToResponse(), http.RequestAborted);
            http.Items[Posted] = new PostedForm(filling, formId, key, [.. refused.Issues.Concat(decision.Issues).Distinct()], decision.Verdicts);
            return new RazorComponentResult<FramedFollowUp>(new { Id = id });
        }
    }

    private static async Task<IResult> PreviewAsync(string id, HttpContext http, FollowUps visits, IAntiforgery antiforgery)
    {
        if (await BeginAsync(id, http, visits, antiforgery) is not var (caller, filling, _, _)) return Results.Unauthorized();
        var decision = await visits.PreviewAsync(caller, id, filling.ToResponse(), http.RequestAborted);
        return new RazorComponentResult<VerdictView>(new { decision.Verdicts, Words = Words.Of(http) });
    }

    private static async Task<(Caller, Filling, string FormId, string Key)?> BeginAsync(string id, HttpContext http, FollowUps visits, IAntiforgery antiforgery)
    {
        await antiforgery.ValidateRequestAsync(http);
        if (SignedIn.Of(http) is null) return null;
        var caller = SignedIn.Caller(http);
        var fields = await http.Request.ReadFormAsync(http.RequestAborted);
        var (formId, key) = (fields["~form"].ToString(), fields["~key"].ToString());
        var filling = await visits.OpenAsync(caller, id, formId, http.RequestAborted);
        FormFields.Apply(filling, fields.Where(f => !f.Key.StartsWith('~') && !f.Key.StartsWith("__", StringComparison.Ordinal))
            .Select(f => KeyValuePair.Create(f.Key, (IReadOnlyList<string>)[.. f.Value.OfType<string>()])));
        return (caller, filling, formId, key);
    }
}
