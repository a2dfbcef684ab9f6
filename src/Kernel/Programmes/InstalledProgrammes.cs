using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Fhir.Model;
using Tongxin.Kernel.Programmes.Packages;

namespace Tongxin.Kernel.Programmes;

/// <summary>The installed programmes of this process; installing and removing takes effect at once, without a restart.</summary>
/// <remarks>Packages come from folders (<c>modules/NAME</c> beside the program, or any folder) or from an imported bundle. One whose cases fail is refused.</remarks>
public sealed class InstalledProgrammes(IFhirModel model)
{
    private readonly Lock gate = new();
    private ProgrammeSet current = ProgrammeSet.Empty;
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes at the next installing or removing: everybody is to be gone through then.</summary>
    public Task Changed => Volatile.Read(ref changed).Task;

    public ProgrammeSet Current => Volatile.Read(ref current);

    /// <summary>Every package below a folder; all faults of all packages in one refusal (422).</summary>
    public IReadOnlyList<ProgrammePackage> InstallFolders(string root)
    {
        if (!Directory.Exists(root)) return [];
        return Install([.. PackageSource.Below(root)], new PassedCases(root));
    }

    /// <summary>Reads, checks, runs the golden cases, then installs. Throws <see cref="RefusedException"/> (422, 409) with every reason.</summary>
    public ProgrammePackage Install(PackageSource source) => Install([source], null)[0];

    // All together, because the cases of one may fill a form of another: a visit serves several programmes.
    private List<ProgrammePackage> Install(IReadOnlyList<PackageSource> sources, PassedCases? passed)
    {
        var packages = sources.Select(PackageReader.Read).ToList();
        lock (gate) Volatile.Write(ref current, Tried(packages, passed));
        Tell();
        return packages;
    }

    /// <summary>The set as it would be with these packages; nothing is installed. Throws as <see cref="Install(PackageSource)"/> does.</summary>
    public ProgrammeSet Try(PackageSource source) => Tried([PackageReader.Read(source)], null);

    private ProgrammeSet Tried(IReadOnlyList<ProgrammePackage> packages, PassedCases? passed)
    {
        var (before, candidate) = (Current, packages.Aggregate(Current, (set, package) => set.With(package)));
        // Beside others already installed the cases may come out differently.
        var key = passed is null || before.All.Count > 0 ? null : PassedCases.Key(packages);
        if (key is not null && passed!.Contains(key)) return candidate;
        var failures = packages.SelectMany(GoldenCases.Of).SelectMany(c => GoldenCases.Run(c, candidate, model)).ToList();
        if (failures.Count > 0) throw new RefusedException(422, [.. failures.Select(f => Issue.Error("invariant", f))]);
        if (key is not null) passed!.Add(key);
        return candidate;
    }

    private void Tell() => Interlocked.Exchange(ref changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    public void Remove(string code, string edition)
    {
        lock (gate) Volatile.Write(ref current, current.Without(code, edition));
        Tell();
    }

    /// <summary>One bundle with the plan, forms and value sets as FHIR, and the author's files with their digest, from which <see cref="PackageSource.FromBundle"/>
    /// reads it again.</summary>
    public static JsonObject Export(ProgrammePackage package)
    {
        var resources = Resources(package);
        return new()
        {
            ["resourceType"] = "Bundle",
            ["type"] = "collection",
            ["entry"] = new JsonArray([.. resources.Select(r =>
                (JsonNode)new JsonObject { ["fullUrl"] = (string?)r["url"] ?? ProgrammeCodes
                .Canonical((string)r["resourceType"]!, (string)r["id"]!), ["resource"] = r })]),
        };
    }

    /// <summary>The edition as FHIR definitions: PlanDefinition, Library, Questionnaires, ValueSets.</summary>
    public static IReadOnlyList<JsonObject> Resources(ProgrammePackage package)
    {
        var library = Library(package);
        return [Plan(package, (string)library["url"]!), library,
            .. package.Forms.Values.Select(f => (JsonObject)JsonNode.Parse(f.Source.GetRawText())!),
                .. package.ValueSets.Select(v => (JsonObject)JsonNode.Parse(v.GetRawText())!)];
    }

    private static JsonObject Library(ProgrammePackage package) => new()
    {
        ["resourceType"] = "Library",
        ["id"] = $"{package.Code}-package",
        ["url"] = ProgrammeCodes.Canonical("Library", $"{package.Code}-package"),
        ["identifier"] = new JsonArray(new JsonObject { ["system"] = ProgrammeCodes.PackageDigest, ["value"] = package.Source.Digest }),
        ["version"] = package.Edition,
        ["name"] = package.Source.Name,
        ["title"] = $"{package.Title}（规则与源文件）",
        ["status"] = "active",
        ["type"] = Json.Concept("http://terminology.hl7.org/CodeSystem/library-type", "logic-library"),
        ["content"] = new JsonArray([.. package.Source.Files.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => (JsonNode)new JsonObject
        {
            ["contentType"] = PackageSource.ContentType, ["title"] = f.Key, ["data"] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(f.Value)),
        })]),
    };

    private static JsonObject Plan(ProgrammePackage package, string library)
    {
        var period = new JsonObject { ["start"] = Json.Text(package.From) };
        if (package.To is { } end) period["end"] = Json.Text(end);
        return new()
        {
            ["resourceType"] = "PlanDefinition",
            ["id"] = package.Code,
            ["url"] = ProgrammeCodes.Canonical("PlanDefinition", package.Code),
            ["version"] = package.Edition,
            ["name"] = package.Source.Name,
            ["title"] = package.Title,
            ["type"] = Json.Concept("http://terminology.hl7.org/CodeSystem/plan-definition-type", "clinical-protocol"),
            ["status"] = "active",
            ["effectivePeriod"] = period,
            ["relatedArtifact"] = new JsonArray(new JsonObject { ["type"] = "citation", ["citation"] = package.Citation }),
            ["library"] = new JsonArray($"{library}|{package.Edition}"),
            ["action"] = new JsonArray([.. package.Services.SelectMany(Actions)]),
        };
    }

    private static IEnumerable<JsonNode> Actions(ProgrammeService service)
    {
        var points = service.Points.Count > 0 ? service.Points.Select(p => (p.Title, p.Form, p.Id)) : [(service.Title, service.Form, "")];
        foreach (var (title, form, id) in points)
        {
            var action = new JsonObject { ["id"] = id.Length > 0 ? $"{service.Id}-{id}" : service.Id,
                ["title"] = title, ["code"] = new JsonArray(new JsonObject { ["text"] = service.Title }) };
            if (service.When is { } when)
                action["condition"] = new JsonArray(new JsonObject { ["kind"] = "applicability",
                    ["expression"] = new JsonObject { ["language"] = "text/fhirpath", ["expression"] = when.Text } });
            if (form.Length > 0) action["definitionCanonical"] = ProgrammeCodes.Canonical("Questionnaire", form);
            yield return action;
        }
    }
}
