namespace Tongxin.Fhir.Model;

/// <summary>What is known of FHIR R4's types: which elements a type has, of which types, how often, bound to what.</summary>
/// <remarks>The server fills it from the metadata of the FHIR library; the browser from a compact table that the server sends.</remarks>
public interface IFhirModel
{
    /// <summary>Null when there is no such type. Names of backbone elements are paths: <c>Patient.contact</c>.</summary>
    TypeModel? Type(string name);
}

/// <summary>One FHIR type.</summary>
/// <param name="Name"><c>Patient</c>, <c>HumanName</c>, <c>string</c>, <c>Patient.contact</c>.</param>
/// <param name="Base"><c>DomainResource</c>, <c>Element</c>, …; null for the roots.</param>
/// <param name="Elements">Own and inherited elements by their JSON name without type suffix (<c>value</c>, not <c>valueQuantity</c>).</param>
public sealed record TypeModel(string Name, string? Base, TypeKind Kind, IReadOnlyDictionary<string, ElementModel> Elements)
{
    /// <summary>Choice elements by the JSON name with suffix: <c>valueQuantity</c> → (<c>value</c>, <c>Quantity</c>).</summary>
    public required IReadOnlyDictionary<string, (ElementModel Element, string Type)> Choices { get; init; }
}

public enum TypeKind { Primitive, Complex, Backbone, Resource }

/// <summary>One element of a type.</summary>
/// <param name="Types">Type names; several for a choice.</param>
/// <param name="Max">int.MaxValue for <c>*</c>.</param>
/// <param name="Binding">Canonical of a required binding's value set; null otherwise.</param>
/// <param name="Targets">Allowed resource types of a Reference; empty for any.</param>
/// <param name="InSummary">Shown when <c>_summary=true</c> is asked.</param>
public sealed record ElementModel(
    string Name, IReadOnlyList<string> Types, int Min, int Max, bool IsChoice, string? Binding, IReadOnlyList<string> Targets, bool InSummary = false)
{
    public bool IsList => Max > 1;
}
