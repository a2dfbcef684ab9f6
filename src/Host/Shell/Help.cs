using System.Collections.Concurrent;
using System.Reflection;
using Markdig;
using Tongxin.Kernel.Access;

namespace Tongxin.Host.Shell;

/// <summary>The pages of <c>docs/use</c> as help inside the platform: one for each kind of user, the same text as in the repository.</summary>
internal static class Help
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().DisableHtml().UsePipeTables().Build();
    private static readonly ConcurrentDictionary<string, string> Rendered = new(StringComparer.Ordinal);

    /// <summary>The page for who cares, who reads figures, who is cared for, who keeps watch.</summary>
    public static string PageOf(Role role) => role switch
    {
        Role.VillageDoctor or Role.PublicHealthStaff or Role.TeamLeader => "village-doctor",
        Role.TownshipClinician or Role.Specialist => "clinician",
        Role.Resident or Role.Proxy => "resident",
        Role.Administrator or Role.Auditor or Role.SecurityOfficer or Role.Integration => "administrator",
        _ => "commission",
    };

    /// <summary>HTML of a page; raw HTML in the text is shown as text.</summary>
    public static string Html(string page) => Rendered.GetOrAdd(page, p => Markdown.ToHtml(Text(p), Pipeline)
        .Replace("src=\"images/", "src=\"/help/images/", StringComparison.Ordinal));

    /// <summary>A screenshot of the pages; null when there is no such one.</summary>
    public static Stream? Image(string name) => Assembly.GetExecutingAssembly().GetManifestResourceStream($"help.{name}.png");

    private static string Text(string page)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream($"help.{page}.md")!);
        return reader.ReadToEnd();
    }
}
