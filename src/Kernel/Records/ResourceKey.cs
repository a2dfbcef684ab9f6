using System.Diagnostics.CodeAnalysis;
using Tongxin.Fhir;

namespace Tongxin.Kernel.Records;

/// <summary>Type and logical id of a resource, e.g. <c>Patient/a1</c> (FHIR R4 §2.21: id is 1–64 of <c>A-Z a-z 0-9 - .</c>).</summary>
/// <remarks>Any legal FHIR id is accepted, not only ours. Not a version: a key names whatever is current.</remarks>
public readonly record struct ResourceKey(string Type, string Id)
{
    public const int LongestId = 64;

    public override string ToString() => $"{Type}/{Id}";

    public static bool IsLegalId([NotNullWhen(true)] string? id)
    {
        if (id is null || id.Length is 0 or > LongestId) return false;
        foreach (var c in id)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.')) return false;
        return true;
    }

    /// <summary>Reads <c>Type/id</c>; throws <see cref="RefusedException"/> (400) on anything else.</summary>
    public static ResourceKey Parse(string reference)
    {
        var slash = reference.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && IsLegalId(reference[(slash + 1)..])
            ? new(reference[..slash], reference[(slash + 1)..])
            : throw RefusedException.Because(400, "value", $"'{reference}' is not a reference of the form Type/id.");
    }
}
