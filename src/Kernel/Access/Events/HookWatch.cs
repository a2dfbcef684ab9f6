using Microsoft.Extensions.Logging;
using Tongxin.Fhir;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Access;

/// <summary>Serves the record's Subscriptions: one delivery for each that is requested or active, begun and ended as they are written.</summary>
internal sealed class HookWatch(IRecordStore store, RecordEvents events, RecordAccess record, SearchQuery queries, OutgoingAddresses outgoing, TimeProvider clock,
    ILogger<HookWatch> logger) : StandingWork
{
    /// <summary>Subscriptions served at once; each follows the feed on its own.</summary>
    public const int Most = 100;

    private const int EntriesPerRead = 2_000;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(5);
    private static readonly Caller Self = Caller.System("subscriptions");

    private readonly Dictionary<ResourceKey, (string Meaning, CancellationTokenSource Stop, Task Running)> deliveries = [];

    protected override async Task RunAsync(CancellationToken cancel)
    {
        using var client = outgoing.NewClient(Timeout);
        try
        {
            var position = await events.NowAsync(cancel);
            await ServeAsync(client, cancel);
            while (true)
            {
                try
                {
                    await store.FeedGrewAsync(position, cancel);
                    position = await CatchUpAsync(client, position, cancel);
                }
                catch (RefusedException) when (!cancel.IsCancellationRequested)
                {
                    await Task.Delay(AfterFailure, clock, cancel);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
        finally
        {
            foreach (var key in deliveries.Keys.ToList()) await EndAsync(key);
        }
    }

    private async Task<long> CatchUpAsync(HttpClient client, long position, CancellationToken cancel)
    {
        var hasChanged = false;
        while (await store.FeedAsync(position, EntriesPerRead, cancel) is { Count: > 0 } entries)
        {
            position = entries[^1].Position;
            hasChanged |= entries.Any(e => e.Stored.Key.Type is "Subscription");
        }

        if (hasChanged) await ServeAsync(client, cancel);
        // Other followers' batches: what nobody subscribed to is read in large pieces.
        await Task.Delay(TimeSpan.FromMilliseconds(200), clock, cancel);
        return position;
    }

    private async Task ServeAsync(HttpClient client, CancellationToken cancel)
    {
        var wanted = new Dictionary<ResourceKey, HookSubscription>();
        foreach (var stored in (await record.SearchAsync(Self, "Subscription", $"status=requested,active&_count={Most}", cancel)).Matches)
        {
            if (HookSubscription.Read(stored, out var why) is { } subscription) wanted[stored.Key] = subscription;
            else await SubscriptionStatus.MarkAsync(record, Self, stored.Key, "error", why, cancel);
        }

        // A change to "active" alone is this server's own: the delivery goes on. "requested" asks for a new beginning.
        foreach (var (key, delivery) in deliveries.ToList())
            if (!wanted.TryGetValue(key, out var still) || still.Meaning != delivery.Meaning || (still.Status is "requested" && delivery.Running.IsCompleted)) await EndAsync(key);
        foreach (var (key, subscription) in wanted)
        {
            if (deliveries.ContainsKey(key)) continue;
            var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var delivery = new HookDelivery(subscription, events, record, queries, client, clock, logger);
            deliveries[key] = (subscription.Meaning, stop, Task.Run(() => delivery.RunAsync(stop.Token), CancellationToken.None));
        }
    }

    private async Task EndAsync(ResourceKey key)
    {
        if (!deliveries.Remove(key, out var delivery)) return;
        await delivery.Stop.CancelAsync();
        await delivery.Running;
        delivery.Stop.Dispose();
    }
}
