using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using QRCoder;
using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>Accounts for the administrator; the second factor for everybody.</summary>
internal static class AccountPages
{
    private const int MostShown = 500;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var administration = routes.MapGroup("/accounts").ForRoles(Role.Administrator);
        administration.MapGet("", (AccountsDb db, OrganisationTree tree) => ListAsync(db, tree, []));
        administration.MapPost("", AddAsync);
        administration.MapPost("/disable", DisableAsync);
        routes.MapGet("/second-factor", ShowFactorAsync).ForEverybody();
        routes.MapPost("/second-factor", KeepFactorAsync).ForEverybody();
    }

    private static async Task<IResult> ListAsync(AccountsDb db, OrganisationTree tree, IReadOnlyList<string> problems)
    {
        var accounts = await db.Users.AsNoTracking().OrderBy(u => u.UserName).Take(MostShown).ToListAsync();
        var places = (await tree.GetAsync(default)).All.OrderBy(o => o.Division, StringComparer.Ordinal).ToList();
        return new RazorComponentResult<AccountsPage>(new { Accounts = accounts, Places = places, Problems = problems });
    }

    private static async Task<IResult> AddAsync(
        [FromForm] string name, [FromForm] string displayName, [FromForm] string password, [FromForm] Role role, [FromForm] string? organisation, [FromForm] string? subject,
        UserManager<Account> accounts, AccountsDb db, OrganisationTree tree, Caller caller, AuditTrail trail, RecordAccess records, TimeProvider clock)
    {
        var resident = role is Role.Resident or Role.Proxy;
        var wish = new NewAccount
        {
            Name = name, DisplayName = displayName, Password = password,
            Subject = subject is { Length: > 0 } ? subject : $"{(resident ? "Patient" : "Practitioner")}/{NewAccount.IdFrom(name)}",
            Posts = Policy.Of(role) is null ? [] : [new(role, resident || organisation is null or "" ? null : organisation)],
        };
        var problems = await NewAccount.MakeAsync(accounts, wish);
        await trail.NoteAsync(AuditEntry.By(caller, clock.GetUtcNow(), "account", problems.Count is 0, "Administrator") with { Targets = [wish.Subject],
            Query = string.Join(", ", wish.Posts) }, default);
        if (problems.Count > 0) return await ListAsync(db, tree, problems);
        await NameInRecordAsync(records, caller, wish);
        return Results.LocalRedirect("/accounts");
    }

    // Staff stand in the record too: who did what is a reference to them.
    private static async Task NameInRecordAsync(RecordAccess records, Caller caller, NewAccount wish)
    {
        if (!wish.Subject.StartsWith("Practitioner/", StringComparison.Ordinal) || !Tongxin.Kernel.Records.ResourceKey.IsLegalId(wish.Subject["Practitioner/".Length..])) return;
        var isThere = await records.ReadAsync(caller, Tongxin.Kernel.Records.ResourceKey.Parse(wish.Subject), default) is { IsDeleted: false };
        var changes = wish.Posts.SelectMany((p, at) => StaffBody.Changes(wish.Subject, wish.DisplayName, p.Role, p.Organisation, isThere || at > 0)).ToList();
        if (changes.Count > 0) await records.CommitAsync(caller, changes, new(Reason: "staff"), default);
    }

    private static async Task<IResult> DisableAsync([FromForm] string id, UserManager<Account> accounts, HttpContext http)
    {
        if (await accounts.FindByIdAsync(id) is not { } account) return Results.NotFound();
        account.IsDisabled = !account.IsDisabled;
        await Sessions.EndAllAsync(http.RequestServices, account, http.RequestAborted);
        return Results.LocalRedirect("/accounts");
    }

    private static async Task<IResult> ShowFactorAsync(HttpContext http, UserManager<Account> accounts)
    {
        if (await OfAsync(http, accounts) is not { } account) return Results.NotFound();
        if (account.TwoFactorEnabled) return new RazorComponentResult<FactorPage>(new { IsOn = true });
        await accounts.ResetAuthenticatorKeyAsync(account);
        Sessions.Forget(account.Id);
        await Sessions.RenewAsync(http, account);
        var key = (await accounts.GetAuthenticatorKeyAsync(account))!;
        using var code = QRCodeGenerator.GenerateQrCode(SecondFactor.Address(account, key), QRCodeGenerator.ECCLevel.M);
        return new RazorComponentResult<FactorPage>(new { Secret = key, Image = "data:image/png;base64," + Convert.ToBase64String(new PngByteQRCode(code).GetGraphic(6)) });
    }

    private static async Task<IResult> KeepFactorAsync([FromForm] string code, HttpContext http, UserManager<Account> accounts)
    {
        if (await OfAsync(http, accounts) is not { } account) return Results.NotFound();
        if (!await SecondFactor.FitsAsync(accounts, account, code)) return Results.LocalRedirect("/second-factor");
        await accounts.SetTwoFactorEnabledAsync(account, true);
        Sessions.Forget(account.Id);
        await Sessions.RenewAsync(http, account);
        return new RazorComponentResult<FactorPage>(new { IsOn = true });
    }

    private static async Task<Account?> OfAsync(HttpContext http, UserManager<Account> accounts) =>
        http.User.FindFirst(ClaimNames.Account)?.Value is { } id ? await accounts.FindByIdAsync(id) : null;
}
