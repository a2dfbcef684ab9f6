using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Modules.FamilyDoctor.Pages;
using Tongxin.Web.Components;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>Signing by code: staff draw one for a draft, whoever holds it signs without signing in; and the photo of a contract on paper.</summary>
internal static class PostSigning
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/contracts/{id}/code", DrawAsync).ForCarers();
        routes.MapGet("/contracts/{id}/paper", PaperAsync).ForCarers();
        routes.MapGet("/c/{token}", ShowAsync).AllowAnonymous();
        routes.MapPost("/c/{token}", SignAsync).AllowAnonymous();
    }

    private static Task<IResult> DrawAsync(string id, HttpContext http, SigningLink links)
    {
        var page = $"/contracts/{Uri.EscapeDataString(id)}";
        return PagePost.ShowAsync(http, page, async (caller, _) =>
        {
            var token = await links.DrawAsync(caller, id, http.RequestAborted);
            http.Response.Headers.CacheControl = "no-store";
            return new RazorComponentResult<SigningCode>(new { T = Words(http), Address = $"{http.Request.Scheme}://{http.Request.Host}/c/{token}", Back = page });
        });
    }

    private static async Task<IResult> PaperAsync(string id, HttpContext http, RecordAccess records)
    {
        var caller = http.RequestServices.GetRequiredService<Caller>();
        if (await ContractReading.ReadAsync(records, caller, id, http.RequestAborted) is not var (_, stored)) return Results.NotFound();
        if (await PaperPhoto.ReadAsync(records, caller, JsonReading.Parse(stored), http.RequestAborted) is not { } photo) return Results.NotFound();
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers.CacheControl = "no-store";
        return Results.Bytes(photo.ToArray(), photo.Type);
    }

    private static async Task<IResult> ShowAsync(string token, HttpContext http, SigningLink links, ServiceCatalogue catalogue) =>
        await FormAsync(token, http, links, catalogue, null, StatusCodes.Status200OK);

    private static async Task<IResult> SignAsync(string token, HttpContext http, SigningLink links, ServiceCatalogue catalogue)
    {
        if (!http.Request.HasFormContentType) return Results.BadRequest();
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        try
        {
            await links.SignAsync(token, form["stroke"].ToString(), http.RequestAborted);
            return Page(http, null, "done.signed", StatusCodes.Status200OK);
        }
        catch (RefusedException refused) when (refused.Status is 422)
        {
            return await FormAsync(token, http, links, catalogue, $"refused.{refused.Issues[0].Code}", refused.Status);
        }
        catch (RefusedException refused) when (refused.Status is 409 && refused.Issues is [{ Code: "valid" }, ..])
        {
            return Page(http, null, "refused.valid", refused.Status);
        }
        catch (RefusedException refused) when (refused.Status is 404 or 409 or 412)
        {
            return Page(http, null, "code.gone", StatusCodes.Status404NotFound);
        }
    }

    private static async Task<IResult> FormAsync(string token, HttpContext http, SigningLink links, ServiceCatalogue catalogue, string? said, int status)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (await links.OpenAsync(token, http.RequestAborted) is not var (draft, name, team)) return Page(http, null, "code.gone", StatusCodes.Status404NotFound);
        return Page(http, new(token, draft, catalogue.Of(draft.Edition, draft.Start), name, team), said, status);
    }

    private static RazorComponentResult<SigningForm> Page(HttpContext http, ToSign? toSign, string? said, int status) =>
        new(new { T = Words(http), What = toSign, Said = said }) { StatusCode = status };

    private static Texts Words(HttpContext http) => Texts.Of(http, typeof(FamilyDoctorModule).Assembly, "FamilyDoctor");
}

/// <summary>What is shown to whoever holds a code: the draft and who signs for the team, of the person no more than the family name.</summary>
public sealed record ToSign(string Token, FamilyContract Draft, ServiceEdition Edition, string FamilyName, Team? Team);
