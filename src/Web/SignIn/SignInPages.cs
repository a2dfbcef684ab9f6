using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>The pages anybody may reach: sign in (password, second factor, choice of post), sign out, the first start.</summary>
internal static class SignInPages
{
    private const string Wrong = "名称或密码不对，或账号已锁定。Wrong name or password, or the account is locked.";
    private static readonly TimeSpan StepLife = TimeSpan.FromMinutes(5);

    public static void Map(IEndpointRouteBuilder routes)
    {
        var open = routes.MapGroup("").AllowAnonymous();
        open.MapGet("/sign-in", ShowAsync);
        open.MapPost("/sign-in", EnterAsync);
        open.MapPost("/sign-in/second", SecondAsync);
        open.MapPost("/sign-in/post", ChooseAsync);
        open.MapPost("/sign-in/demo", DemoAsync);
        open.MapGet("/first-start", (string? key, FirstStart first) => first.Fits(key) ? First(key!, []) : Results.NotFound());
        open.MapPost("/first-start", FirstAsync);
        routes.MapPost("/sign-out", (HttpContext http, UserManager<Account> accounts) => OutAsync(http, accounts, everywhere: false)).ForEverybody();
        routes.MapPost("/sign-out/everywhere", (HttpContext http, UserManager<Account> accounts) => OutAsync(http, accounts, everywhere: true)).ForEverybody();
    }

    private static async Task<IResult> ShowAsync(string? returnUrl, SignInOptions options, AccountsDb db) => await FormAsync(returnUrl, null, options, db);

    private static async Task<IResult> EnterAsync(
        [FromForm] string name, [FromForm] string password, [FromForm] string? returnUrl, HttpContext http, UserManager<Account> accounts, Attempts attempts,
        SignInOptions options, AccountsDb db, AuditTrail trail, TimeProvider clock)
    {
        if (!attempts.Allow(http.Connection.RemoteIpAddress?.ToString()))
            return await FormAsync(returnUrl, "尝试太频繁，请一分钟后再试。Too many attempts; try again in a minute.", options, db, 429);
        if (await PasswordHoldsAsync(name, password, accounts) is not { } account)
        {
            var nobody = new Caller { Subject = "Device/unknown", Name = "?", Role = Role.Nobody, Address = http.Connection.RemoteIpAddress?.ToString() };
            await trail.NoteAsync(AuditEntry.By(nobody, clock.GetUtcNow(), "sign-in", permitted: false, "password"), http.RequestAborted);
            return await FormAsync(returnUrl, Wrong, options, db, 401);
        }

        return account.TwoFactorEnabled
            ? new RazorComponentResult<SecondFactorPage>(new { Step = Steps(http).Protect($"second {account.Id}", StepLife), ReturnUrl = returnUrl })
            : await PostAsync(http, account, returnUrl);
    }

    // An account that is not there costs the same time as one that is.
    private static async Task<Account?> PasswordHoldsAsync(string name, string password, UserManager<Account> accounts)
    {
        var account = await accounts.FindByNameAsync(name);
        if (account is null)
        {
            accounts.PasswordHasher.VerifyHashedPassword(new(), Nobodys.Value, password);
            return null;
        }

        var fits = await accounts.CheckPasswordAsync(account, password);
        if (account.IsDisabled || await accounts.IsLockedOutAsync(account)) return null;
        if (fits) await accounts.ResetAccessFailedCountAsync(account);
        else await accounts.AccessFailedAsync(account);
        return fits ? account : null;
    }

    private static readonly Lazy<string> Nobodys = new(() => new PasswordHasher<Account>().HashPassword(new(), "nobody's"));

    private static async Task<IResult> SecondAsync([FromForm] string step, [FromForm] string code, [FromForm] string? returnUrl, HttpContext http, UserManager<Account> accounts)
    {
        if (await AccountInAsync(http, "second", step, accounts) is not { } account) return Results.Redirect("/sign-in");
        if (await accounts.IsLockedOutAsync(account) || !await SecondFactor.FitsAsync(accounts, account, code))
        {
            await accounts.AccessFailedAsync(account);
            return new RazorComponentResult<SecondFactorPage>(new { Step = step, ReturnUrl = returnUrl, Problem = "验证码不对。Wrong code." }) { StatusCode = 401 };
        }

        return await PostAsync(http, account, returnUrl);
    }

    private static async Task<IResult> PostAsync(HttpContext http, Account account, string? returnUrl)
    {
        var posts = Post.Of(account);
        if (posts.Count is 0) return Results.Redirect("/sign-in");
        if (posts.Count > 1)
            return new RazorComponentResult<PostChoicePage>(new { Step = Steps(http).Protect($"post {account.Id}", StepLife), Posts = posts, ReturnUrl = returnUrl });
        await Sessions.BeginAsync(http, account, posts[0]);
        return Results.LocalRedirect(Local(returnUrl));
    }

    private static async Task<IResult> ChooseAsync([FromForm] string step, [FromForm] int post, [FromForm] string? returnUrl, HttpContext http, UserManager<Account> accounts)
    {
        if (await AccountInAsync(http, "post", step, accounts) is not { } account
            || Post.Of(account).ElementAtOrDefault(post) is not { } chosen) return Results.Redirect("/sign-in");
        await Sessions.BeginAsync(http, account, chosen);
        return Results.LocalRedirect(Local(returnUrl));
    }

    private static async Task<IResult> DemoAsync([FromForm] string id, [FromForm] int post, [FromForm] string? returnUrl, HttpContext http,
        UserManager<Account> accounts, SignInOptions options)
    {
        if (!options.IsDemo || await accounts.FindByIdAsync(id) is not { IsDemo: true, IsDisabled: false } account || Post.Of(account).ElementAtOrDefault(post) is not { } chosen)
            return Results.NotFound();
        await Sessions.BeginAsync(http, account, chosen);
        return Results.LocalRedirect(Local(returnUrl));
    }

    private static async Task<IResult> FirstAsync([FromForm] string key, [FromForm] string name, [FromForm] string displayName, [FromForm] string password,
        FirstStart first, HttpContext http)
    {
        if (!first.Fits(key)) return Results.NotFound();
        var problems = await first.MakeAsync(key, name, displayName, password, http.RequestAborted);
        return problems.Count is 0 ? Results.LocalRedirect("/sign-in") : First(key, problems);
    }

    private static async Task<IResult> OutAsync(HttpContext http, UserManager<Account> accounts, bool everywhere)
    {
        // These take no field that would make the framework check the form by itself.
        if (!await ((IAntiforgery)http.RequestServices.GetService(typeof(IAntiforgery))!).IsRequestValidAsync(http)) return Results.BadRequest();
        ((BreakGlass)http.RequestServices.GetService(typeof(BreakGlass))!).Close(http.User.FindFirst(ClaimNames.Session)?.Value);
        if (everywhere && http.User.FindFirst(ClaimNames.Account)?.Value is { } id && await accounts.FindByIdAsync(id) is { } account)
            await Sessions.EndAllAsync(http.RequestServices, account, http.RequestAborted);

        await http.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        return Results.LocalRedirect("/sign-in");
    }

    private static async Task<IResult> FormAsync(string? returnUrl, string? problem, SignInOptions options, AccountsDb db, int status = 200)
    {
        IReadOnlyList<Account> demo = options.IsDemo ? await db.Users.Where(u => u.IsDemo && !u.IsDisabled).OrderBy(u => u.Posts).Take(200).ToListAsync() : [];
        return new RazorComponentResult<SignInPage>(new { ReturnUrl = returnUrl, Problem = problem, Demo = demo }) { StatusCode = status };
    }

    private static RazorComponentResult<FirstStartPage> First(string key, IReadOnlyList<string> problems) => new(new { Key = key, Problems = problems });

    private static ITimeLimitedDataProtector Steps(HttpContext http) =>
        ((IDataProtectionProvider)http.RequestServices.GetService(typeof(IDataProtectionProvider))!).CreateProtector("sign-in step").ToTimeLimitedDataProtector();

    private static async Task<Account?> AccountInAsync(HttpContext http, string kind, string step, UserManager<Account> accounts)
    {
        try
        {
            var text = Steps(http).Unprotect(step);
            return text.StartsWith(kind + " ", StringComparison.Ordinal) && await accounts.FindByIdAsync(text[(kind.Length + 1)..]) is { IsDisabled: false } account
                ? account : null;
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            return null;
        }
    }

    // Only places of ours: an open redirect would lend our name to others.
    private static string Local(string? url) => url is ['/', not ('/' or '\\'), ..] ? url : "/";
}
