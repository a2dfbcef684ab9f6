using System.Collections.Concurrent;
using System.Text.Json;
using Tongxin.Fhir.Model;

namespace Tongxin.Fhir.Validation;

/// <summary>Judges whether JSON is a FHIR R4 resource: structure, types, cardinality, formats, required codes, references, invariants, profiles.</summary>
/// <remarks>
/// One pass over the JSON, no model objects. Knows types only through <see cref="IFhirModel"/>, so the browser can run it too. Thread-safe; keep it.
/// What it finds it returns; it never throws for bad input. It expects JSON without duplicate members, as the gate lets in.
/// </remarks>
public sealed class Validator(IFhirModel model, ValidationRules rules)
{
    /// <summary>Findings of one resource; after so many the sender has enough to do.</summary>
    public const int MostIssues = 100;

    private readonly ConcurrentDictionary<string, TypeCheck> types = new(StringComparer.Ordinal);

    /// <summary>Empty when nothing is wrong. Locations are FHIRPath: <c>Patient.name[0].given[1]</c>.</summary>
    /// <param name="profiles">Canonicals to check besides those that <c>meta.profile</c> claims.</param>
    public IReadOnlyList<Issue> Validate(JsonElement resource, params ReadOnlySpan<string> profiles)
    {
        var walk = new ValidationWalk(this, rules, model);
        walk.Root(resource);
        foreach (var profile in profiles) walk.Profile(resource, profile, isClaimed: false);
        return walk.Issues;
    }

    /// <summary>Null when there is no such type.</summary>
    internal TypeCheck? Check(string type)
    {
        if (types.TryGetValue(type, out var known)) return known;
        return model.Type(type) is { } found ? types.GetOrAdd(type, _ => TypeCheck.Make(found, this, model)) : null;
    }
}

/// <summary>What validation must be told about codes and profiles.</summary>
public sealed record ValidationRules
{
    /// <summary>Is the code in the value set? Arguments: canonical, system (null for a plain code), code. Null when that is not known here; then it passes.</summary>
    public Func<string, string?, string, bool?> IsMember { get; init; } = (_, _, _) => null;

    /// <summary>The profile of that canonical; null when it is not known here.</summary>
    public Func<string, Profile?> Profile { get; init; } = _ => null;
}
