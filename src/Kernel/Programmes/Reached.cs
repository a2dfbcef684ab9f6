using System.Text.Json.Nodes;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Programmes;

/// <summary>How far a follower has come, kept in the record (<c>Basic/NAME</c>) so that another process goes on from there.</summary>
/// <remarks>Lost progress is work done twice, never work left out.</remarks>
internal sealed class Reached(IRecordStore store, RecordAccess records, Caller self, string name)
{
    private const string Extension = ProgrammeCodes.Fhir + "StructureDefinition/feed-position";
    private readonly ResourceKey key = new("Basic", name);

    /// <summary>Null when nothing was reached yet.</summary>
    public async Task<string?> ReadAsync(CancellationToken cancel)
    {
        var stored = await store.ReadAsync(key, new Visibility.Everything(), cancel);
        return stored is null or { IsDeleted: true } ? null : RecordReading.Parse(stored).ExtensionAt(Extension)?.Text("valueString");
    }

    public Task SaveAsync(string place, CancellationToken cancel) => records.CommitAsync(self, [RecordReading.Put(new JsonObject
    {
        ["resourceType"] = "Basic",
        ["id"] = key.Id,
        ["extension"] = new JsonArray(new JsonObject { ["url"] = Extension, ["valueString"] = place }),
        ["code"] = new JsonObject { ["text"] = name },
    })], new(), cancel);
}

/// <summary>For a tool that changed the programmes and ends: the server that next holds the record goes through everybody.</summary>
public sealed class Everybody
{
    private static readonly Caller Self = Caller.System("programmes");
    private readonly Reached place;
    private readonly TimeProvider clock;

    internal Everybody(IRecordStore store, RecordAccess records, TimeProvider clock) => (place, this.clock) = (new(store, records, Self, Midnight.Name), clock);

    public Task OweAsync(CancellationToken cancel) => place.SaveAsync(Json.Text(LocalTime.Today(clock).AddDays(-Midnight.MostDays - 1)), cancel);
}
