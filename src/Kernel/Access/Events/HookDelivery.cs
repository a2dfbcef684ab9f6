using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Tongxin.Fhir;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Access;

/// <summary>Tells one subscriber, in order, until it is stopped; keeps its place in the record (<c>Basic/subscription-ID</c>).</summary>
/// <remarks>
/// With a payload each resource is put to <c>ENDPOINT/Type/id</c>, without one an empty notice is posted. What is not taken (no answer, 429, 5xx) is tried
/// again after longer and longer; after a day, or when the subscriber refuses for good (4xx), the Subscription's status is <c>error</c>.
/// </remarks>
internal sealed partial class HookDelivery(HookSubscription subscription, RecordEvents events, RecordAccess record, SearchQuery queries, HttpClient client,
    TimeProvider clock, ILogger logger)
{
    private static readonly Caller Self = Caller.System("subscriptions");
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(10);
    private const string PositionUrl = "https://tongxin.health/fhir/StructureDefinition/feed-position";

    private ResourceKey PositionKey => new("Basic", $"subscription-{subscription.Key.Id}");

    public async Task RunAsync(CancellationToken cancel)
    {
        try
        {
            await TellAsync(cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Switched off, changed, or the server stops.
        }
        catch (Exception broken)
        {
            Ended(broken, subscription.Key.ToString());
            var why = broken is RefusedException or HttpRequestException ? broken.Message : "Telling broke; the server's log says how.";
            await SubscriptionStatus.MarkAsync(record, Self, subscription.Key, "error", why, CancellationToken.None);
        }
    }

    private async Task TellAsync(CancellationToken cancel)
    {
        var request = queries.Parse(subscription.Type, subscription.Query);
        var position = await PositionAsync(cancel);
        if (subscription.Status is "requested") await SubscriptionStatus.MarkAsync(record, Self, subscription.Key, "active", null, cancel);
        var (saved, savedAt) = (position, clock.GetUtcNow());
        await foreach (var news in events.FollowAsync(subscription.Caller, request, position, cancel))
        {
            if (subscription.End is { } end && clock.GetUtcNow() >= end)
            {
                await SubscriptionStatus.MarkAsync(record, Self, subscription.Key, "off", null, cancel);
                return;
            }

            foreach (var stored in news.Resources) await SendAsync(stored, cancel);
            // Its own notes are in the feed, too: only what told somebody something is worth a note.
            if (news.Resources.Count is 0 || (news.Position == saved) || (clock.GetUtcNow() - savedAt < SaveEvery && saved > 0)) continue;
            await SavePositionAsync(news.Position, cancel);
            (saved, savedAt) = (news.Position, clock.GetUtcNow());
        }
    }

    private async Task SendAsync(Stored stored, CancellationToken cancel)
    {
        var (began, wait) = (clock.GetUtcNow(), TimeSpan.FromSeconds(1));
        while (true)
        {
            var failure = await TrySendAsync(stored, cancel);
            if (failure is null) return;
            if (clock.GetUtcNow() - began > GiveUpAfter) throw new HttpRequestException($"The subscriber did not take it for a day: {failure}");
            NotTaken(subscription.Key.ToString(), failure);
            await Task.Delay(wait, clock, cancel);
            wait = wait * 3 < LongestWait ? wait * 3 : LongestWait;
        }
    }

    // Null when it was taken; a sentence when it is worth another try.
    private async Task<string?> TrySendAsync(Stored stored, CancellationToken cancel)
    {
        using var message = Message(stored);
        try
        {
            using var answer = await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancel);
            if (answer.IsSuccessStatusCode) return null;
            var status = ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
            return answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)answer.StatusCode >= 500
                ? $"it answered {status}"
                : throw new HttpRequestException($"The subscriber answered {status}, which another try would not change.", null, answer.StatusCode);
        }
        catch (HttpRequestException unreachable) when (unreachable is { StatusCode: null, InnerException: not (null or HttpRequestException) })
        {
            return unreachable.Message;
        }
        catch (TaskCanceledException) when (!cancel.IsCancellationRequested)
        {
            return "it did not answer in time";
        }
    }

    private HttpRequestMessage Message(Stored stored)
    {
        var message = subscription.Payload is null
            ? new HttpRequestMessage(HttpMethod.Post, subscription.Endpoint)
            : new HttpRequestMessage(HttpMethod.Put, new Uri($"{subscription.Endpoint.ToString().TrimEnd('/')}/{stored.Key}"))
            {
                Content = new ByteArrayContent(stored.Body.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/fhir+json") } },
            };
        foreach (var line in subscription.Headers)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && !line.AsSpan().ContainsAny('\r', '\n')) message.Headers.TryAddWithoutValidation(line[..colon].Trim(), line[(colon + 1)..].Trim());
        }

        return message;
    }

    private async Task<long> PositionAsync(CancellationToken cancel)
    {
        var stored = await record.ReadAsync(Self, PositionKey, cancel);
        if (stored is not null and { IsDeleted: false } && JsonNode.Parse(stored.Body.Span)?["extension"]?[0]?["valueString"]?.GetValue<string>() is { } text
            && long.TryParse(text, CultureInfo.InvariantCulture, out var position)) return position;
        var now = await events.NowAsync(cancel);
        await SavePositionAsync(now, cancel);
        return now;
    }

    private Task SavePositionAsync(long position, CancellationToken cancel) => record.CommitAsync(Self, [new Change.Put(PositionKey, PlainJson.Bytes(new JsonObject
    {
        ["resourceType"] = "Basic", ["id"] = PositionKey.Id,
        ["extension"] = new JsonArray(new JsonObject { ["url"] = PositionUrl, ["valueString"] = position.ToString(CultureInfo.InvariantCulture) }),
        ["code"] = new JsonObject { ["text"] = "subscription" },
    }))], new(), cancel);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Subscription} will be told again: {Why}")]
    private partial void NotTaken(string subscription, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Subscription} ended")]
    private partial void Ended(Exception broken, string subscription);
}
