using Microsoft.AspNetCore.Http;

namespace Tongxin.Web.Hardening;

/// <summary>What every answer tells the browser: run only our own scripts, show us in nobody's frame, send nobody our addresses, keep nothing.</summary>
internal static class SecurityHeaders
{
    // WebAssembly of the form filler needs wasm-unsafe-eval; nothing needs inline scripts.
    private const string Policy =
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; " +
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    public static Task AddAsync(HttpContext http, RequestDelegate next)
    {
        http.Response.OnStarting(() =>
        {
            var headers = http.Response.Headers;
            headers.ContentSecurityPolicy = Policy;
            headers.XContentTypeOptions = "nosniff";
            headers.XFrameOptions = "DENY";
            headers["Referrer-Policy"] = "no-referrer";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
            if (http.Request.IsHttps) headers.StrictTransportSecurity = "max-age=31536000";
            // Whatever is somebody's must not stay in a shared computer's cache; files of ours may.
            if (headers.CacheControl.Count is 0 && http.User.Identity is { IsAuthenticated: true }) headers.CacheControl = "no-store";
            return Task.CompletedTask;
        });
        return next(http);
    }
}
