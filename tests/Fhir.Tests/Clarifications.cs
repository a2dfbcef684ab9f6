namespace Tongxin.Fhir.Tests;

/// <summary>The cases that docs/clarifications.md explains: first column of the table under a heading.</summary>
internal static class Clarifications
{
    public static List<string> Names(string heading)
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at!.FullName, "Tongxin.slnx"))) at = at.Parent;
        var lines = File.ReadAllLines(Path.Combine(at.FullName, "docs", "clarifications.md"));
        return [.. lines.SkipWhile(l => l != $"## {heading}").Skip(1).TakeWhile(l => !l.StartsWith("## ", StringComparison.Ordinal))
            .Where(l => l.StartsWith("| `", StringComparison.Ordinal)).Select(l => l.Split('`')[1])];
    }
}
