namespace Tongxin.Kernel.Terminology;

/// <summary>One code of one code system, as it is shown and found.</summary>
/// <param name="English">Display in English; null when the system has none.</param>
/// <param name="Parent">Index of the broader concept in the same table; -1 at the top.</param>
public readonly record struct Concept(string Code, string Display, string? English = null, int Parent = -1);

/// <summary>One concept of an expansion with the system it comes from.</summary>
public readonly record struct ExpandedConcept(string System, string Code, string Display, string? English = null);

/// <summary>What <c>$expand</c> answers: one page and how many there are in all.</summary>
public sealed record Expansion(IReadOnlyList<ExpandedConcept> Concepts, int Total);
