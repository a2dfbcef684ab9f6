using System.Text.Json;

namespace Tongxin.Fhir.Validation;

/// <summary>A rule between elements that FHIR R4 states with severity error.</summary>
/// <param name="Key">FHIR's name, e.g. <c>obs-7</c>.</param>
/// <param name="Human">What must hold.</param>
/// <param name="Holds">Must tolerate any JSON: structure is judged elsewhere.</param>
internal sealed record Invariant(string Key, string Human, Func<JsonElement, bool> Holds);
