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

    /// <summary>A folder, a folder packed as .zip, or an exported bundle (.json). Throws <see cref="RefusedException"/> (422) with what was expected.</summary>
    public static PackageSource FromPath(string path)
    {
        if (Directory.Exists(path)) return FromFolder(path) ?? FromPlainFolder(path);
        if (!File.Exists(path)) throw RefusedException.Because(422, "not-found", $"没有文件或文件夹“{path}”。");
        using var stream = File.OpenRead(path);
        return FromUpload(Path.GetFileName(path), stream);
    }

    /// <summary>A .zip of a folder, or an exported bundle.</summary>
    public static PackageSource FromUpload(string name, Stream stream)
    {
        try
        {
            if (name.EndsWith(".zip", StringComparison.OrdinalIgnoreCase)) return FromZip(Path.GetFileNameWithoutExtension(name), stream);
            using var bundle = JsonDocument.Parse(stream);
            return FromBundle(bundle.RootElement);
        }
        catch (Exception broken) when (broken is JsonException or InvalidDataException)
        {
            throw RefusedException.Because(422, "structure", $"“{name}”既不是项目文件夹的 .zip，也不是导出的项目包（.json）：{broken.Message}");
        }
    }

    private static PackageSource FromPlainFolder(string folder)
    {
        if (!File.Exists(Path.Combine(folder, "plan.yaml"))) throw RefusedException.Because(422, "required", $"文件夹“{folder}”里没有 plan.yaml。");
        var files = Directory.EnumerateFiles(folder, "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(MostFiles)
            .ToDictionary(f => Path.GetRelativePath(folder, f).Replace('\\', '/'), File.ReadAllText, StringComparer.Ordinal);
        return new(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)), files);
    }

    /// <summary>Entries below the folder that holds plan.yaml; cases may stand beside <c>definitions/</c> as in a module.</summary>
    private static PackageSource FromZip(string name, Stream stream)
    {
        using var zip = new System.IO.Compression.ZipArchive(stream, System.IO.Compression.ZipArchiveMode.Read);
        var entries = zip.Entries.Where(e => e.FullName.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase)).Take(MostFiles).ToList();
        if (entries.Where(e => e.Name is "plan.yaml").MinBy(e => e.FullName.Length) is not { } plan) throw RefusedException.Because(422, "required", $"“{name}.zip”里没有 plan.yaml。");
        var root = plan.FullName[..^"plan.yaml".Length];
        var cases = root.EndsWith("definitions/", StringComparison.Ordinal) ? root[..^"definitions/".Length] + "cases/" : root + "cases/";
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            var path = entry.FullName.StartsWith(cases, StringComparison.Ordinal) ? "cases/" + entry.FullName[cases.Length..]
                : entry.FullName.StartsWith(root, StringComparison.Ordinal) ? entry.FullName[root.Length..] : null;
            if (path is null) continue;
            if (entry.Length > YamlDocument.LongestFile) throw RefusedException.Because(422, "too-long", $"“{entry.FullName}”超过 {YamlDocument.LongestFile} 字节。");
            using var reader = new StreamReader(entry.Open(), Encoding.UTF8);
            files[path] = reader.ReadToEnd();
        }

        return new(name, files);
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
