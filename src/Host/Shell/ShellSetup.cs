using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using Microsoft.Extensions.FileProviders;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Programmes;
using Tongxin.Web.SignIn;

namespace Tongxin.Host.Shell;

/// <summary>The pages: services, static files, settings, and the home of each role.</summary>
internal static class ShellSetup
{
    private static readonly TimeSpan SettingsLast = TimeSpan.FromDays(365);

    public static void AddShell(this IServiceCollection services)
    {
        services.AddHttpContextAccessor();
        services.AddRazorComponents();
        services.AddSingleton<Boundaries>();
        // Chinese as Chinese: a third of the bytes of numbered entities.
        services.AddSingleton(HtmlEncoder.Create(UnicodeRanges.All));
    }

    /// <summary>Before sign-in decides: files that are nobody's.</summary>
    public static void UsePages(this WebApplication app) => app.Use(OfflineFiles.CompressedAsync).UseStaticFiles(new StaticFileOptions
    {
        FileProvider = new PhysicalFileProvider(OfflineFiles.Folder),
        ContentTypeProvider = OfflineFiles.Types,
        OnPrepareResponse = OfflineFiles.Prepare,
    });

    /// <summary>After sign-in is mapped.</summary>
    public static void MapPages(this WebApplication app)
    {
        var pages = app.MapRazorComponents<App>().AddAdditionalAssemblies(typeof(Tongxin.Modules.Catalogue).Assembly);
        // The framework's own route, by which a posted form leads to another site's page; it carries nothing.
        pages.Add(route =>
        {
            if (route is RouteEndpointBuilder { RoutePattern.RawText: { } pattern } && pattern.StartsWith("/_framework/", StringComparison.Ordinal))
                route.Metadata.Add(new ForEverybodyAttribute());
        });
        FollowUpPosts.Map(app);
        WorkPosts.Map(app);
        CockpitPosts.Map(app);
        PanelPosts.Map(app);
        FrozenPosts.Map(app, RolesOf<Pages.Frozen>());
        OfflineRoutes.Map(app);
        app.MapGet("/", (HttpContext http) => Results.Redirect(Home(SignedIn.Of(http)?.Role))).ForEverybody();
        app.MapGet("/setting/{name}", Set).ForEverybody();
        app.MapGet("/help/images/{name}.png", (string name) => Help.Image(name) is { } image ? Results.Stream(image, "image/png") : Results.NotFound()).ForEverybody();
        app.MapGet("/cockpit.csv", Csv).ForRoles(RolesOf<Pages.Cockpit>());
        app.MapGet("/cockpit.xlsx", Xlsx).ForRoles(RolesOf<Pages.Cockpit>());
        app.MapGet("/analysis/draft", Draft).ForRoles(RolesOf<Pages.Analysis>());
    }

    // Whoever sees the page may take what it shows.
    private static Role[] RolesOf<TPage>() => [.. typeof(TPage).GetCustomAttributes(typeof(ForRolesAttribute), false).Cast<ForRolesAttribute>().Single().Roles];

    private static IResult Draft(string? sql, string? title) => sql is { Length: > 0 and <= AnalystQuery.LongestText }
        ? Results.File(Encoding.UTF8.GetBytes(DraftIndicator.Of(title ?? "", sql)), "text/plain; charset=utf-8", $"{DraftIndicator.NameOf(sql)}.sql")
        : Results.BadRequest();

    private static IResult Csv(HttpContext http, Board board, IndicatorCatalogue catalogue, Outlooks outlooks, TimeProvider clock) =>
        CockpitView.Of(http, SignedIn.Caller(http), board, catalogue, outlooks, LocalTime.Today(clock)) is { } view
            ? Results.File(new CockpitSheet(view, Words.Of(http)).Csv(), "text/csv; charset=utf-8", $"{view.Chosen.Indicator.Id}.csv")
            : Results.NotFound();

    private static IResult Xlsx(HttpContext http, Board board, IndicatorCatalogue catalogue, Outlooks outlooks, TimeProvider clock) =>
        CockpitView.Of(http, SignedIn.Caller(http), board, catalogue, outlooks, LocalTime.Today(clock)) is { } view
            ? Results.File(new CockpitSheet(view, Words.Of(http)).Xlsx(), SheetFile.WorkbookType, $"{view.Chosen.Indicator.Id}.xlsx")
            : Results.NotFound();

    private static string Home(Role? role) => role switch
    {
        null => "/sign-in",
        Role.Resident or Role.Proxy => "/mine",
        Role.CountyCommission or Role.CityCommission or Role.HospitalManager or Role.DiseaseControl => "/cockpit",
        Role.Administrator => "/accounts",
        Role.Auditor => "/audit",
        Role.SecurityOfficer => "/reviews",
        _ => "/today",
    };

    private static IResult Set(string name, string? back, HttpContext http)
    {
        var (on, off) = name switch { Words.Cookie => ("en", "zh-CN"), "size" => ("large", "normal"), "theme" => ("dark", "light"), _ => ("", "") };
        if (on.Length > 0)
            http.Response.Cookies.Append(name, http.Request.Cookies[name] == on ? off : on, new() { MaxAge = SettingsLast, SameSite = SameSiteMode.Strict, HttpOnly = true });
        return Results.LocalRedirect(back is { Length: > 0 } && back[0] is '/' && !back.StartsWith("//", StringComparison.Ordinal) ? back : "/");
    }
}
