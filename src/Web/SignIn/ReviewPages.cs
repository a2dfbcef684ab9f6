using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Web.SignIn;

/// <summary>复核: broken glass and alerts that wait for a verdict, the oldest deadline first; the verdict stays with the task.</summary>
public static class ReviewPages
{
    public const int ShortestText = 5;
    private const string Open = "code=https://tongxin.health/cs/task|review-break-glass,https://tongxin.health/cs/task|review-alert&_sort=-_lastUpdated&_count=200";

    /// <summary>One review as it is shown.</summary>
    public sealed record Review(string Id, long Version, string Kind, string What, string? Person, DateTimeOffset Due, bool IsOpen, string? Verdict);

    internal static void Map(IEndpointRouteBuilder routes)
    {
        var reviews = routes.MapGroup("/reviews").ForRoles(Role.Auditor, Role.SecurityOfficer);
        reviews.MapGet("", async (RecordAccess records, Caller caller, TimeProvider clock, HttpContext http) => await PageAsync(records, caller, clock, null, http));
        reviews.MapPost("/{id}", JudgeAsync);
    }

    private static async Task<IResult> JudgeAsync(
        string id, [FromForm] string verdict, [FromForm] string text, [FromForm] long version, RecordAccess records, Caller caller, TimeProvider clock, HttpContext http)
    {
        if (verdict is not ("justified" or "not-justified") || text.Trim().Length < ShortestText)
            return await PageAsync(records, caller, clock, $"请选择结论并写明理由（至少 {ShortestText} 字）。Choose a verdict and say why.", http);
        var standing = ResourceKey.IsLegalId(id) ? await records.ReadAsync(caller, new("Task", id), http.RequestAborted) : null;
        if (standing is null or { IsDeleted: true }) throw RefusedException.Because(404, "not-found", "没有这项复核。There is no such review.");
        var task = (JsonObject)JsonNode.Parse(standing.Body.Span)!;
        if ((string?)task["status"] is "completed") return await PageAsync(records, caller, clock, "已经复核过。It was reviewed already.", http);
        task["status"] = "completed";
        task["lastModified"] = ResourceBody.Instant(clock.GetUtcNow());
        task["output"] = new JsonArray(
            new JsonObject { ["type"] = new JsonObject { ["text"] = "verdict" }, ["valueString"] = verdict },
            new JsonObject { ["type"] = new JsonObject { ["text"] = "reason" }, ["valueString"] = text.Trim() },
            new JsonObject { ["type"] = new JsonObject { ["text"] = "by" }, ["valueString"] = $"{caller.Name} ({caller.Subject})" });
        try
        {
            await records.CommitAsync(caller, [new Change.Put(standing.Key, JsonSerializer.SerializeToUtf8Bytes(task), version)], new(Reason: verdict), http.RequestAborted);
            return Results.LocalRedirect("/reviews");
        }
        catch (RefusedException moved) when (moved.Status is 412)
        {
            return await PageAsync(records, caller, clock, "刚由别人处理过。Somebody else has just reviewed it.", http);
        }
    }

    private static async Task<IResult> PageAsync(RecordAccess records, Caller caller, TimeProvider clock, string? problem, HttpContext http)
    {
        var found = await records.SearchAsync(caller, "Task", Open, http.RequestAborted);
        var reviews = found.Matches.Select(Read).OrderByDescending(r => r.IsOpen).ThenBy(r => r.Due).ToList();
        return new RazorComponentResult<ReviewsPage>(new { Reviews = reviews, Now = clock.GetUtcNow(), Problem = problem }) { StatusCode = problem is null ? 200 : 422 };
    }

    private static Review Read(Stored stored)
    {
        var task = JsonNode.Parse(stored.Body.Span)!;
        var due = DateTimeOffset.TryParse((string?)task["restriction"]?["period"]?["end"], CultureInfo.InvariantCulture, out var end) ? end : stored.LastUpdated;
        string? Named(string list, string name) => (string?)(task[list] as JsonArray)?.FirstOrDefault(i => (string?)i?["type"]?["text"] == name)?["valueString"];
        return new(stored.Key.Id, stored.Version, (string?)task["code"]?["coding"]?[0]?["code"] ?? "", (string?)task["description"] ?? "", Named("input", "person"), due,
            (string?)task["status"] is not "completed", Named("output", "verdict") is { } verdict ? $"{verdict}: {Named("output", "reason")} — {Named("output", "by")}" : null);
    }
}
