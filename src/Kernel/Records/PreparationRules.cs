using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records;

/// <summary>What rooms above the record have to say while a commit is prepared; each is a pure function but the search.</summary>
public sealed record PreparationRules
{
    /// <summary>Errors refuse the change (422).</summary>
    public required Func<JsonElement, IReadOnlyList<Issue>> Validate { get; init; }

    /// <summary>Finds the matches of a condition among what the caller may see, at most two; for conditional references and entries that others point to.</summary>
    public required Func<SearchRequest, CancellationToken, Task<IReadOnlyList<ResourceKey>>> Find { get; init; }

    /// <summary>What a condition on a type is searched among, in <see cref="Find"/> and in the engine alike; null for all that the commit may touch.</summary>
    public Func<string, Visibility?> Among { get; init; } = _ => null;

    /// <summary>Whether a Put may only replace what stands visibly under its id.</summary>
    public Func<Change.Put, bool> MustStand { get; init; } = _ => false;

    /// <summary>Sensitivity of a resource besides what its own <c>meta.security</c> says.</summary>
    public Func<JsonElement, SensitivityLabels> Labels { get; init; } = _ => SensitivityLabels.None;

    /// <summary>Division code of the county a resource belongs to; null for what all counties share.</summary>
    public Func<Placement, string?> County { get; init; } = _ => null;
}

/// <summary>What decides the county of a resource.</summary>
/// <param name="Person">Id of the Patient it belongs to; null for nobody's.</param>
/// <param name="Organisations">Organisations that care for the person because of it.</param>
public readonly record struct Placement(ResourceKey Key, string? Person, IReadOnlyList<Relation> Organisations, JsonElement Resource);
