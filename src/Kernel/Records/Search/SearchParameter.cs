using System.Runtime.CompilerServices;
using Tongxin.Fhir.FhirPath;

namespace Tongxin.Kernel.Records.Search;

/// <summary>Kinds of search parameter (FHIR R4 search-param-type); each has an index table of its own.</summary>
public enum SearchParameterType { Number, Date, String, Token, Reference, Composite, Quantity, Uri, Special }

/// <summary>One search parameter of one resource type: what is extracted on write and what may be asked on read.</summary>
/// <remarks>
/// Made only by <see cref="SearchParameters"/>, one object per parameter, so two are equal when they are the same object.
/// The engines keep their own dictionary of (ResourceType, Code).
/// </remarks>
public sealed record SearchParameter
{
    public required string ResourceType { get; init; }
    public required string Code { get; init; }
    public required SearchParameterType Type { get; init; }

    /// <summary>Dense, but stable for the life of the process only.</summary>
    public int Number { get; init; }

    /// <summary>Canonical of the definition; null for none.</summary>
    public string? Url { get; init; }

    /// <summary>FHIRPath text from the resource to the indexed values, cut down to this type; null for specials such as <c>_id</c>.</summary>
    public string? Path { get; init; }

    /// <summary><see cref="Path"/>, compiled when first asked for.</summary>
    public FhirPathExpression? Expression => Path is null ? null : field ??= FhirPathExpression.Compile(Path);

    /// <summary>Resource types a reference parameter may point to; empty means any.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>Parts of a composite, in the order of the values.</summary>
    public IReadOnlyList<CompositePart> Parts { get; init; } = [];

    public bool Equals(SearchParameter? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

    public override string ToString() => $"{ResourceType}.{Code}";
}

/// <summary>One part of a composite parameter: the parameter whose value it is and its FHIRPath from the composite's focus.</summary>
public sealed record CompositePart(SearchParameter Parameter, string Path);
