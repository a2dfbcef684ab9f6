using System.Globalization;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;
using Tongxin.Fhir;
using Tongxin.Fhir.Questionnaires;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Web.SignIn;

namespace Tongxin.Host.Shell;

/// <summary>A form that came back because it was refused: shown again with everything that was typed.</summary>
internal sealed record PostedForm(Filling Filling, string FormId, string Key, IReadOnlyList<Issue> Issues, IReadOnlyList<Verdict> Verdicts)
{
    /// <summary>The visit that it corrects and the version that a save would now replace; null for a new visit.</summary>
    public (string Id, long Version)? Correcting { get; init; }

    /// <summary>Null unless another doctor saved the same visit in between.</summary>
    public MetVersions? Conflict { get; init; }
}

/// <summary>Two corrections of one visit that met: what was taken over from the other doctor, and what both answered differently.</summary>
public sealed record MetVersions(IReadOnlyList<AnswerChange> Taken, IReadOnlyList<AnswerChange> Both);

/// <summary>What the follow-up form posts to: the verdict while it is filled, the saving, the correcting and the withdrawing of a visit.</summary>
internal static class FollowUpPosts
{
    public const string Posted = "posted form";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/follow-ups/{id}", SaveAsync).ForCarers();
        routes.MapPost("/follow-ups/{id}/preview", PreviewAsync).ForCarers();
        routes.MapPost("/visits/{id}/{visit}/void", VoidAsync).ForCarers();
    }

    private static async Task<IResult> SaveAsync(string id, HttpContext http, FollowUps visits, VisitReading recorded, IAntiforgery antiforgery)
    {
        if (await BeginAsync(id, http, visits, recorded, antiforgery) is not { } form) return Results.Redirect("/sign-in");
        try
        {
            var saved = await visits.SaveAsync(form.Caller, id, form.Response, form.Key, http.RequestAborted, form.Correcting?.Version);
            return form.Refers && saved.Decision.ReferralDrafted is { } referral ? Results.Redirect($"/referrals/{referral}")
                : form.GoesOn ? Results.Redirect($"/today/next?after={Uri.EscapeDataString(id)}") : Results.Redirect($"/visit/{id}/{saved.Response.Id}?saved=1");
        }
        catch (RefusedException refused) when (refused.Status is 412 && form.Correcting is { } seen)
        {
            return await MetAsync(id, http, form, seen, visits, recorded);
        }
        catch (RefusedException refused) when (refused.Status is 422 or 412)
        {
            return await AgainAsync(id, http, form, visits, refused.Issues, null);
        }
    }

    private static async Task<IResult> PreviewAsync(string id, HttpContext http, FollowUps visits, VisitReading recorded, IAntiforgery antiforgery)
    {
        if (await BeginAsync(id, http, visits, recorded, antiforgery) is not { } form) return Results.Unauthorized();
        var decision = await visits.PreviewAsync(form.Caller, id, form.Response, http.RequestAborted);
        return new RazorComponentResult<VerdictView>(new { decision.Verdicts, Words = Words.Of(http), CanRefer = true });
    }

    private static async Task<IResult> VoidAsync(string id, string visit, HttpContext http, FollowUps visits, IAntiforgery antiforgery)
    {
        await antiforgery.ValidateRequestAsync(http);
        var fields = await http.Request.ReadFormAsync(http.RequestAborted);
        var page = $"/visit/{Uri.EscapeDataString(id)}/{Uri.EscapeDataString(visit)}";
        try
        {
            await visits.VoidAsync(SignedIn.Caller(http), id, visit, fields["reason"].ToString().Trim(), http.RequestAborted, Version(fields));
            return Results.Redirect($"{page}?void=1");
        }
        catch (RefusedException refused) when (refused.Status is 404 or 412 or 422)
        {
            return Results.Redirect($"{page}?refused={(refused.Status switch { 404 => "gone", 412 => "conflict", _ => "reason" })}");
        }
    }

    // What only the other doctor changed is taken over; what both changed is shown beside each other, and the next save replaces what is now seen.
    private static async Task<IResult> MetAsync(string id, HttpContext http, SentForm form, (string Id, long Version) seen, FollowUps visits, VisitReading recorded)
    {
        var common = await recorded.AsOfAsync(form.Caller, id, seen.Id, seen.Version, http.RequestAborted);
        var theirs = await recorded.ReadAsync(form.Caller, id, seen.Id, http.RequestAborted);
        if (theirs is null or { IsVoid: true } || common is null)
            return await AgainAsync(id, http, form with { Correcting = null }, visits, [Issue.Error("conflict", "这次随访刚被别人作废。您填写的内容都在下面：保存会记为一次新的随访。")], null);
        var (taken, both) = AnswerChanges.Merge(common, theirs.Filling, form.Filling);
        return await AgainAsync(id, http, form with { Correcting = (seen.Id, theirs.Version) }, visits, [], new(taken, both));
    }

    private static async Task<IResult> AgainAsync(string id, HttpContext http, SentForm form, FollowUps visits, IReadOnlyList<Issue> said, MetVersions? conflict)
    {
        var decision = await visits.PreviewAsync(form.Caller, id, form.Response, http.RequestAborted);
        http.Items[Posted] = new PostedForm(form.Filling, form.FormId, form.Key, [.. said.Concat(decision.Issues).Distinct()], decision.Verdicts)
        {
            Correcting = form.Correcting, Conflict = conflict,
        };
        return new RazorComponentResult<FramedFollowUp>(new { Id = id });
    }

    private sealed record SentForm(Caller Caller, Filling Filling, string FormId, string Key, bool Refers, (string Id, long Version)? Correcting)
    {
        /// <summary>After saving, the next person of the day's list is wanted.</summary>
        public bool GoesOn { get; init; }

        public System.Text.Json.JsonElement Response => Correcting is { } of ? Named(of.Id) : Filling.ToResponse();

        private System.Text.Json.JsonElement Named(string id)
        {
            var response = System.Text.Json.JsonSerializer.SerializeToNode(Filling.ToResponse())!.AsObject();
            response["id"] = id;
            return System.Text.Json.JsonSerializer.SerializeToElement(response);
        }
    }

    /// <summary>Null when nobody is signed in.</summary>
    private static async Task<SentForm?> BeginAsync(string id, HttpContext http, FollowUps visits, VisitReading recorded, IAntiforgery antiforgery)
    {
        await antiforgery.ValidateRequestAsync(http);
        if (SignedIn.Of(http) is null) return null;
        var caller = SignedIn.Caller(http);
        var fields = await http.Request.ReadFormAsync(http.RequestAborted);
        var formId = fields["~form"].ToString();
        (string Id, long Version)? correcting = fields["~visit"].ToString() is { Length: > 0 } visit && Version(fields) is { } seen ? (visit, seen) : null;
        var standing = correcting is { } c ? await recorded.ReadAsync(caller, id, c.Id, http.RequestAborted) : null;
        var filling = standing?.Filling ?? await visits.OpenAsync(caller, id, formId, http.RequestAborted);
        FormFields.Apply(filling, fields.Where(f => !f.Key.StartsWith('~') && !f.Key.StartsWith("__", StringComparison.Ordinal))
            .Select(f => KeyValuePair.Create(f.Key, (IReadOnlyList<string>)[.. f.Value.OfType<string>()])));
        return new(caller, filling, formId, fields["~key"].ToString(), fields["~refer"] == "1", correcting) { GoesOn = fields["~next"] == "1" };
    }

    private static long? Version(IFormCollection fields) =>
        long.TryParse(fields["~version"], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;
}
