namespace Tongxin.Kernel.Records;

/// <summary>One version of one resource as it stands in the record: the bytes that go over the wire, and what is known without reading them.</summary>
/// <param name="Key">Type and id.</param>
/// <param name="Version">1, 2, 3 … without gaps; <c>meta.versionId</c>.</param>
/// <param name="LastUpdated">Commit time, milliseconds; <c>meta.lastUpdated</c>.</param>
/// <param name="Interaction">What made this version.</param>
/// <param name="Body">UTF-8 JSON including id and meta; empty for a deletion.</param>
public sealed record Stored(ResourceKey Key, long Version, DateTimeOffset LastUpdated, Interaction Interaction, ReadOnlyMemory<byte> Body)
{
    public bool IsDeleted => Interaction is Interaction.Delete;
}

/// <summary>What made a version (FHIR R4 http-verb of <c>Bundle.entry.request.method</c>).</summary>
public enum Interaction { Create, Update, Delete }
