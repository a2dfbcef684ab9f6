using Tongxin.Fhir.Model;

namespace Tongxin.Fhir.FhirPath;

/// <summary><c>is</c>, <c>as</c>, <c>ofType</c>, <c>type()</c> (§6.3, §10).</summary>
internal static class Types
{
    private const int DeepestHierarchy = 12;

    public static bool Is(PathValue item, string specifier, IFhirModel model)
    {
        var (space, name) = Split(specifier);
        if (item.Type is null) return false;
        var isSystem = IsSystem(item);
        if (space is "System") return isSystem && item.Type == name;
        if (space is "FHIR") return !isSystem && Is(item.Type, name, model);
        return isSystem ? item.Type == name : Is(item.Type, name, model);
    }

    /// <summary>As <see cref="Is(PathValue, string, IFhirModel)"/>, but a primitive must be of the very type.</summary>
    public static bool IsExactly(PathValue item, string specifier, IFhirModel model) =>
        Is(item, specifier, model)
        && (item.Value is null || item.Type is null || IsSystem(item) || item.Type == Split(specifier).Name || char.IsAsciiLetterUpper(Split(specifier).Name[0]));

    public static bool Is(string type, string name, IFhirModel model)
    {
        var at = type;
        for (var depth = 0; at is not null && depth < DeepestHierarchy; depth++)
        {
            if (at == name) return true;
            at = model.Type(at)?.Base;
        }

        return name is "Element" && model.Type(type)?.Kind is not TypeKind.Resource;
    }

    public static string Specifier(Node node) => node switch
    {
        Member member => member.Name,
        Dot { Left: Member left, Right: Member right } => $"{left.Name}.{right.Name}",
        Literal { Value: [{ Value: string text }] } => text,
        _ => throw new FhirPathException("A type name was expected."),
    };

    /// <summary>Throws when there is no such type.</summary>
    public static string Known(string specifier, IFhirModel model)
    {
        var (space, name) = Split(specifier);
        if (space is not "FHIR" && name is "Boolean" or "String" or "Integer" or "Decimal" or "Date" or "DateTime" or "Time" or "Quantity" or "Any") return specifier;
        return space is not "System" && model.Type(name) is not null ? specifier : throw new FhirPathException($"There is no type {specifier}.");
    }

    /// <summary>Name space and name of an item's type.</summary>
    public static (string Space, string Name) Of(PathValue item) => IsSystem(item) ? ("System", item.Type ?? "Any") : ("FHIR", item.Type ?? "Element");

    private static bool IsSystem(PathValue item) =>
        item.Json.ValueKind is System.Text.Json.JsonValueKind.Undefined && item.Extra.ValueKind is System.Text.Json.JsonValueKind.Undefined
        && item.Type is { Length: > 0 } type && char.IsAsciiLetterUpper(type[0]);

    private static (string? Space, string Name) Split(string specifier)
    {
        var dot = specifier.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? (null, specifier) : specifier[..dot] is "System" or "FHIR" ? (specifier[..dot], specifier[(dot + 1)..]) : (null, specifier);
    }
}
