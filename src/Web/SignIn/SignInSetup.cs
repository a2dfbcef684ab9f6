using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Kernel.Access;
using Tongxin.Web.Fhir;
using Tongxin.Web.Hardening;

namespace Tongxin.Web.SignIn;

/// <summary>Sign-in for people and programs: services, the pipeline, the pages. Whoever is not signed in reaches nothing but these.</summary>
public static class SignInSetup
{
    private const string Scheme = "tongxin";

    public static IServiceCollection AddSignIn(this IServiceCollection services, RecordEngine engine, SignInOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<Tokens>();
        services.AddSingleton<Attempts>();
        services.AddSingleton<FirstStart>();
        services.AddSingleton<BreakGlass>();
        services.AddHttpContextAccessor();
        services.AddRazorComponents();
        services.AddAntiforgery(o => (o.Cookie.Name, o.Cookie.SameSite, o.Cookie.SecurePolicy) = ("tongxin.form", SameSiteMode.Strict, CookieSecurePolicy.SameAsRequest));
        services.AddDataProtection().SetApplicationName("tongxin").PersistKeysToFileSystem(Keys.Protection(engine))
            .ProtectKeysWithCertificate(Keys.ProtectionCertificate(engine));
        services.AddDbContext<AccountsDb>(o => AccountTables.Use(o, engine));
        AddAccounts(services, options);
        AddSchemes(services, options);
        services.AddSingleton<AssertionsOnce>();
        services.AddSingleton<RegisteredClients>();
        OpenIdConnect.Add(services, engine);
        services.AddSingleton<CallerOf>(http => ValueTask.FromResult(CallerOf(http)));
        services.AddScoped(p => CallerOf(p.GetRequiredService<IHttpContextAccessor>().HttpContext!)
            ?? throw Tongxin.Fhir.RefusedException.Because(401, "login", "Sign in first."));
        return services;
    }

    /// <summary>Makes the tables where there are none. Call once before serving.</summary>
    public static async Task PrepareSignInAsync(this IServiceProvider services, CancellationToken cancel)
    {
        await using var scope = services.CreateAsyncScope();
        await AccountTables.PrepareAsync(scope.ServiceProvider.GetRequiredService<AccountsDb>(), cancel);
    }

    /// <summary>Before everything that serves: headers, who it is, what may be reached.</summary>
    public static WebApplication UseSignIn(this WebApplication app)
    {
        app.Use(SecurityHeaders.AddAsync);
        app.Use(Refusals.TellAsync);
        app.Use(SmartConfiguration.TellAsync);
        // The FHIR API is no page of OpenID Connect: its handlers, which look at every request, would cost it more than reading a resource does.
        app.UseWhen(http => http.Request.Path.StartsWithSegments(FhirEndpoint.BasePath, StringComparison.Ordinal), api => api.Use(IdentifyAsync).Use(Proxies.KeepStandingAsync));
        // Said here, because the host would otherwise put the same middleware before all, not seeing it in a branch.
        ((IApplicationBuilder)app).Properties["__AuthenticationMiddlewareSet"] = true;
        app.UseWhen(http => !http.Request.Path.StartsWithSegments(FhirEndpoint.BasePath, StringComparison.Ordinal), pages => pages.UseAuthentication());
        return app;
    }

    private static async Task IdentifyAsync(HttpContext http, RequestDelegate next)
    {
        if ((await http.AuthenticateAsync()).Principal is { } principal) http.User = principal;
        await next(http);
    }

    /// <summary>After routing; the pages of sign-in and the endpoints of OpenID Connect.</summary>
    public static WebApplication MapSignIn(this WebApplication app)
    {
        app.UseAuthorization();
        // After authorization, which asks anew who it is.
        app.Use(Proxies.KeepStandingAsync);
        app.Use(RouteRoles.GuardAsync);
        app.UseAntiforgery();
        SignInPages.Map(app);
        AccountPages.Map(app);
        OrganisationPages.Map(app);
        GlassPages.Map(app);
        AuditPages.Map(app);
        ReviewPages.Map(app);
        OpenIdConnect.Map(app);
        return app;
    }

    private static Caller? CallerOf(HttpContext http)
    {
        if (CallerClaims.Caller(http.User, http.Connection.RemoteIpAddress?.ToString()) is not { } caller) return null;
        return http.RequestServices.GetRequiredService<BreakGlass>().Apply(caller);
    }

    private static void AddAccounts(IServiceCollection services, SignInOptions options) => services
        .AddIdentityCore<Account>(o =>
        {
            (o.Password.RequiredLength, o.Password.RequireNonAlphanumeric) = (10, false);
            (o.Lockout.MaxFailedAccessAttempts, o.Lockout.DefaultLockoutTimeSpan, o.Lockout.AllowedForNewUsers) = (options.MostFailures, options.Locked, true);
            o.User.AllowedUserNameCharacters = "";
        })
        .AddEntityFrameworkStores<AccountsDb>()
        .AddDefaultTokenProviders();

    private static void AddSchemes(IServiceCollection services, SignInOptions options)
    {
        services.AddAuthentication(Scheme)
            .AddPolicyScheme(Scheme, null, o => o.ForwardDefaultSelector = http =>
                http.Request.Headers.Authorization.Count > 0 ? BearerHandler.Scheme : CookieAuthenticationDefaults.AuthenticationScheme)
            .AddScheme<AuthenticationSchemeOptions, BearerHandler>(BearerHandler.Scheme, null)
            .AddCookie(o =>
            {
                (o.Cookie.Name, o.Cookie.HttpOnly, o.Cookie.SameSite, o.Cookie.SecurePolicy) = ("tongxin.session", true, SameSiteMode.Lax, CookieSecurePolicy.SameAsRequest);
                (o.ExpireTimeSpan, o.SlidingExpiration, o.LoginPath, o.AccessDeniedPath) = (options.Idle, true, "/sign-in", "/sign-in");
                o.Events.OnValidatePrincipal = Sessions.CheckAsync;
            });
        // Refused by default: an endpoint that says nothing is for those who are signed in.
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder(Scheme).RequireAuthenticatedUser().Build());
    }
}
