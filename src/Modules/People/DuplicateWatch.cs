using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.People;

/// <summary>Follows the feed: whoever is registered, imported or corrected is compared with the record, and likely pairs go onto the list.</summary>
/// <remarks>Where it stands is kept in the record (<c>Basic/duplicate-watch</c>); after a crash some people are compared again, which changes nothing.</remarks>
internal sealed partial class DuplicateWatch(
    RecordFeed feed, RecordAccess records, LikelyDuplicates duplicates, PossibleDuplicates pairs, TimeProvider clock, ILogger<DuplicateWatch> logger) : StandingWork
{
    private const int Batch = 200;
    private static readonly ResourceKey Place = new("Basic", "duplicate-watch");
    private static readonly Caller Self = Caller.System("duplicate-watch");
    private static readonly TimeSpan SaveEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(4);

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        try
        {
            var position = await ReachedAsync(stoppingToken);
            var saved = clock.GetUtcNow();
            while (true)
            {
                var reached = await StepAsync(position, stoppingToken);
                if (reached > position && clock.GetUtcNow() - saved >= SaveEvery)
                {
                    await SaveAsync(reached, stoppingToken);
                    saved = clock.GetUtcNow();
                }

                position = reached;
            }
        }
        catch (OperationCanceledException)
        {
            // The server is ending.
        }
    }

    private async Task<long> StepAsync(long position, CancellationToken cancel)
    {
        try
        {
            var entries = await feed.AfterAsync(Self, position, Batch, cancel);
            if (entries.Count is 0)
            {
                await feed.GrewAsync(position, cancel);
                return position;
            }

            var began = clock.GetTimestamp();
            foreach (var entry in entries.Where(e => e.Stored is { Key.Type: "Patient", IsDeleted: false }).DistinctBy(e => e.Stored.Key)) await CompareAsync(entry.Stored, cancel);
            // A quarter of one processor at most while a county is imported.
            var worked = clock.GetElapsedTime(began);
            await Task.Delay(worked * 3 < LongestRest ? worked * 3 : LongestRest, clock, cancel);
            return entries[^1].Position;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Failed(failure, position);
            await Task.Delay(AfterFailure, clock, cancel);
            return position;
        }
    }

    private async Task CompareAsync(Stored stored, CancellationToken cancel)
    {
        var person = JsonReading.Parse(stored);
        if (person.Member("active")?.ValueKind is System.Text.Json.JsonValueKind.False) return;
        foreach (var suspect in (await duplicates.HandleAsync(Self, person, cancel)).Found)
            await pairs.NoteAsync(stored.Key.Id, suspect.Stored.Key.Id, suspect.Score, cancel);
    }

    private async Task<long> ReachedAsync(CancellationToken cancel) =>
        await records.ReadAsync(Self, Place, cancel) is { IsDeleted: false } stored
        && long.TryParse(JsonReading.Parse(stored).First("identifier")?.Text("value"), CultureInfo.InvariantCulture, out var position) ? position : 0;

    private Task SaveAsync(long position, CancellationToken cancel)
    {
        var body = new JsonObject
        {
            ["resourceType"] = "Basic", ["id"] = Place.Id, ["code"] = new JsonObject { ["text"] = "duplicate-watch" },
            ["identifier"] = new JsonArray(new JsonObject { ["value"] = position.ToString(CultureInfo.InvariantCulture) }),
        };
        return records.CommitAsync(Self, [new Change.Put(Place, Encoding.UTF8.GetBytes(body.ToJsonString()))], new(), cancel);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Comparing people stopped at feed position {Position} and will try again")]
    private partial void Failed(Exception failure, long position);
}
