using System.Security.Cryptography;
using Microsoft.AspNetCore.StaticFiles;

namespace Tongxin.Host.Shell;

/// <summary>The files that a browser keeps to work without the network, and how they are sent: compressed once by the build, named by their content.</summary>
internal static class OfflineFiles
{
    private const string Runtime = "/forms/runtime/";
    private const int FingerprintParts = 3;
    private static readonly string[] Shared = ["/tongxin.css", "/shell.css", "/shell.js", "/mark.svg", "/manifest.webmanifest"];

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "wwwroot");

    /// <summary>Adds what the platform's table does not know.</summary>
    public static FileExtensionContentTypeProvider Types { get; } = new() { Mappings = { [".br"] = "application/octet-stream", [".webmanifest"] = "application/manifest+json" } };

    /// <summary>Whether this build carries the filler; without it the forms are plain pages.</summary>
    public static bool HasFiller { get; } = File.Exists(Path.Combine(Folder, "forms", "runtime", "dotnet.js"));

    private static readonly Lazy<(string Version, IReadOnlyList<string> Paths)> Kept = new(List);

    /// <summary>Paths to keep, and a version that changes when one of them does.</summary>
    public static (string Version, IReadOnlyList<string> Paths) ToKeep => Kept.Value;

    /// <summary>Gives the compressed neighbour of a file of the runtime to a browser that reads it.</summary>
    public static Task CompressedAsync(HttpContext http, RequestDelegate next)
    {
        if (http.Request.Path.StartsWithSegments("/forms/runtime", StringComparison.Ordinal)
            && http.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal)
            && File.Exists(Path.Combine(Folder, $"{http.Request.Path.Value![1..]}.br")))
            http.Request.Path += ".br";
        return next(http);
    }

    public static void Prepare(StaticFileResponseContext context)
    {
        var (path, headers) = (context.Context.Request.Path.Value ?? "", context.Context.Response.Headers);
        if (path.EndsWith(".br", StringComparison.Ordinal))
        {
            headers.ContentEncoding = "br";
            headers.Vary = "Accept-Encoding";
            if (Types.TryGetContentType(path[..^3], out var type)) headers.ContentType = type;
            path = path[..^3];
        }

        var isNamedByContent = path.StartsWith(Runtime, StringComparison.Ordinal) && Path.GetFileName(path).Split('.').Length >= FingerprintParts;
        headers.CacheControl = isNamedByContent ? "public, max-age=31536000, immutable" : "no-cache";
    }

    private static (string, IReadOnlyList<string>) List()
    {
        var files = Directory.Exists(Path.Combine(Folder, "forms"))
            ? Directory.EnumerateFiles(Path.Combine(Folder, "forms"), "*", SearchOption.AllDirectories).Where(f => Path.GetExtension(f) is not (".br" or ".gz"))
                .Select(f => "/" + Path.GetRelativePath(Folder, f).Replace('\\', '/'))
            : [];
        var paths = Shared.Where(p => File.Exists(Path.Combine(Folder, p[1..]))).Concat(files).Order(StringComparer.Ordinal).ToList();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in paths) hash.AppendData(File.ReadAllBytes(Path.Combine(Folder, path[1..])));
        return (Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8)), paths);
    }
}
