using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Kernel.Records;

namespace Tongxin.Host.Demo;

/// <summary>How far a county is made, kept in its own record: what was drawn, how many steps stand, and whether that was all.</summary>
/// <remarks>The day belongs to it: who goes on tomorrow goes on with the county of today.</remarks>
internal sealed record SeedMark(ulong Seed, int Residents, DateOnly Day, int Steps, bool IsDone)
{
    public static readonly ResourceKey Key = new("Basic", "demo-county");
    private const string System = "https://tongxin.health/id/demo-county";

    public JsonObject Body() => new()
    {
        ["resourceType"] = Key.Type,
        ["id"] = Key.Id,
        ["identifier"] = new JsonArray(new JsonObject
        {
            ["system"] = System,
            ["value"] = string.Create(CultureInfo.InvariantCulture, $"{Seed} {Residents} {Day:yyyy-MM-dd} {Steps} {(IsDone ? "done" : "begun")}"),
        }),
        ["code"] = new JsonObject { ["text"] = "synthetic county: seed, residents, day, steps" },
    };

    /// <summary>Null when it is not a mark that can be gone on from: a county of an earlier version, which was marked at its end only.</summary>
    public static SeedMark? Read(ReadOnlyMemory<byte> body)
    {
        using var json = JsonDocument.Parse(body);
        return json.RootElement.TryGetProperty("identifier", out var all) && all[0].GetProperty("value").GetString()!.Split(' ')
            is [var seed, var residents, var day, var steps, var state]
            ? new(ulong.Parse(seed, CultureInfo.InvariantCulture), int.Parse(residents, CultureInfo.InvariantCulture),
                DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture), int.Parse(steps, CultureInfo.InvariantCulture), state is "done")
            : null;
    }
}
