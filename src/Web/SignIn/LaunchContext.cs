using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Web.SignIn;

/// <summary>EHR launch (SMART App Launch 2.2 §2): opens a registered application on one person; the handle says whom, to this account only, for minutes.</summary>
internal static class LaunchContext
{
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    /// <summary>Leads to the application with <c>iss</c> and <c>launch</c>; 404 for an application without launch address and for a person out of reach.</summary>
    public static async Task<IResult> OpenAsync(string client, string person, HttpContext http, Caller caller, RecordAccess records, IOpenIddictApplicationManager clients)
    {
        var cancel = http.RequestAborted;
        if (await clients.FindByClientIdAsync(client, cancel) is not { } application
            || await NewClient.PropertyOfAsync(clients, application, NewClient.LaunchProperty, cancel) is not { } address
            || !ResourceKey.IsLegalId(person) || await records.ReadAsync(caller, new("Patient", person), cancel) is not { IsDeleted: false })
            throw RefusedException.Because(404, "not-found", "没有这个应用或这个人。There is no such application or person.");
        var handle = Protector(http).Protect($"{http.User.FindFirst(ClaimNames.Account)?.Value} {person}", Life);
        var query = QueryString.Create("iss", SmartConfiguration.Root(http) + "/fhir").Add("launch", handle).Value!;
        return Results.Redirect(address + (address.Contains('?', StringComparison.Ordinal) ? "&" + query[1..] : query));
    }

    /// <summary>The person a handle names; null for a handle that is old, changed or of another account.</summary>
    public static string? Read(HttpContext http, string handle, string? account)
    {
        try
        {
            return Protector(http).Unprotect(handle).Split(' ') is [var owner, var person] && owner == account ? person : null;
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            return null;
        }
    }

    private static ITimeLimitedDataProtector Protector(HttpContext http) =>
        http.RequestServices.GetRequiredService<IDataProtectionProvider>().CreateProtector("launch").ToTimeLimitedDataProtector();
}
