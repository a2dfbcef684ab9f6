using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Tongxin.Modules;

namespace Tongxin.Architecture;

/// <summary>Documents and code say the same.</summary>
public sealed partial class DocumentTests
{
    private const int LongestDecision = 60;

    [Fact]
    public void Every_public_type_says_what_it_is() => Fail(
        from name in new[] { "Fhir", "Kernel", "Web", "Modules" }
        let assembly = Assembly.Load($"Tongxin.{name}")
        let documented = Documented(assembly)
        from type in assembly.GetExportedTypes()
        where !typeof(Microsoft.AspNetCore.Components.IComponent).IsAssignableFrom(type) && !type.Name.StartsWith('_') && type.DeclaringType is null
        where !type.Namespace?.StartsWith("AspNetCore", StringComparison.Ordinal) ?? true
        where !type.IsEnum
        let id = $"T:{type.FullName?.Replace('+', '.')}"
        where !documented.Contains(id)
        select $"{type.FullName} has no summary");

    [Fact]
    public void Every_link_between_documents_leads_somewhere() => Fail(
        from file in Repository.Files
        where file.EndsWith(".md", StringComparison.Ordinal)
        from Match link in Link.Matches(Repository.Read(file))
        let target = link.Groups[1].Value.Split('#')[0]
        where target.Length > 0 && !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal)
        let path = Path.Combine(Repository.Root, Path.GetDirectoryName(file) ?? "", target)
        where !File.Exists(path) && !Directory.Exists(path)
        select $"{file} → {target}");

    [Fact]
    public void A_decision_is_at_most_60_lines() => Fail(
        from file in Repository.Files
        where file.StartsWith("docs/decisions/", StringComparison.Ordinal)
        let lines = Repository.Read(file).Count(c => c is '\n')
        where lines > LongestDecision
        select $"{file}: {lines} lines");

    [Fact]
    public void Every_module_folder_holds_one_module_a_readme_a_line_of_the_catalogue_and_a_row_of_the_systems()
    {
        var catalogue = Catalogue.All.Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        var systems = Repository.Read("docs/systems.md");
        Fail(
            from folder in Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src", "Modules"))
            let name = Path.GetFileName(folder)
            where name is not ("bin" or "obj" or "Resources" or "wwwroot" or "Properties")
            from missing in new[]
            {
                File.Exists(Path.Combine(folder, $"{name}Module.cs")) ? null : $"{name}Module.cs",
                File.Exists(Path.Combine(folder, "README.md")) ? null : "README.md",
                catalogue.Contains(name) ? null : "its line in Catalogue.cs",
                systems.Contains($"`{name}`", StringComparison.Ordinal) ? null : "its row in docs/systems.md",
            }
            where missing is not null
            select $"{name}: missing {missing}");
    }

    private static HashSet<string> Documented(Assembly assembly)
    {
        var file = Path.ChangeExtension(assembly.Location, ".xml");
        return [.. XDocument.Load(file).Descendants("member").Select(m => m.Attribute("name")?.Value ?? "")];
    }

    private static void Fail(IEnumerable<string> wrong) => Tidy.Fail(wrong);

    [GeneratedRegex(@"\[[^\]]*\]\(([^)\s]+)\)")]
    private static partial Regex Link { get; }
}
