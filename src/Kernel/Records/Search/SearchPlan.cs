using Tongxin.Kernel.Records.Model;

namespace Tongxin.Kernel.Records.Search;

/// <summary>How the values of all search parameters of one resource type are found.</summary>
/// <param name="Tree">For every parameter that is written as paths: all but a few.</param>
/// <param name="Presences">Parameters whose value is whether something is there (<c>Patient.deceased</c>).</param>
/// <param name="Computed">Parameters that need the FHIRPath engine.</param>
internal sealed record SearchPlan(PathNode Tree, IReadOnlyList<SearchParameter> Presences, IReadOnlyList<SearchParameter> Computed)
{
    private const string FromResource = "%resource.";

    public static SearchPlan Make(string type)
    {
        var tree = new PathNode(FirelyModel.R4, type);
        var presences = new List<SearchParameter>();
        var computed = new List<SearchParameter>();
        foreach (var parameter in SearchParameters.Of(type)!.Values.Where(p => p.Path is not null).OrderBy(p => p.Number))
        {
            if (PathSteps.IsPresence(parameter.Path!, out var of))
            {
                tree.Add(PathSteps.Read(of, type), new(parameter, IsPresence: true));
                presences.Add(parameter);
            }
            else if (parameter.Parts.Count > 0) AddComposite(tree, parameter);
            else if (!TryAdd(tree, parameter.Path!, parameter, type)) computed.Add(parameter);
        }

        return new(tree, presences, computed);
    }

    private static void AddComposite(PathNode tree, SearchParameter parameter)
    {
        // A composite may start at several places of different types (Observation | Observation.component), and its parts hang on each.
        foreach (var path in Alternatives(parameter.Path!))
        {
            var steps = PathSteps.Read(path, parameter.ResourceType) ?? throw Unreadable(parameter);
            var focus = TypeAt(parameter.ResourceType, steps) ?? throw Unreadable(parameter);
            tree.Add(steps, new(parameter, Parts: [.. parameter.Parts.Select(p => Part(p, focus, parameter))]));
        }
    }

    private static PartTree Part(CompositePart part, string focus, SearchParameter whole)
    {
        var fromResource = part.Path.StartsWith(FromResource, StringComparison.Ordinal);
        var type = fromResource ? whole.ResourceType : focus;
        var tree = new PathNode(FirelyModel.R4, type);
        return TryAdd(tree, fromResource ? part.Path[FromResource.Length..] : part.Path, part.Parameter, type) ? new(tree, fromResource) : throw Unreadable(whole);
    }

    private static bool TryAdd(PathNode tree, string path, SearchParameter parameter, string type)
    {
        var all = Alternatives(path).Select(p => PathSteps.Read(p, type)).ToList();
        if (all.Contains(null)) return false;
        foreach (var steps in all) tree.Add(steps, new(parameter));
        return true;
    }

    private static string[] Alternatives(string path) => path.Split('|', StringSplitOptions.TrimEntries);

    private static string? TypeAt(string type, PathStep[] steps)
    {
        foreach (var step in steps)
        {
            if (step is not PathStep.Member member) return null;
            if (FirelyModel.R4.Type(type)?.Elements.GetValueOrDefault(member.Name) is not { IsChoice: false } element) return null;
            type = element.Types[0];
        }

        return type;
    }

    private static InvalidOperationException Unreadable(SearchParameter parameter) =>
        new($"The composite search parameter {parameter} is written in more than paths.");
}
