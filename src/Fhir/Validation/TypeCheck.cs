using Tongxin.Fhir.Json;
using Tongxin.Fhir.Model;

namespace Tongxin.Fhir.Validation;

/// <summary>A FHIR type laid out for checking: every member name that JSON may carry, and a bit for every element.</summary>
internal sealed class TypeCheck
{
    private TypeCheck(string name, bool isResource) => (Name, IsResource) = (name, isResource);

    public string Name { get; }

    public bool IsResource { get; }

    public NameTable<Slot> Members { get; private set; } = new([]);

    /// <summary>Bits of the elements that must be there.</summary>
    public UInt128 Required { get; private set; }

    /// <summary>Element names by bit.</summary>
    public string[] Elements { get; private set; } = [];

    public int Choices { get; private set; }

    public IReadOnlyList<Invariant> Invariants { get; private set; } = [];

    public static TypeCheck Make(TypeModel type, Validator validator, IFhirModel model)
    {
        var check = new TypeCheck(type.Name, type.Kind is TypeKind.Resource) { Elements = [.. type.Elements.Keys], Invariants = Validation.Invariants.Of(type) };
        var members = new Dictionary<string, Slot>(StringComparer.Ordinal);
        if (check.IsResource) members["resourceType"] = Slot.ResourceType;
        for (var bit = 0; bit < check.Elements.Length; bit++)
        {
            var element = type.Elements[check.Elements[bit]];
            if (element.Min > 0) check.Required |= UInt128.One << bit;
            if (!element.IsChoice)
            {
                Add(members, new(element.Name, element, element.Types[0], bit, null, 0, validator, model));
                continue;
            }

            var choice = check.Choices++;
            for (var i = 0; i < element.Types.Count; i++)
            {
                var name = element.Name + char.ToUpperInvariant(element.Types[i][0]) + element.Types[i][1..];
                Add(members, new(name, element, element.Types[i], bit, choice, (byte)(i + 1), validator, model));
            }
        }

        check.Members = new(members);
        return check;
    }

    private static void Add(Dictionary<string, Slot> members, Slot slot)
    {
        members[slot.Member] = slot;
        if (slot.Primitive is not null) members["_" + slot.Member] = slot.Sibling();
    }
}

/// <summary>One member name of a type and what must stand under it.</summary>
internal sealed class Slot
{
    private readonly Validator? validator;

    private Slot() => (Member, Element, Type) = ("resourceType", "resourceType", "code");

    public Slot(string member, ElementModel element, string type, int bit, int? choice, byte choiceNumber, Validator validator, IFhirModel model)
    {
        (Member, Element, Type, Bit, Choice, ChoiceNumber) = (member, element.Name, type, UInt128.One << bit, choice, choiceNumber);
        (IsList, Binding, Targets, this.validator) = (element.IsList, element.Binding, element.Targets, validator);
        if (model.Type(type) is { Kind: TypeKind.Primitive }) Primitive = Primitives.Kind(type);
        IsAnyResource = type is "Resource";
    }

    public static Slot ResourceType { get; } = new();

    /// <summary>Name in JSON: <c>valueQuantity</c>, <c>_birthDate</c>.</summary>
    public string Member { get; private init; }

    /// <summary>Name in FHIRPath: <c>value</c>, <c>birthDate</c>.</summary>
    public string Element { get; private init; }

    public string Type { get; private init; }
    public UInt128 Bit { get; private init; }
    public int? Choice { get; private init; }
    public byte ChoiceNumber { get; private init; }
    public bool IsList { get; private init; }
    public string? Binding { get; private init; }
    public IReadOnlyList<string> Targets { get; private init; } = [];
    public bool IsAnyResource { get; private init; }

    /// <summary>The id and extensions of a primitive.</summary>
    public bool IsSibling { get; private init; }

    /// <summary>Null for complex types.</summary>
    public PrimitiveKind? Primitive { get; private init; }

    /// <summary>How complex values are checked; looked up late because types contain themselves.</summary>
    public TypeCheck Check => field ??= validator!.Check(Type) ?? throw new InvalidOperationException($"The model names a type '{Type}' that it does not have.");

    public Slot Sibling() => new(validator)
    {
        Member = "_" + Member,
        Element = Element,
        Type = "Element",
        Bit = Bit,
        Choice = Choice,
        ChoiceNumber = ChoiceNumber,
        IsList = IsList,
        IsSibling = true,
    };

    private Slot(Validator? validator)
        : this() => this.validator = validator;
}
