using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Tongxin.Web.SignIn;

/// <summary>Where a person allows an application what it asks for: within its registration, for one person of the record where it works on one.</summary>
internal static class AuthorizeEndpoint
{
    private const int MostFound = 20;

    public static async Task<IResult> HandleAsync(HttpContext http, IOpenIddictApplicationManager clients, IAntiforgery antiforgery, RecordAccess records)
    {
        var request = http.GetOpenIddictServerRequest() ?? throw RefusedException.Because(400, "structure", "This is no authorization request.");
        var session = await http.AuthenticateAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        if (!session.Succeeded || CallerClaims.Caller(session.Principal, null) is not { } caller)
            return Results.Challenge(new() { RedirectUri = "/connect/authorize" + Query(request) }, [CookieAuthenticationDefaults.AuthenticationScheme]);
        var client = (await clients.FindByClientIdAsync(request.ClientId!, http.RequestAborted))!;
        var scopes = GrantedScopes.Of(request.GetScopes(), await NewClient.ScopesOfAsync(clients, client, http.RequestAborted));
        if (scopes.Count is 0) return Refuse(Errors.InvalidScope, "None of these scopes is within what the application was registered with.");
        if (scopes.Any(GrantedScopes.IsOfResources) && ((string?)request["aud"])?.TrimEnd('/') != SmartConfiguration.Root(http) + "/fhir")
            return Refuse(Errors.InvalidRequest, "aud must be the address of this FHIR API.");

        var answer = HttpMethods.IsPost(http.Request.Method) && http.Request.HasFormContentType ? http.Request.Form["answer"].ToString() : "";
        if (answer.Length > 0 && !await antiforgery.IsRequestValidAsync(http)) return Results.BadRequest();
        if (answer is "no") return Refuse(Errors.AccessDenied, "The person refused.");
        var choice = await ChoiceAsync(http, request, session.Principal, caller, scopes, records);
        if (choice.Launch is false) return Refuse(Errors.InvalidRequest, "The launch is over or not yours.");
        if (answer is "yes" && (choice.Patient is not null || !choice.IsAsked)) return Grant(http, session.Principal, scopes, choice.Patient);
        return new RazorComponentResult<ConsentPage>(new
        {
            Application = await clients.GetDisplayNameAsync(client) ?? request.ClientId, Scopes = scopes, Fields = Fields(request),
            Choose = choice.IsAsked, choice.People, Find = choice.Find,
        });
    }

    /// <summary>Whom the application will work on.</summary>
    /// <param name="IsAsked">Whether a person must be chosen and is not yet.</param>
    /// <param name="Launch">False for a launch handle that does not hold.</param>
    private sealed record Choice(string? Patient, bool IsAsked, IReadOnlyList<(string Id, string Name)> People, string Find, bool Launch = true);

    private static async Task<Choice> ChoiceAsync(
        HttpContext http, OpenIddictRequest request, ClaimsPrincipal person, Caller caller, IReadOnlyList<string> scopes, RecordAccess records)
    {
        if ((string?)request["launch"] is { Length: > 0 } handle && scopes.Contains(GrantedScopes.Launch))
            return LaunchContext.Read(http, handle, person.FindFirst(ClaimNames.Account)?.Value) is { } launched
                ? new(launched, false, [], "") : new(null, false, [], "", Launch: false);
        // The context of a resident's application is the resident herself.
        if (caller.Subject.StartsWith("Patient/", StringComparison.Ordinal)) return new(caller.Subject["Patient/".Length..], false, [], "");
        if (caller.Role is Role.Proxy && caller.Wards.Count is 1) return new(caller.Wards[0], false, [], "");
        if (!scopes.Contains(GrantedScopes.LaunchPatient)) return new(null, false, [], "");

        var form = http.Request.HasFormContentType ? http.Request.Form : null;
        if (form?["person"].ToString() is { Length: > 0 } chosen && ResourceKey.IsLegalId(chosen)
            && await records.ReadAsync(caller, new("Patient", chosen), http.RequestAborted) is { IsDeleted: false }) return new(chosen, false, [], "");
        var find = form?["find"].ToString() ?? "";
        var page = await records.SearchAsync(caller, "Patient", $"_count={MostFound}{(find.Length > 0 ? "&name=" + Uri.EscapeDataString(find) : "")}", http.RequestAborted);
        return new(null, true, [.. page.Matches.Select(m => (m.Key.Id, NameIn(m)))], find);
    }

    private static IResult Grant(HttpContext http, ClaimsPrincipal session, IReadOnlyList<string> scopes, string? patient)
    {
        var identity = new ClaimsIdentity(TokenValidationParameters.DefaultAuthenticationType, ClaimNames.Name, ClaimNames.Role);
        string[] kept = [ClaimNames.Subject, ClaimNames.Name, ClaimNames.Role, ClaimNames.Organisation, ClaimNames.Wards, ClaimNames.Session, ClaimNames.Account, ClaimNames.Stamp];
        foreach (var name in kept)
            if (session.FindFirst(name)?.Value is { } value) identity.SetClaim(name, value);
        if (patient is not null) identity.SetClaim(ClaimNames.Patient, patient);
        identity.SetClaim(GrantedScopes.FhirUser, $"{SmartConfiguration.Root(http)}/fhir/{session.FindFirst(ClaimNames.Subject)!.Value}");
        identity.SetScopes(scopes.Where(s => !s.StartsWith("system/", StringComparison.Ordinal)));
        return TokenEndpoint.Grant(identity);
    }

    private static ForbidHttpResult Refuse(string error, string why) => TokenEndpoint.Refuse(error, why);

    // What the form carries on; our own fields are not the application's.
    private static List<KeyValuePair<string, string>> Fields(OpenIddictRequest request) =>
        [.. request.GetParameters().Where(p => p.Key is not ("answer" or "person" or "find" or "__RequestVerificationToken"))
            .Select(p => KeyValuePair.Create(p.Key, (string?)p.Value ?? ""))];

    private static string Query(OpenIddictRequest request) =>
        QueryString.Create(request.GetParameters().Select(p => KeyValuePair.Create<string, string?>(p.Key, (string?)p.Value))).Value ?? "";

    private static string NameIn(Stored patient)
    {
        using var json = JsonDocument.Parse(patient.Body);
        if (!json.RootElement.TryGetProperty("name", out var names) || names.GetArrayLength() is 0) return patient.Key.Id;
        return names[0].TryGetProperty("text", out var text) ? text.GetString()! : names[0].TryGetProperty("family", out var family) ? family.GetString()! : patient.Key.Id;
    }
}
