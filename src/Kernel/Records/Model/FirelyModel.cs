using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Reflection;
using Hl7.Fhir.Introspection;
using Hl7.Fhir.Model;
using Hl7.Fhir.Specification;
using Tongxin.Fhir.Model;

namespace Tongxin.Kernel.Records.Model;

/// <summary>FHIR R4's types as the FHIR library's metadata tells them. One per process; thread-safe.</summary>
/// <remarks>
/// A type is read from the metadata when it is first asked for and kept: the whole of R4 is 700 types, a county uses forty.
/// Names that do not exist are not kept, so that a stranger cannot fill the memory with them.
/// </remarks>
public sealed class FirelyModel : IFhirModel
{
    // R4 datatypes: the library derives all primitives from one class of its own; FHIR derives these from each other.
    private static readonly FrozenDictionary<string, string> PrimitiveBases = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["code"] = "string", ["id"] = "string", ["markdown"] = "string",
        ["url"] = "uri", ["canonical"] = "uri", ["uuid"] = "uri", ["oid"] = "uri",
        ["unsignedInt"] = "integer", ["positiveInt"] = "integer",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, TypeModel> types = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, CodeList> required = new(StringComparer.Ordinal);

    public static FirelyModel R4 { get; } = new();

    /// <summary>The 146 resource types that can be stored (not Resource, DomainResource).</summary>
    public static FrozenSet<string> ResourceTypes { get; } = ModelInfo.SupportedResources.ToFrozenSet(StringComparer.Ordinal);

    public TypeModel? Type(string name) => types.TryGetValue(name, out var known) ? known : Read(name);

    /// <summary>The codes of a required binding whose value set FHIR itself enumerates; null when the value set is not one of those.</summary>
    public CodeList? RequiredCodes(string valueSet)
    {
        var bar = valueSet.IndexOf('|', StringComparison.Ordinal);
        var canonical = bar < 0 ? valueSet : valueSet[..bar];
        if (required.TryGetValue(canonical, out var known)) return known;
        return ModelInfo.ModelInspector.FindEnumMappingByCanonical(canonical) is { } codes ? required.GetOrAdd(canonical, _ => Codes(codes)) : null;
    }

    private TypeModel? Read(string name)
    {
        if (!IsR4(name) || ModelInfo.ModelInspector.FindClassMapping(name) is not { } mapping || mapping.Name != name) return null;
        var elements = new Dictionary<string, ElementModel>(StringComparer.Ordinal);
        var choices = new Dictionary<string, (ElementModel Element, string Type)>(StringComparer.Ordinal);
        foreach (var property in mapping.PropertyMappings.OrderBy(p => p.Order))
        {
            if (property.RepresentsValueElement) continue;
            var element = Read(property);
            elements[element.Name] = element;
            if (!element.IsChoice) continue;
            foreach (var type in element.Types) choices[element.Name + char.ToUpperInvariant(type[0]) + type[1..]] = (element, type);
        }

        var model = new TypeModel(name, Base(mapping), Kind(mapping), elements.ToFrozenDictionary(StringComparer.Ordinal))
        {
            Choices = choices.ToFrozenDictionary(StringComparer.Ordinal),
        };
        return types.GetOrAdd(name, model);
    }

    private ElementModel Read(PropertyMapping property)
    {
        var cardinality = property.ValidationAttributes.OfType<CardinalityAttribute>().FirstOrDefault();
        var targets = property.NativeProperty?.GetCustomAttributes<ReferencesAttribute>()
            .Where(a => a.Since <= FhirRelease.R4).OrderBy(a => a.Since).LastOrDefault()?.Resources ?? [];
        var most = property.IsCollection ? cardinality is { Max: > 1 } limited ? limited.Max : int.MaxValue : 1;
        return new(
            property.Name,
            [.. property.FhirTypeMappings.Select(t => t.IsCodeOfT ? "code" : t.Name).Where(IsR4)],
            property.IsMandatoryElement ? Math.Max(1, cardinality?.Min ?? 1) : 0,
            most,
            property.Choice is ChoiceType.DatatypeChoice,
            Binding(property),
            targets is ["Resource"] ? [] : targets,
            property.InSummary);
    }

    // The library types a code by an enum exactly where the binding is required and FHIR enumerates the value set.
    private string? Binding(PropertyMapping property)
    {
        var type = property.ImplementingType;
        if (!type.IsGenericType || type.GetGenericTypeDefinition() != typeof(Code<>)) return null;
        if (ModelInfo.ModelInspector.FindEnumMapping(type.GetGenericArguments()[0]) is not { Canonical: { } canonical } codes) return null;
        required.TryAdd(canonical, Codes(codes));
        return canonical;
    }

    private static CodeList Codes(EnumMapping codes) => new(codes.DefaultCodeSystem, codes.Members.Keys.ToFrozenSet(StringComparer.Ordinal));

    private static TypeKind Kind(ClassMapping mapping) => mapping switch
    {
        { IsResource: true } => TypeKind.Resource,
        { IsFhirPrimitive: true } or { Name: "xhtml" } => TypeKind.Primitive,
        { Name: var name } => name.Contains('.', StringComparison.Ordinal) ? TypeKind.Backbone : TypeKind.Complex,
    };

    private static string? Base(ClassMapping mapping)
    {
        if (mapping.Name is "Element" or "Resource") return null;
        if (PrimitiveBases.TryGetValue(mapping.Name, out var primitive)) return primitive;
        for (var at = mapping.NativeType.BaseType; at is not null; at = at.BaseType)
        {
            if (at.Name is "BackboneType") return "BackboneElement";
            if (ModelInfo.GetFhirTypeNameForType(at) is { } name && ModelInfo.FhirTypeToCsType.ContainsKey(name) && name is not ("Base" or "DataType" or "PrimitiveType"))
                return name;
        }

        return "Element";
    }

    // The library shares classes between FHIR releases; what R4 does not know must not pass.
    private static bool IsR4(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var root = dot < 0 ? name : name[..dot];
        return ModelInfo.FhirTypeToCsType.ContainsKey(root) && root is not ("Base" or "DataType" or "PrimitiveType" or "BackboneType");
    }
}

/// <summary>The codes that a required binding allows.</summary>
/// <param name="System">Code system of the codes; null when the value set mixes several.</param>
public sealed record CodeList(string? System, FrozenSet<string> Codes);
