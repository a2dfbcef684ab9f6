using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records.Search;
using Tongxin.Web.Fhir.Bulk;

namespace Tongxin.Web.Fhir;

/// <summary><c>GET Type/$events?search</c>: resources that match, as they are written, as server-sent events (HTML Standard §9.2) within the caller's policy.</summary>
/// <remarks>An event's id is its place in the record's feed: a client that comes back with <c>Last-Event-ID</c> misses nothing. The stream ends after a quarter of an
/// hour, so that a session or token that has ended is noticed; a browser comes back by itself.</remarks>
internal sealed class EventStreams(RecordEvents events, TimeProvider clock)
{
    public const int MostEach = 5;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, int> open = new(StringComparer.Ordinal);

    public Operation Operation => new("$events", "https://tongxin.health/fhir/OperationDefinition/events", new HashSet<string>(), ChangesNothing: true)
    {
        Places = new HashSet<Place> { Place.TypeOperation }, Answer = AnswerAsync,
    };

    private async Task<Answer> AnswerAsync(FhirServer server, FhirCall call, CancellationToken cancel)
    {
        if (call.IsEntry) throw RefusedException.Because(400, "not-supported", "A bundle cannot hold a stream.");
        if (open.GetValueOrDefault(call.Caller.Subject) >= MostEach)
            throw RefusedException.Because(429, "throttled", $"{MostEach} streams at once are given to one caller.");
        var request = server.Queries.Parse(call.Address.Type, call.Parameters, call.Prefer.Lenient);
        // Asked once now, so that who may not search the type is told before the stream begins.
        await server.Record.SearchAsync(call.Caller, request with { Count = 1, Criteria = [new Criterion.IdIs(["-"])] }, cancel);
        if (call.LastEventId is { Length: > 0 } text && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            throw RefusedException.Because(400, "value", "Last-Event-ID is a number that this server sent.", "http.last-event-id");
        var after = call.LastEventId is { Length: > 0 } last ? long.Parse(last, CultureInfo.InvariantCulture) : await events.NowAsync(cancel);
        return new(200)
        {
            MediaType = "text/event-stream", Headers = [new("Cache-Control", "no-store")], Stream = (body, gone) => TellAsync(call.Caller, request, after, body, gone),
        };
    }

    private async Task TellAsync(Caller caller, SearchRequest request, long after, PipeWriter body, CancellationToken gone)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(gone);
        open.AddOrUpdate(caller.Subject, 1, (_, count) => count + 1);
        end.CancelAfter(Longest);
        try
        {
            await WriteAsync(body, $"retry: 2000\nid: {after}\n\n", end.Token);
            await using var news = events.FollowAsync(caller, request, after, end.Token).GetAsyncEnumerator(end.Token);
            while (true)
            {
                var next = news.MoveNextAsync().AsTask();
                while (await Task.WhenAny(next, Task.Delay(Beat, clock, end.Token)) != next && !end.IsCancellationRequested) await WriteAsync(body, ": here\n\n", end.Token);
                if (!await next) return;
                await TellAsync(news.Current, body, end.Token);
            }
        }
        catch (OperationCanceledException) when (!gone.IsCancellationRequested)
        {
            // A quarter of an hour is over.
        }
        finally
        {
            open.AddOrUpdate(caller.Subject, 0, (_, count) => count - 1);
        }
    }

    private static async Task TellAsync(RecordNews news, PipeWriter body, CancellationToken cancel)
    {
        for (var i = 0; i < news.Resources.Count; i++)
        {
            // The last one carries the place: broken off before it, all are told again.
            var stored = news.Resources[i];
            var place = i == news.Resources.Count - 1 ? $"id: {news.Position}\n" : "";
            await WriteAsync(body, $"{place}event: {stored.Key.Type}\ndata: ", cancel);
            await body.WriteAsync(NdJson.Line(stored.Body), cancel);
            await WriteAsync(body, "\n", cancel);
        }
    }

    private static async Task WriteAsync(PipeWriter body, string text, CancellationToken cancel)
    {
        System.Buffers.BuffersExtensions.Write(body, Encoding.UTF8.GetBytes(text));
        await body.FlushAsync(cancel);
    }
}
