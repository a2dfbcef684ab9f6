using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using OtpNet;
using Tongxin.Kernel.Access;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.Tests.SignIn;

/// <summary>A person's session over HTTP: how it begins, what ends it, and what guessing gets.</summary>
public sealed partial class SessionTests : IAsyncLifetime
{
    private const int WrongTries = 5;
    private readonly ShiftedClock clock = new();
    private TestServer server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var options = new SignInOptions { AttemptsPerMinute = 12, MostFailures = WrongTries };
        server = await TestServer.StartAsync(options: options, with: b => b.Services.AddSingleton<TimeProvider>(clock));
        await server.PutAsync(Places.Tree);
        await server.AddAsync("doctor", new(Role.VillageDoctor, "village-a1"), "Practitioner/d");
        await server.AddAsync("administrator", new(Role.Administrator, null), "Practitioner/a");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task An_account_is_locked_after_five_wrong_passwords_and_says_the_same_as_for_a_wrong_name()
    {
        using var browser = server.NewBrowser();
        var told = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < WrongTries; i++) told.Add(await TryAsync(browser, "doctor", "wrong-Password-1"));
        told.Add(await TryAsync(browser, "doctor", TestServer.Password));
        told.Add(await TryAsync(browser, "nobody", "wrong-Password-1"));

        Assert.Single(told);
        Assert.StartsWith("401", told.Single(), StringComparison.Ordinal);
        Assert.Null(browser.Cookie("tongxin.session"));
    }

    [Fact]
    public async Task One_address_is_slowed_down_whatever_accounts_it_tries()
    {
        using var browser = server.NewBrowser();
        for (var i = 0; i < 12; i++) await TryAsync(browser, $"name{i}", "wrong-Password-1");

        Assert.StartsWith("429", await TryAsync(browser, "doctor", TestServer.Password), StringComparison.Ordinal);
        clock.Advance(TimeSpan.FromSeconds(61));
        Assert.StartsWith("302", await TryAsync(browser, "doctor", TestServer.Password), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_is_new_at_each_sign_in_and_none_can_be_brought_along()
    {
        using var browser = server.NewBrowser();
        browser.Cookies.Add(server.Address, new Cookie("tongxin.session", "planted"));
        Assert.Equal(HttpStatusCode.Redirect, (await browser.Http.GetAsync("/today", Cancel)).StatusCode);
        using var first = await browser.PostFormAsync("/sign-in", ("name", "doctor"), ("password", TestServer.Password));
        var one = browser.Cookie("tongxin.session");
        using var again = await browser.PostFormAsync("/sign-in", ("name", "doctor"), ("password", TestServer.Password));
        var two = browser.Cookie("tongxin.session");

        Assert.NotEqual("planted", one);
        Assert.NotEqual(one, two);
        var cookie = Assert.Single(first.Headers.GetValues("Set-Cookie"), c => c.StartsWith("tongxin.session=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_session_ends_when_idle_and_by_age()
    {
        using var browser = await server.SignedInAsync("doctor");
        clock.Advance(TimeSpan.FromMinutes(20));
        Assert.True(await IsInAsync(browser));
        clock.Advance(TimeSpan.FromMinutes(31));
        Assert.False(await IsInAsync(browser));

        using var busy = await server.SignedInAsync("doctor");
        for (var minutes = 0; minutes < 12 * 60; minutes += 20)
        {
            Assert.True(await IsInAsync(busy), $"out after {minutes} minutes of work");
            clock.Advance(TimeSpan.FromMinutes(20));
        }

        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.False(await IsInAsync(busy));
    }

    [Fact]
    public async Task Signing_out_ends_this_session_and_everywhere_ends_all()
    {
        using var one = await server.SignedInAsync("doctor");
        using var two = await server.SignedInAsync("doctor");
        using var three = await server.SignedInAsync("doctor");
        var stolen = three.Cookie("tongxin.session")!;

        using var out1 = await one.PostFormAsync("/sign-out");
        Assert.False(await IsInAsync(one));
        Assert.True(await IsInAsync(two));
        using var out2 = await two.PostFormAsync("/sign-out/everywhere");
        Assert.False(await IsInAsync(three));

        using var thief = server.NewBrowser();
        thief.Cookies.Add(server.Address, new Cookie("tongxin.session", stolen));
        Assert.False(await IsInAsync(thief));
    }

    [Fact]
    public async Task A_disabled_account_is_out_at_once_and_stays_out()
    {
        using var doctor = await server.SignedInAsync("doctor");
        using var administrator = await server.SignedInAsync("administrator");
        var page = await administrator.Http.GetStringAsync("/accounts", Cancel);
        var id = AccountOf("doctor").Match(page).Groups[1].Value;
        using var disabled = await administrator.PostFormAsync("/accounts/disable", Browser.TokenIn(page), ("id", id));

        Assert.False(await IsInAsync(doctor));
        Assert.StartsWith("401", await TryAsync(doctor, "doctor", TestServer.Password), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_factor_is_enrolled_used_and_each_code_works_once()
    {
        using var browser = await server.SignedInAsync("doctor");
        var page = await browser.Http.GetStringAsync("/second-factor", Cancel);
        var totp = new Totp(Base32Encoding.ToBytes(Secret().Match(page).Groups[1].Value));
        using var wrong = await browser.PostFormAsync("/second-factor", Browser.TokenIn(page), ("code", "000000"));
        Assert.Equal(HttpStatusCode.Redirect, wrong.StatusCode);
        page = await browser.Http.GetStringAsync("/second-factor", Cancel);
        totp = new Totp(Base32Encoding.ToBytes(Secret().Match(page).Groups[1].Value));
        // The code of the step before is taken as well, so that the next sign-in need not wait half a minute.
        using var on = await browser.PostFormAsync("/second-factor", Browser.TokenIn(page), ("code", totp.ComputeTotp(DateTime.UtcNow.AddSeconds(-30))));
        Assert.Contains("已启用", await on.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);

        using var next = server.NewBrowser();
        using var asked = await next.PostFormAsync("/sign-in", ("name", "doctor"), ("password", TestServer.Password));
        var form = await asked.Content.ReadAsStringAsync(Cancel);
        Assert.Null(next.Cookie("tongxin.session"));
        var (step, token) = (Step().Match(form).Groups[1].Value, Browser.TokenIn(form));
        using var bad = await next.PostFormAsync("/sign-in/second", token, ("step", step), ("code", "123456"));
        Assert.Equal(HttpStatusCode.Unauthorized, bad.StatusCode);
        var code = totp.ComputeTotp(DateTime.UtcNow);
        using var good = await next.PostFormAsync("/sign-in/second", token, ("step", step), ("code", code));
        Assert.Equal(HttpStatusCode.Redirect, good.StatusCode);
        Assert.True(await IsInAsync(next));

        using var replay = server.NewBrowser();
        using var again = await replay.PostFormAsync("/sign-in/second", await replay.TokenAsync("/sign-in"), ("step", step), ("code", code));
        Assert.Equal(HttpStatusCode.Unauthorized, again.StatusCode);
        using var forged = await replay.PostFormAsync("/sign-in/second", await replay.TokenAsync("/sign-in"), ("step", step[..^4] + "AAAA"), ("code", totp.ComputeTotp()));
        Assert.Contains("/sign-in", forged.Headers.Location!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_without_its_token_and_a_way_out_of_the_house_are_refused()
    {
        using var browser = server.NewBrowser();
        using var without = await browser.PostFormAsync("/sign-in", token: null, ("name", "doctor"), ("password", TestServer.Password));
        Assert.Equal(HttpStatusCode.BadRequest, without.StatusCode);
        foreach (var away in new[] { "https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)" })
        {
            using var answer = await browser.PostFormAsync("/sign-in", ("name", "doctor"), ("password", TestServer.Password), ("returnUrl", away));
            Assert.Equal("/", answer.Headers.Location!.ToString());
        }

        using var signedIn = await server.SignedInAsync("doctor");
        foreach (var path in new[] { "/sign-out", "/sign-out/everywhere", "/break-glass/close", "/second-factor", "/break-glass" })
        {
            using var answer = await signedIn.PostFormAsync(path, token: null, ("code", "1"), ("person", "m1"), ("reason", "x"), ("text", "x"));
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }

        Assert.True(await IsInAsync(signedIn));
    }

    private static async Task<string> TryAsync(Browser browser, string name, string password)
    {
        using var answer = await browser.PostFormAsync("/sign-in", ("name", name), ("password", password));
        var page = await answer.Content.ReadAsStringAsync(Cancel);
        return $"{(int)answer.StatusCode} {Problem().Match(page).Groups[1].Value}";
    }

    private static async Task<bool> IsInAsync(Browser browser)
    {
        using var answer = await browser.Http.GetAsync("/second-factor-or-not", Cancel);
        using var home = await browser.Http.GetAsync("/", Cancel);
        return home.Headers.Location?.ToString() is { } to && !to.Contains("/sign-in", StringComparison.Ordinal);
    }

    private static Regex AccountOf(string name) => new($"<td>{name}</td>.*?name=\"id\" value=\"([^\"]+)\"", RegexOptions.Singleline, TimeSpan.FromSeconds(1));

    [GeneratedRegex("role=\"alert\">([^<]*)<")]
    private static partial Regex Problem();

    [GeneratedRegex("class=\"note\">([A-Z2-7]{16,})<")]
    private static partial Regex Secret();

    [GeneratedRegex("name=\"step\" value=\"([^\"]+)\"")]
    private static partial Regex Step();
}
