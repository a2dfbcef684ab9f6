using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Tongxin.Host.Demo;
using Tongxin.Host.Shell;

namespace Tongxin.Modules.Tests.Cockpit;

/// <summary>Map and funnel of the cockpit as drawings, and the outlines of the places that are on no map.</summary>
public sealed class DrawingTests
{
    private static readonly DateOnly Today = new(2026, 11, 23);

    [Fact]
    public void Every_village_of_the_demo_has_an_outline_and_together_they_are_their_town()
    {
        var places = Tongxin.Host.Demo.Places.Draw(7, 40_000, Today);

        foreach (var town in places.Towns)
        {
            Assert.All(town.Villages, v => Assert.Equal(v.Boundary[0], v.Boundary[^1]));
            var whole = Math.Abs(Area(town.Boundary));
            Assert.InRange(town.Villages.Sum(v => Math.Abs(Area(v.Boundary))), whole * 0.999, whole * 1.001);
        }
    }

    [Fact]
    public void A_boundary_is_read_back_from_the_location_as_it_was_written()
    {
        var places = Tongxin.Host.Demo.Places.Draw(7, 4_000, Today);
        var body = new SyntheticCounty(7, 4_000, Today).Sites().Single(b => (string?)b["id"] == "area-t03v02");
        var rings = Boundaries.Rings(JsonSerializer.SerializeToElement(body));

        Assert.Equal(places.Towns[2].Villages[1].Boundary, Assert.Single(rings));
    }

    [Theory]
    [InlineData("""{"type":"Polygon","coordinates":[]}""", 0)]
    [InlineData("""{"type":"Polygon","coordinates":"x"}""", 0)]
    [InlineData("""{"type":"Polygon","coordinates":[[[1,2],["a",3]]]}""", 0)]
    [InlineData("not json", 0)]
    [InlineData("""
        {"type":"FeatureCollection","features":[{"type":"Feature","geometry":
        {"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]],[[[2,2],[3,2],[3,3],[2,2]]]]}}]}
        """, 2)]
    public void What_is_no_outline_is_left_out_and_parts_are_all_drawn(string geojson, int rings)
    {
        var location = JsonSerializer.SerializeToElement(new
        {
            extension = new[]
            {
                new
                {
                    url = "http://hl7.org/fhir/StructureDefinition/location-boundary-geojson",
                    valueAttachment = new { data = Convert.ToBase64String(Encoding.UTF8.GetBytes(geojson)) },
                },
            },
        });
        Assert.Equal(rings, Boundaries.Rings(location).Count);
    }

    [Theory]
    [InlineData(0.70, 0.60, true, 4)]
    [InlineData(0.60, 0.60, true, 3)]
    [InlineData(0.56, 0.60, true, 2)]
    [InlineData(0.54, 0.60, true, 1)]
    [InlineData(0.05, 0.02, false, 2)]
    [InlineData(0.01, 0.02, false, 3)]
    [InlineData(null, 0.60, true, 0)]
    public void A_step_of_the_map_says_how_far_from_the_target(double? rate, double target, bool higherIsBetter, int step) =>
        Assert.Equal(step, PlaceMap.Step(rate, target, higherIsBetter));

    [Fact]
    public void A_map_is_well_formed_lies_inside_its_frame_and_tells_each_number_in_words()
    {
        var towns = Tongxin.Host.Demo.Places.Draw(7, 4_000, Today).Towns;
        var svg = XDocument.Parse(PlaceMap.Draw([.. towns.Select((t, i) => new PlaceMap.Place(
            new($"{t.Name}<&", [t.Boundary]), i / 13.0, $"{i}％", $"/cockpit?o={t.Id}&i=\"x\"", i is 3))], 0.5, true, "县<"));

        var frame = svg.Root!.Attribute("viewBox")!.Value.Split(' ').Select(double.Parse).ToArray();
        Assert.Equal(13, svg.Descendants("a").Count());
        Assert.Equal(13, svg.Descendants("text").Count(t => t.Value.EndsWith('％')));
        Assert.Single(svg.Descendants("path"), p => p.Attribute("class")!.Value.EndsWith("pick", StringComparison.Ordinal));
        foreach (var path in svg.Descendants("a").Select(a => a.Element("path")!.Attribute("d")!.Value))
            foreach (var point in path.Trim('M', 'Z').Split('L').Select(p => p.Split(' ').Select(double.Parse).ToArray()))
                Assert.True(point[0] >= 0 && point[0] <= frame[2] && point[1] >= 0 && point[1] <= frame[3], path);
    }

    [Fact]
    public void A_funnel_names_only_who_lies_beyond_chance_and_needs_two_places()
    {
        FunnelPlot.Place[] places = [new("甲", 400, 0.61, 0, "/a"), new("乙<", 300, 0.30, -1, "/b"), new("丙", 20, 0.9, 0, "/c")];
        var svg = XDocument.Parse(FunnelPlot.Draw(places, 0.6, "漏斗", "全县", "人"));

        Assert.Equal(3, svg.Descendants("circle").Count());
        Assert.Equal(["乙< 30.0%"], svg.Descendants("text").Where(t => t.Value.EndsWith('%') && !t.Value.StartsWith("全县", StringComparison.Ordinal)).Select(t => t.Value));
        Assert.Equal("", FunnelPlot.Draw(places[..1], 0.6, "漏斗", "全县", "人"));
    }

    private static double Area(IReadOnlyList<(double X, double Y)> ring) =>
        Enumerable.Range(0, ring.Count - 1).Sum(i => (ring[i].X - 118) * (ring[i + 1].Y - 26) - (ring[i + 1].X - 118) * (ring[i].Y - 26)) / 2;
}
