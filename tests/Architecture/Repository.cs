using System.Diagnostics;

namespace Tongxin.Architecture;

/// <summary>The working tree that the tests read.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Files that git tracks or would track, relative to the root, with forward slashes.</summary>
    public static IReadOnlyList<string> Files { get; } = Git("ls-files", "--cached", "--others", "--exclude-standard");

    public static IReadOnlyList<string> TrackedRootEntries() => [.. Files.Select(f => f.Split('/')[0]).Distinct(StringComparer.Ordinal)];

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Tongxin.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("Tongxin.slnx was not found above the test's folder.");
    }

    private static List<string> Git(params string[] arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = Root, RedirectStandardOutput = true })!;
        var lines = git.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        git.WaitForExit();
        return [.. lines.Where(f => File.Exists(Path.Combine(Root, f)))];
    }
}
