using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>Follows the feed, so that a visit, a form, a reading or a signature is counted under the contract whoever wrote it.</summary>
/// <remarks>Its position is kept in the record, written at most once a minute; after a crash some people are looked at again, which is harmless.</remarks>
internal sealed partial class FulfilmentFollower(RecordFeed feed, RecordAccess records, FulfilContract fulfil, TimeProvider clock, ILogger<FulfilmentFollower> logger)
    : StandingWork
{
    public const int Batch = 500;
    private const int PeopleInOneSearch = 100;
    private const int Tries = 3;
    private const string PositionExtension = "https://tongxin.health/fhir/StructureDefinition/feed-position";
    private static readonly Caller Self = Caller.System("contract-fulfilment");
    private static readonly ResourceKey PositionKey = new("Basic", "contract-fulfilment");
    private static readonly TimeSpan SaveEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(2);
    private static readonly HashSet<string> Watched = new(StringComparer.Ordinal) { "Contract", "QuestionnaireResponse", "Observation", "Encounter", "ChargeItem" };

    protected override async Task RunAsync(CancellationToken cancel)
    {
        var (position, saved) = (await ReadPositionAsync(cancel), clock.GetUtcNow());
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                var began = clock.GetTimestamp();
                var reached = await FollowAsync(position, cancel);
                if (reached == position)
                {
                    await feed.GrewAsync(position, cancel);
                    continue;
                }

                position = reached;
                if (clock.GetUtcNow() - saved >= SaveEvery) (_, saved) = (await SavePositionAsync(position, cancel), clock.GetUtcNow());
                // Half of one processor at most while an import runs.
                var worked = clock.GetElapsedTime(began);
                await Task.Delay(worked < LongestRest ? worked : LongestRest, clock, cancel);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                Failed(failure, position);
                await Task.Delay(AfterFailure, clock, cancel);
            }
        }
    }

    /// <summary>One batch. Answers the position reached; the same when there was nothing.</summary>
    internal async Task<long> FollowAsync(long position, CancellationToken cancel)
    {
        var entries = await feed.AfterAsync(Self, position, Batch, cancel);
        if (entries.Count is 0) return position;
        var people = entries.Where(e => Watched.Contains(e.Stored.Key.Type) && !IsOurs(e)).Select(e => e.Person).OfType<string>().Distinct(StringComparer.Ordinal);
        foreach (var chunk in people.Chunk(PeopleInOneSearch))
            foreach (var person in await WithContractAsync(chunk, cancel))
                await ReconcileAsync(person, Tries, cancel);

        return entries[^1].Position;
    }

    // Whoever checks a fulfilment at the same moment wins, and is taken into account at the next try; one person must not hold up everybody else.
    private async Task ReconcileAsync(string person, int tries, CancellationToken cancel)
    {
        try
        {
            await fulfil.ReconcileAsync(Self, person, cancel);
        }
        catch (RefusedException moved) when (moved.Status is 409 or 412 && tries > 1)
        {
            await ReconcileAsync(person, tries - 1, cancel);
        }
        catch (RefusedException refused)
        {
            Refused(person, refused.Message);
        }
    }

    private static bool IsOurs(FeedEntry entry) => entry.Stored.Key is { Type: "ChargeItem" } key && key.Id.StartsWith("given-", StringComparison.Ordinal);

    private async Task<IEnumerable<string>> WithContractAsync(string[] people, CancellationToken cancel) =>
        (await ContractReading.ListAsync(records, Self, $"patient={string.Join(',', people.Select(p => $"Patient/{p}"))}", cancel))
            .Select(c => c.Patient).Distinct(StringComparer.Ordinal);

    private async Task<long> ReadPositionAsync(CancellationToken cancel)
    {
        if (await records.ReadAsync(Self, PositionKey, cancel) is not { IsDeleted: false } stored) return 0;
        return long.TryParse(JsonReading.Parse(stored).First("extension")?.Text("valueString"), CultureInfo.InvariantCulture, out var position) ? position : 0;
    }

    private Task<IReadOnlyList<Committed>> SavePositionAsync(long position, CancellationToken cancel) => records.CommitAsync(Self, [JsonWriting.Put(new JsonObject
    {
        ["resourceType"] = PositionKey.Type,
        ["id"] = PositionKey.Id,
        ["extension"] = new JsonArray(new JsonObject { ["url"] = PositionExtension, ["valueString"] = $"{position}" }),
        ["code"] = new JsonObject { ["text"] = "contract fulfilment" },
    })], new(), cancel);

    [LoggerMessage(Level = LogLevel.Error, Message = "Contract fulfilment stopped at feed position {Position} and will try again")]
    private partial void Failed(Exception failure, long position);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Contracts of Patient/{Person} could not be brought into line: {Why}")]
    private partial void Refused(string person, string why);
}
