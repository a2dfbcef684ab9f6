using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Kernel.Access;
using Tongxin.Web.Components;

namespace Tongxin.Web.SignIn;

/// <summary>代办: a resident who speaks for another, in a session of its own, for exactly as long as both consent.</summary>
/// <remarks>
/// Asked of the record at every request of such a session or token: a withdrawal by either shuts it at once. Proxies whom an administrator entered by hand
/// (<c>RelatedPerson/…</c>) keep what their account says. Source: 民法典 §§161-165, 个人信息保护法 §§14-15.
/// </remarks>
public static class Proxies
{
    /// <summary>Category of a <c>Consent</c> by which its patient lets the person whom it names speak for her.</summary>
    public const string SpeaksForMe = "proxy";

    /// <summary>Category of the <c>Consent</c> by which that person agrees to.</summary>
    public const string ISpeakFor = "acts-for";

    private const int MostConsents = 50;
    private static readonly Caller Hands = Caller.System("proxies");

    /// <summary>Whether both consent now.</summary>
    public static async Task<bool> StandsAsync(RecordAccess records, string person, string proxy, CancellationToken cancel) =>
        await NamesAsync(records, person, proxy, SpeaksForMe, cancel) && await NamesAsync(records, proxy, person, ISpeakFor, cancel);

    /// <summary>A session in which the resident who is signed in speaks for <paramref name="person"/>; false when she may not.</summary>
    public static async Task<bool> BeginAsync(HttpContext http, string person)
    {
        var caller = http.RequestServices.GetRequiredService<Caller>();
        var records = http.RequestServices.GetRequiredService<RecordAccess>();
        if (caller.Role is not Role.Resident || await AccountAsync(http) is not { } account
            || !await StandsAsync(records, person, caller.Subject["Patient/".Length..], http.RequestAborted)) return false;
        await Sessions.BeginAsync(http, account, new(Role.Proxy, null), person);
        return true;
    }

    /// <summary>Back to her own record.</summary>
    public static async Task<bool> EndAsync(HttpContext http)
    {
        if (await AccountAsync(http) is not { } account || Post.Of(account).FirstOrDefault(p => p.Role is Role.Resident) is not { } own) return false;
        await Sessions.BeginAsync(http, account, own);
        return true;
    }

    /// <summary>After it is known who asks, before anything is answered.</summary>
    internal static async Task KeepStandingAsync(HttpContext http, RequestDelegate next)
    {
        if (http.User.FindFirst(ClaimNames.Role)?.Value is nameof(Role.Proxy) && http.User.FindFirst(ClaimNames.Subject)?.Value is { } subject
            && subject.StartsWith("Patient/", StringComparison.Ordinal))
        {
            var standing = new List<string>();
            foreach (var ward in http.User.FindFirst(ClaimNames.Wards)?.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [])
                if (await StandsAsync(http.RequestServices.GetRequiredService<RecordAccess>(), ward, subject["Patient/".Length..], http.RequestAborted)) standing.Add(ward);
            var identity = new ClaimsIdentity(
                http.User.Claims.Where(c => c.Type is not ClaimNames.Wards), http.User.Identity!.AuthenticationType, ClaimNames.Name, ClaimNames.Role);
            identity.AddClaim(new(ClaimNames.Wards, string.Join(' ', standing)));
            http.User = new ClaimsPrincipal(identity);
        }

        await next(http);
    }

    private static async Task<bool> NamesAsync(RecordAccess records, string giver, string named, string purpose, CancellationToken cancel) =>
        (await records.SearchAsync(Hands, "Consent", $"patient=Patient/{giver}&actor=Patient/{named}&status=active&_count={MostConsents}", cancel)).Matches
            .Select(JsonReading.Parse).Any(c => c.First("category")?.Code() == purpose);

    private static async Task<Account?> AccountAsync(HttpContext http) =>
        http.User.FindFirst(ClaimNames.Account)?.Value is { } id ? await http.RequestServices.GetRequiredService<UserManager<Account>>().FindByIdAsync(id) : null;
}
