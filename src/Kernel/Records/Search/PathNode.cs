using Tongxin.Fhir.Json;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Kernel.Records.Search;

/// <summary>All search paths of one resource type laid over each other as a tree of member names, so that one walk over the JSON finds every value.</summary>
/// <remarks>Built by one thread, then read by many. Why not one FHIRPath evaluation per parameter: an Observation has 45 of them and 20 members.</remarks>
internal sealed class PathNode(FirelyModel model, string type, string? system = null)
{
    private readonly Dictionary<string, PathNode> members = new(StringComparer.Ordinal);

    /// <summary>FHIR type of the elements that arrive here.</summary>
    public string Type => type;

    /// <summary>Code system that a plain code here has without saying so (<c>Patient.gender</c>); null when several or none.</summary>
    public string? System => system;

    public List<PathLeaf> Leaves { get; } = [];

    public List<PathBranch> Branches { get; } = [];

    public NameTable<PathNode>? Names => members.Count is 0 ? null : field ??= new(members);

    /// <summary>Puts the leaf at the end of the steps; a step that the type does not have puts it nowhere.</summary>
    public void Add(ReadOnlySpan<PathStep> steps, PathLeaf leaf)
    {
        if (steps is [])
        {
            Leaves.Add(leaf);
            return;
        }

        switch (steps[0])
        {
            case PathStep.Member member:
                AddMember(member.Name, steps[1..], leaf);
                break;
            case PathStep.OfType only when only.Type == type || type is "Resource":
                Add(steps[1..], leaf);
                break;
            case PathStep.OfType:
                break;
            case PathStep.Target target:
                Add(steps[1..], leaf with { Target = target.Type });
                break;
            case var condition:
                Branch(condition).Add(steps[1..], leaf);
                break;
        }
    }

    private void AddMember(string name, ReadOnlySpan<PathStep> rest, PathLeaf leaf)
    {
        if (model.Type(type)?.Elements.GetValueOrDefault(name) is not { } element) return;
        if (!element.IsChoice)
        {
            Child(name, element.Types[0], element.Binding).Add(rest, leaf);
            return;
        }

        foreach (var choice in element.Types)
        {
            if (rest is [PathStep.OfType only, ..] && only.Type != choice) continue;
            Child(name + char.ToUpperInvariant(choice[0]) + choice[1..], choice, null).Add(rest, leaf);
        }
    }

    private PathNode Child(string name, string childType, string? binding) =>
        members.TryGetValue(name, out var child) ? child
        : members[name] = new(model, childType, binding is null ? null : model.RequiredCodes(binding)?.System);

    private PathNode Branch(PathStep condition)
    {
        if (Branches.Find(b => b.Condition == condition) is { } known) return known.Node;
        var node = new PathNode(model, type);
        Branches.Add(new(condition, node));
        return node;
    }
}

/// <summary>A part of the tree that only some of the elements enter.</summary>
internal sealed record PathBranch(PathStep Condition, PathNode Node);

/// <summary>Where a parameter takes its values.</summary>
/// <param name="Target">Only references to this type count (<c>where(resolve() is Patient)</c>); null for any.</param>
/// <param name="IsPresence">The value is whether there is something other than false (<c>X.exists() and X != false</c>).</param>
/// <param name="Parts">For a composite: a tree for each part from here on, or from the resource.</param>
internal sealed record PathLeaf(SearchParameter Parameter, string? Target = null, bool IsPresence = false, IReadOnlyList<PartTree>? Parts = null);

/// <summary>How one part of a composite is read.</summary>
internal sealed record PartTree(PathNode Tree, bool FromResource);

/// <summary>One step of a search path; a closed set, everything else goes to the FHIRPath engine.</summary>
internal abstract record PathStep
{
    private PathStep() { }

    public sealed record Member(string Name) : PathStep;

    public sealed record OfType(string Type) : PathStep;

    public sealed record At(int Index) : PathStep;

    public sealed record Where(string Name, string Literal) : PathStep;

    public sealed record Target(string Type) : PathStep;
}
