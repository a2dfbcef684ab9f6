using Tongxin.Fhir.FhirPath;

namespace Tongxin.Kernel.Records.Search;

/// <summary>Kinds of search parameter (FHIR R4 search-param-type); each has an index table of its own.</summary>
public enum SearchParameterType { Number, Date, String, Token, Reference, Composite, Quantity, Uri, Special }

/// <summary>One search parameter of one resource type: what is extracted on write and what may be asked on read.</summary>
/// <remarks>Number is dense and stable for the life of the process only; the engines keep their own dictionary of (Type, Code).</remarks>
public sealed record SearchParameter
{
    public required string ResourceType { get; init; }
    public required string Code { get; init; }
    public required SearchParameterType Type { get; init; }

    /// <summary>FHIRPath from the resource to the indexed values; null for specials such as <c>_id</c>.</summary>
    public FhirPathExpression? Expression { get; init; }

    /// <summary>Resource types a reference parameter may point to; empty means any.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>Parts of a composite, in the order of the values.</summary>
    public IReadOnlyList<CompositePart> Parts { get; init; } = [];

    public override string ToString() => $"{ResourceType}.{Code}";
}

/// <summary>One part of a composite parameter: the parameter whose value it is and its path from the composite's focus.</summary>
public sealed record CompositePart(SearchParameter Parameter, FhirPathExpression Expression);
