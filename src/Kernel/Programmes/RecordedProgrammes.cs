using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes.Packages;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Programmes;

/// <summary>Programmes that were installed at run time: kept in the record as PlanDefinition, Questionnaire, ValueSet and Library, editions beside each other.</summary>
/// <remarks>
/// The Library carries the author's files with their digest; from it every server that shares the record installs the package when it appears in
/// the feed. What came with the program itself (its modules) is not in the record unless it was installed there too.
/// </remarks>
public sealed partial class RecordedProgrammes(RecordAccess records, InstalledProgrammes installed, ILogger<RecordedProgrammes> logger)
{
    private static readonly Caller Self = Caller.System("programmes");

    /// <summary>Reads, checks, runs the cases, installs and stores. Throws <see cref="RefusedException"/> (422, 409) with every reason; then nothing has changed.</summary>
    /// <param name="by">Who asked for it; stands in the audit trail.</param>
    public async Task<ProgrammePackage> InstallAsync(PackageSource source, string by, CancellationToken cancel)
    {
        installed.Try(source);
        var package = PackageReader.Read(source);
        await records.CommitAsync(Self, [.. Bodies(package).Select(b => RecordReading.Put(b))], new(Reason: $"安装项目 {package.Code} {package.Edition}（{by}）"), cancel);
        return installed.Install(source);
    }

    /// <summary>Installs what the record holds and this process does not. One that is refused is told in the log and left out. Answers how many were installed.</summary>
    public async Task<int> LoadAsync(CancellationToken cancel)
    {
        var known = installed.Current.All.Select(p => p.Source.Digest).ToHashSet(StringComparer.Ordinal);
        var count = 0;
        foreach (var source in (await SourcesAsync(cancel)).Where(s => !known.Contains(s.Digest)))
        {
            try
            {
                installed.Install(source);
                count++;
            }
            catch (RefusedException refused)
            {
                Refused(source.Name, string.Join(" ", refused.Issues.Select(i => i.Diagnostics)));
            }
        }

        return count;
    }

    private async Task<IReadOnlyList<PackageSource>> SourcesAsync(CancellationToken cancel)
    {
        var page = await records.SearchAsync(Self, new SearchRequest { Type = "Library", Count = ProgrammeSet.MostPackages, Criteria =
            [new Criterion.Matches(SearchParameters.Get("Library", "identifier"), Modifier.None, [new SearchValue.Token(ProgrammeCodes.PackageDigest, null)])] }, cancel);
        var sources = new List<PackageSource>();
        foreach (var library in page.Matches.OrderBy(m => m.Version).Select(RecordReading.Parse))
        {
            try
            {
                sources.Add(PackageSource.FromBundle(JsonSerializer.SerializeToElement(new { entry = new[] { new { resource = library } } })));
            }
            catch (RefusedException refused)
            {
                Refused(library.Key, refused.Message);
            }
        }

        return sources;
    }

    /// <summary>The edition's resources under ids of their own, so that the edition before stays readable beside it.</summary>
    private static IEnumerable<JsonObject> Bodies(ProgrammePackage package) => InstalledProgrammes.Resources(package).Select(resource =>
    {
        var id = NotOfIds.Replace($"{resource["id"]}-{package.Edition}", "-");
        resource["id"] = id[..Math.Min(id.Length, LongestId)];
        return resource;
    });

    private const int LongestId = 64;

    [GeneratedRegex("[^A-Za-z0-9.-]", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 2000)]
    private static partial Regex NotOfIds { get; }

    [LoggerMessage(Level = LogLevel.Error, Message = "Programme {Name} in the record was not installed: {Why}")]
    private partial void Refused(string name, string why);
}
