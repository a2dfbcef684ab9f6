using System.Globalization;
using Microsoft.AspNetCore.Antiforgery;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;
using Tongxin.Web.SignIn;

namespace Tongxin.Host.Shell;

/// <summary>Freezing a period from the cockpit, and its sheets. Answers with the page, which says what came of it.</summary>
internal static class FrozenPosts
{
    public static void Map(IEndpointRouteBuilder routes, Role[] readers)
    {
        routes.MapPost("/cockpit/frozen/freeze", FreezeAsync).ForRoles(Role.CountyCommission);
        routes.MapGet("/cockpit/frozen.csv", CsvAsync).ForRoles(readers);
        routes.MapGet("/cockpit/frozen.xlsx", XlsxAsync).ForRoles(readers);
    }

    private static async Task<IResult> FreezeAsync(HttpContext http, FrozenReports reports, IAntiforgery antiforgery)
    {
        if (!await antiforgery.IsRequestValidAsync(http)) return Results.BadRequest();
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (!DateOnly.TryParseExact(form["end"], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var end)) return Refused("value");
        try
        {
            var frozen = await reports.FreezeAsync(
                SignedIn.Caller(http), end, form["i"].OfType<string>().ToHashSet(StringComparer.Ordinal), form["note"].ToString(), http.RequestAborted);
            return Results.Redirect($"{FrozenView.Link(frozen[0])}&frozen={frozen.Count}");
        }
        catch (RefusedException refused) when (refused.Status is 404 or 412 or 422 or 503)
        {
            // 412: somebody else signed the same period in the same moment.
            if (refused.Status is 412) return Refused("duplicate");
            return Refused(refused.Issues is [{ Code: "required" or "too-long" or "duplicate" or "transient" or "value" } first, ..] ? first.Code : "not-found");
        }
    }

    private static IResult Refused(string code) => Results.Redirect($"/cockpit/frozen?refused={code}");

    private static async Task<IResult> CsvAsync(HttpContext http, FrozenOutlook outlook, Board board, TimeProvider clock) =>
        await OpenedAsync(http, outlook, board, clock) is { } view
            ? Results.File(SheetFile.Csv(new FrozenSheet(view, Words.Of(http)).Tables()), "text/csv; charset=utf-8", $"{Name(view)}.csv") : Results.NotFound();

    private static async Task<IResult> XlsxAsync(HttpContext http, FrozenOutlook outlook, Board board, TimeProvider clock) =>
        await OpenedAsync(http, outlook, board, clock) is { } view
            ? Results.File(SheetFile.Xlsx(new FrozenSheet(view, Words.Of(http)).Tables()), SheetFile.WorkbookType, $"{Name(view)}.xlsx") : Results.NotFound();

    private static async Task<FrozenView?> OpenedAsync(HttpContext http, FrozenOutlook outlook, Board board, TimeProvider clock) =>
        await FrozenView.OfAsync(http, SignedIn.Caller(http), outlook, board, clock) is { Lines.Count: > 0 } view ? view : null;

    private static string Name(FrozenView view) => $"frozen-{FrozenView.Day(view.End)}{(view.Chosen is { } chosen ? $"-{chosen.Report.Indicator}" : "")}";
}
