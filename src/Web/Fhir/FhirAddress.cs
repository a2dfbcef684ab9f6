using Tongxin.Fhir;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Model;

namespace Tongxin.Web.Fhir;

/// <summary>What a path under the FHIR base means (FHIR R4 §3.1.0.1). Cannot hold an unknown resource type or an illegal id.</summary>
/// <param name="Type">Resource type; empty at system level.</param>
/// <param name="Id">Logical id; empty above instance level.</param>
/// <param name="Name">Version of a version, name of an operation, type (or <c>*</c>) within a compartment.</param>
internal readonly record struct FhirAddress(Place Place, string Type = "", string Id = "", string Name = "")
{
    private const int MostSegments = 4;

    public ResourceKey Key => new(Type, Id);

    /// <summary>Throws <see cref="RefusedException"/> (404) when nothing can be there.</summary>
    /// <param name="path">Decoded path after the base, with or without slashes around it.</param>
    public static FhirAddress Parse(ReadOnlySpan<char> path)
    {
        path = path.Trim('/');
        if (path is []) return new(Place.System);
        Span<Range> ranges = stackalloc Range[MostSegments + 1];
        var count = path.Split(ranges, '/');
        var first = path[ranges[0]];
        if (count is 1 && first is "metadata") return new(Place.Metadata);
        if (count is 1 && first is "_history") return new(Place.SystemHistory);
        if (count is 1 && first is "_search") return new(Place.SystemSearch);
        if (count is 1 && first is ['$', ..]) return new(Place.SystemOperation, Name: first.ToString());
        if (count > MostSegments) throw NotThere(path);

        var type = KnownType(first);
        if (count is 1) return new(Place.Type, type);
        var second = path[ranges[1]];
        if (count is 2 && second is "_search") return new(Place.TypeSearch, type);
        if (count is 2 && second is "_history") return new(Place.TypeHistory, type);
        if (count is 2 && second is ['$', ..]) return new(Place.TypeOperation, type, Name: second.ToString());

        var id = second.ToString();
        if (!ResourceKey.IsLegalId(id))
            throw RefusedException.Because(400, "value", $"'{Shorten(second)}' is not a legal id: 1 to 64 letters, digits, '-' and '.'.");
        if (count is 2) return new(Place.Instance, type, id);
        var third = path[ranges[2]];
        if (count is 3)
        {
            if (third is "_history") return new(Place.InstanceHistory, type, id);
            return third is ['$', ..] ? new(Place.InstanceOperation, type, id, third.ToString()) : new(Place.Compartment, type, id, TypeOrAll(third));
        }

        var fourth = path[ranges[3]];
        if (third is "_history") return new(Place.Version, type, id, fourth.ToString());
        return fourth is "_search" ? new(Place.CompartmentSearch, type, id, TypeOrAll(third)) : throw NotThere(path);
    }

    private static string TypeOrAll(ReadOnlySpan<char> name) => name is "*" ? "*" : KnownType(name);

    private static string KnownType(ReadOnlySpan<char> name) =>
        FirelyModel.ResourceTypes.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var type)
            ? type
            : throw RefusedException.Because(404, "not-supported", $"'{Shorten(name)}' is not a resource type of FHIR R4.");

    private static RefusedException NotThere(ReadOnlySpan<char> path) => RefusedException.Because(404, "not-found", $"Nothing is at '{Shorten(path)}'.");

    private static string Shorten(ReadOnlySpan<char> text) => text.Length <= 80 ? text.ToString() : $"{text[..80]}…";
}

/// <summary>What can be addressed.</summary>
internal enum Place
{
    System, Metadata, SystemHistory, SystemSearch, SystemOperation,
    Type, TypeSearch, TypeHistory, TypeOperation,
    Instance, InstanceHistory, Version, InstanceOperation,
    Compartment, CompartmentSearch,
}
