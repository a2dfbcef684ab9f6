using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>审计: the auditor's search over the trail: who, whom, what, when, and whether somebody looked for one name. Looking is itself on record.</summary>
public static class AuditPages
{
    public const int PerPage = 50;
    private static readonly TimeSpan Local = TimeSpan.FromHours(8);

    /// <summary>What is looked for; an empty field looks for everything.</summary>
    public sealed record Question(string? Person, string? Who, string? Did, string? From, string? Until, string? Sought, bool Refused)
    {
        public bool Wants(AuditEntry entry, AuditMask mask) =>
            (Who is null || entry.Subject == Who || entry.Name.Contains(Who, StringComparison.OrdinalIgnoreCase))
            && (Did is null || entry.Did == Did) && (!Refused || !entry.Permitted)
            && (Day(From) is not { } from || DateOf(entry) >= from) && (Day(Until) is not { } until || DateOf(entry) <= until)
            && (Sought is null || entry.Query?.Contains(mask.Of(Sought), StringComparison.Ordinal) is true);

        private static DateOnly DateOf(AuditEntry entry) => DateOnly.FromDateTime(entry.At.ToOffset(Local).Date);
    }

    internal static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/audit", ShowAsync).ForRoles(Role.Auditor);

    private static async Task<IResult> ShowAsync(
        string? person, string? who, string? did, string? from, string? until, string? sought, bool? refused, long? before,
        AuditTrail trail, AuditMask mask, Caller caller, TimeProvider clock, HttpContext http)
    {
        var question = new Question(
            Given(person)?.Replace("Patient/", "", StringComparison.Ordinal), Given(who), Given(did), Given(from), Given(until), Given(sought), refused is true);
        var page = await trail.FindAsync(e => question.Wants(e, mask), question.Person, PerPage, http.RequestAborted, before);
        await trail.NoteAsync(AuditEntry.By(caller, clock.GetUtcNow(), "search", permitted: true, "Auditor") with
        {
            Type = "AuditEvent", Query = $"person={question.Person} who={question.Who} did={question.Did}{(question.Sought is { } text ? $" sought={mask.Of(text)}" : "")}",
        }, http.RequestAborted);
        return new RazorComponentResult<AuditPageView>(new { Question = question, Page = page, trail.Archived, More = page.Next is null ? null : More(http, page.Next.Value) });
    }

    private static string More(HttpContext http, long before) =>
        "/audit" + QueryString.Create(http.Request.Query.Where(q => q.Key is not "before").Select(q => KeyValuePair.Create<string, string?>(q.Key, q.Value)))
            .Add("before", before.ToString(CultureInfo.InvariantCulture)).Value;

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static DateOnly? Day(string? text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;
}
