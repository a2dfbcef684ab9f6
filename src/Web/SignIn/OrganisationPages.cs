using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>机构: the administrator's page of places: the tree, one form to make or change a place, and a CSV file for many.</summary>
internal static class OrganisationPages
{
    public const int MostShown = 5_000;
    private const long LargestFile = 2 * 1024 * 1024;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var places = routes.MapGroup("/organisations").ForRoles(Role.Administrator);
        places.MapGet("", async (OrganisationTree tree, string? id, HttpContext http) => Page(await tree.GetAsync(http.RequestAborted), id, []));
        places.MapPost("", KeepAsync);
        places.MapPost("/file", FileAsync);
    }

    private static async Task<IResult> KeepAsync(
        [FromForm] string id, [FromForm] string name, [FromForm] string kind, [FromForm] string? parent, [FromForm] string? division,
        [FromForm] string? from, [FromForm] string? until,
        OrganisationTree tree, RecordAccess records, Caller caller, HttpContext http)
    {
        var standing = await tree.GetAsync(http.RequestAborted);
        var place = new Organisation(id.Trim(), name.Trim(), kind, Given(parent), Given(division), true, Day(from), Day(until));
        var problems = OrganisationFile.Check(place, standing).Select(i => i.Diagnostics).ToList();
        if (!OrganisationFile.AllKinds.Any(k => k.Code == kind)) problems.Add("请选择机构类型。Choose a kind.");
        if ((Given(from) is not null && place.From is null) || (Given(until) is not null && place.Until is null)) problems.Add("日期写作 2020-01-31。A date is written 2020-01-31.");
        if (problems.Count > 0) return Page(standing, id, problems, place);
        return await WriteAsync([place], tree, records, caller, http);
    }

    private static async Task<IResult> FileAsync(IFormFile file, OrganisationTree tree, RecordAccess records, Caller caller, HttpContext http)
    {
        var standing = await tree.GetAsync(http.RequestAborted);
        if (file.Length > LargestFile) return Page(standing, null, [$"文件不能超过 {LargestFile / 1024} KB。The file is too large."]);
        try
        {
            using var text = new StreamReader(file.OpenReadStream());
            return await WriteAsync(OrganisationFile.Read(text, standing), tree, records, caller, http);
        }
        catch (RefusedException refusal)
        {
            return Page(standing, null, [.. refusal.Issues.Select(i => $"{i.Expression}: {i.Diagnostics}")]);
        }
    }

    private static async Task<IResult> WriteAsync(IReadOnlyList<Organisation> places, OrganisationTree tree, RecordAccess records, Caller caller, HttpContext http)
    {
        try
        {
            await OrganisationFile.WriteAsync(records, caller, places, http.RequestAborted);
            return Results.LocalRedirect("/organisations");
        }
        catch (RefusedException refusal)
        {
            return Page(await tree.GetAsync(http.RequestAborted), null, [refusal.Message]);
        }
    }

    private static RazorComponentResult<OrganisationsPage> Page(Organisations tree, string? id, IReadOnlyList<string> problems, Organisation? typed = null) =>
        new(new { Tree = tree, Edited = typed ?? tree.Find(id), Problems = problems }) { StatusCode = problems.Count > 0 ? 422 : 200 };

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static DateOnly? Day(string? text) =>
        DateOnly.TryParseExact(text?.Trim(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;
}
