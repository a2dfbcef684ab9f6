using System.Collections.Immutable;
using Tongxin.Fhir;
using Tongxin.Fhir.Questionnaires;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Kernel.Programmes;

/// <summary>The programmes that are installed: editions beside each other, at most one of a programme valid on a day. Immutable; replaced as a whole.</summary>
public sealed class ProgrammeSet
{
    public const int MostPackages = 200;

    private readonly ImmutableList<ProgrammePackage> packages;

    private ProgrammeSet(ImmutableList<ProgrammePackage> packages) => this.packages = packages;

    public static ProgrammeSet Empty { get; } = new([]);

    public IReadOnlyList<ProgrammePackage> All => packages;

    public IEnumerable<string> Codes => packages.Select(p => p.Code).Distinct(StringComparer.Ordinal);

    /// <summary>Adds an edition, or replaces the same edition. Throws <see cref="RefusedException"/> (409) when its validity overlaps another edition's.</summary>
    public ProgrammeSet With(ProgrammePackage package)
    {
        var others = packages.RemoveAll(p => p.Code == package.Code && p.Edition == package.Edition);
        // An edition without an end is ended by the day before its successor: that is how norms are replaced.
        foreach (var other in others.Where(p => p.Code == package.Code))
            if (other.From == package.From || (other.To is { } end && other.From < package.From && end >= package.From)
                || (package.To is { } mine && package.From < other.From && mine >= other.From))
                throw RefusedException.Because(409, "conflict", $"“{package.Title}” {package.Edition} 版的有效期与 {other.Edition} 版重叠。");
        if (others.Count >= MostPackages) throw RefusedException.Because(422, "too-costly", $"已安装 {MostPackages} 个项目包。");
        return new(others.Add(package).Sort((a, b) => a.Code == b.Code ? a.From.CompareTo(b.From) : string.CompareOrdinal(a.Code, b.Code)));
    }

    public ProgrammeSet Without(string code, string edition) => new(packages.RemoveAll(p => p.Code == code && p.Edition == edition));

    /// <summary>The edition valid on a day; the latest that had begun wins. Null when there is none.</summary>
    public ProgrammePackage? On(string code, DateOnly day) => packages.LastOrDefault(p => p.Code == code && p.IsValidOn(day));

    public ProgrammePackage? Edition(string code, string edition) => packages.Find(p => p.Code == code && p.Edition == edition);

    /// <summary>The edition an enrolment follows while it is installed and valid; else the one valid on the day.</summary>
    public ProgrammePackage? For(string code, string? pinned, DateOnly day)
    {
        var own = pinned is null ? null : Edition(code, pinned);
        return own is not null && own.IsValidOn(day) ? own : On(code, day);
    }

    /// <summary>Label of the compartment that answers to these forms belong to; null for open programmes.</summary>
    public string? SensitivityOf(IReadOnlyList<string> forms) =>
        packages.Where(p => p.Sensitivity is not null && forms.Any(p.Forms.ContainsKey)).Select(p => p.Sensitivity).FirstOrDefault();

    /// <summary>A form by id as the edition valid on a day has it, or a combined form by <c>one+other</c>. Null when one is not known.</summary>
    public Form? Form(string id, DateOnly day)
    {
        var forms = id.Split('+').Select(part => packages.Where(p => p.IsValidOn(day) && p.Forms.ContainsKey(part)).Select(p => p.Forms[part]).LastOrDefault()).ToList();
        if (forms.Contains(null)) return null;
        return forms is [var only] ? only : combined.GetOrAdd($"{id}|{string.Join('+', forms.Select(f => f!.Version))}",
            _ => Fhir.Questionnaires.Form.Read(FormComposition.Compose([.. forms.Select(f => f!.Source)])));
    }

    /// <summary>The form that a canonical names: <c>url|version</c>, where an absent version means the one valid on the day.</summary>
    public Form? FormOf(string? canonical, DateOnly day)
    {
        var found = Form(string.Join('+', Visit.FormsOf(canonical)), day);
        var version = canonical?.Split('|', 2) is [_, var wanted] ? wanted : null;
        if (found is null || version is null || found.Version == version) return found;
        return packages.SelectMany(p => p.Forms.Values).FirstOrDefault(f => f.Canonical == canonical);
    }

    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, Form> combined = new(StringComparer.Ordinal);
}
