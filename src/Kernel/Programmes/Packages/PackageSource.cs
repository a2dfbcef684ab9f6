using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tongxin.Fhir;

namespace Tongxin.Kernel.Programmes.Packages;

/// <summary>The files of a programme as their author wrote them, by path: <c>plan.yaml</c>, <c>rules.yaml</c>, <c>questionnaires/…</c>, <c>valuesets/…</c>,
/// <c>cases/…</c>.</summary>
/// <remarks>From a folder or from the bundle that carries the same files in a Library's content; both are read by the same reader.</remarks>
public sealed class PackageSource(string name, IReadOnlyDictionary<string, string> files)
{
    public const int MostFiles = 200;
    public const string ContentType = "application/yaml";

    /// <summary>Where it came from, for messages.</summary>
    public string Name => name;

    public IReadOnlyDictionary<string, string> Files => files;

    public IEnumerable<string> In(string folder) =>
        files.Keys.Where(f => f.StartsWith(folder + "/", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    /// <summary>SHA-256 over paths and texts: two packages with the same digest are the same.</summary>
    public string Digest
    {
        get
        {
            var whole = string.Concat(files.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key}\0{f.Value}\0"));
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(whole)));
        }
    }

    /// <summary>A module's folder with <c>definitions/</c> and <c>cases/</c>. Null when it has no plan.</summary>
    public static PackageSource? FromFolder(string folder)
    {
        var definitions = Path.Combine(folder, "definitions");
        if (!File.Exists(Path.Combine(definitions, "plan.yaml"))) return null;
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(definitions, "");
        Add(Path.Combine(folder, "cases"), "cases/");
        return new(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)), files);

        void Add(string root, string prefix)
        {
            if (!Directory.Exists(root)) return;
            foreach (var file in Directory.EnumerateFiles(root, "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(MostFiles))
                files[prefix + Path.GetRelativePath(root, file).Replace('\\', '/')] = File.ReadAllText(file);
        }
    }

    /// <summary>Every package in the folders below a root, and one folder deeper: a module may hold several programmes.</summary>
    public static IEnumerable<PackageSource> Below(string root) =>
        Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal)
            .SelectMany(folder => Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).Prepend(folder)).Select(FromFolder).OfType<PackageSource>();

    /// <summary>The files inside an exported bundle. Throws <see cref="RefusedException"/> (422) when they are missing or were changed on the way.</summary>
    public static PackageSource FromBundle(JsonElement bundle)
    {
        foreach (var entry in bundle.Each("entry"))
        {
            if (entry.Member("resource") is not { } resource || resource.Text("resourceType") is not "Library") continue;
            var files = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var content in resource.Each("content").Where(c => c.Text("contentType") is ContentType).Take(MostFiles))
                if (content.Text("title") is { } path && content.Text("data") is { } data && TryDecode(data) is { } text) files[path] = text;
            var source = new PackageSource(resource.Text("name") ?? "package", files);
            var digest = resource.Each("identifier").FirstOrDefault(i => i.Text("system") == ProgrammeCodes.PackageDigest).Text("value");
            return digest == source.Digest ? source : throw RefusedException.Because(422, "security", "项目包的内容与其摘要不符，可能在传送中被改动；请重新导出。");
        }

        throw RefusedException.Because(422, "structure", "项目包里没有带源文件的 Library。");
    }

    private static string? TryDecode(string data)
    {
        var bytes = new byte[data.Length];
        return Convert.TryFromBase64String(data, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }
}
