using System.Collections.Frozen;
using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Web.Components;

namespace Tongxin.Host.Shell;

/// <summary>The outlines of the places that organisations look after, from the record: Locations with a GeoJSON boundary.</summary>
/// <remarks>
/// http://hl7.org/fhir/StructureDefinition/location-boundary-geojson. Nobody's data, so read once by the system's hand and kept a while; a place without an
/// outline is left out of the map, never guessed. Only outer rings are drawn.
/// </remarks>
internal sealed class Boundaries(RecordAccess records, TimeProvider clock)
{
    private const string Extension = "http://hl7.org/fhir/StructureDefinition/location-boundary-geojson";
    private const int LocationsPerRead = 500, MostLocations = 20_000, LongestOutline = 4 * 1024 * 1024;
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);
    private static readonly Caller Reader = Caller.System("map");

    private volatile Reading? kept;

    private sealed record Reading(DateTimeOffset Read, FrozenDictionary<string, Outline> Outlines);

    /// <summary>Outlines by organisation id.</summary>
    public async Task<FrozenDictionary<string, Outline>> AllAsync(CancellationToken cancel)
    {
        // Two who ask at once read it twice, which hurts nobody.
        if (kept is { } standing && clock.GetUtcNow() - standing.Read < Kept) return standing.Outlines;
        var outlines = await ReadAsync(cancel);
        kept = new(clock.GetUtcNow(), outlines);
        return outlines;
    }

    private async Task<FrozenDictionary<string, Outline>> ReadAsync(CancellationToken cancel)
    {
        var found = new Dictionary<string, Outline>(StringComparer.Ordinal);
        string? cursor = null;
        do
        {
            var page = await records.SearchAsync(Reader, "Location",
                $"status=active&_count={LocationsPerRead}{(cursor is null ? "" : $"&_cursor={Uri.EscapeDataString(cursor)}")}", cancel);
            foreach (var location in page.Matches.Select(JsonReading.Parse))
                if (location.IdIn("managingOrganization") is { } organisation && Rings(location) is { Count: > 0 } rings)
                    found[organisation] = new(location.Text("name") ?? organisation, rings);
            cursor = page.Next;
        }
        while (cursor is not null && found.Count < MostLocations);
        return found.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>Outer rings of a Location's boundary; empty when it has none or what stands there is no GeoJSON.</summary>
    internal static IReadOnlyList<IReadOnlyList<(double X, double Y)>> Rings(JsonElement location)
    {
        var data = location.Each("extension").Where(e => e.Text("url") == Extension).Select(e => e.Member("valueAttachment")?.Text("data")).FirstOrDefault();
        if (data is not { Length: <= LongestOutline }) return [];
        try
        {
            using var json = JsonDocument.Parse(Convert.FromBase64String(data));
            var rings = new List<IReadOnlyList<(double, double)>>();
            Collect(json.RootElement, rings);
            return rings;
        }
        catch (Exception broken) when (broken is FormatException or JsonException or InvalidOperationException or IndexOutOfRangeException)
        {
            return [];
        }
    }

    private static void Collect(JsonElement shape, List<IReadOnlyList<(double, double)>> rings)
    {
        switch (shape.Text("type"))
        {
            case "FeatureCollection":
                foreach (var feature in shape.Each("features")) Collect(feature, rings);
                break;
            case "Feature" when shape.Member("geometry") is { } geometry:
                Collect(geometry, rings);
                break;
            case "GeometryCollection":
                foreach (var part in shape.Each("geometries")) Collect(part, rings);
                break;
            case "Polygon":
                rings.Add(Ring(shape.GetProperty("coordinates")[0]));
                break;
            case "MultiPolygon":
                foreach (var polygon in shape.Each("coordinates")) rings.Add(Ring(polygon[0]));
                break;
        }
    }

    private static List<(double X, double Y)> Ring(JsonElement ring) => [.. ring.EnumerateArray().Select(p => (p[0].GetDouble(), p[1].GetDouble()))];
}

/// <summary>A place's name on the map and its outer rings, in degrees of longitude and latitude.</summary>
internal sealed record Outline(string Name, IReadOnlyList<IReadOnlyList<(double X, double Y)>> Rings);
