using System.Collections.Frozen;

namespace Tongxin.Fhir.FhirPath;

/// <summary>All functions of the language by name, with how many arguments each takes; the families stand in files of their own.</summary>
internal static class Functions
{
    /// <summary>A function: least and most arguments, and what it does.</summary>
    internal sealed record Entry(int Least, int Most, FunctionBody Body);

    private static readonly FrozenDictionary<string, Entry> All = new[]
    {
        FilterFunctions.All, SubsetFunctions.All, TextFunctions.All, ConversionFunctions.All, NumberFunctions.All, TimeFunctions.All, FhirFunctions.All,
    }.SelectMany(f => f).ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>A name that is not ours may be the caller's: that shows when it runs.</summary>
    public static Node Bind(string name, Node[] arguments, int position)
    {
        if (!All.TryGetValue(name, out var entry)) return new Call(name, arguments, position, null);
        return arguments.Length >= entry.Least && arguments.Length <= entry.Most
            ? new Call(name, arguments, position, entry.Body)
            : throw new FhirPathException($"{name}() does not take {arguments.Length} arguments.", position);
    }
}
