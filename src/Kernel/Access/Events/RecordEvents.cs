using System.Runtime.CompilerServices;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Access;

/// <summary>What changed in the record, in commit order, as one caller may see it.</summary>
/// <remarks>
/// At least once: who goes on from a position may be told something again. Told is what stands when it is told: two quick changes of one resource may be
/// told as one. Whether a change is the caller's is asked of the same door as a search, at the time it is told. A deletion is not told.
/// </remarks>
public sealed class RecordEvents
{
    private const int EntriesPerRead = 500;
    private const int KeysPerSearch = 100;

    /// <summary>Lets a burst of commits arrive together.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly IRecordStore store;
    private readonly RecordAccess record;
    private readonly TimeProvider clock;

    internal RecordEvents(IRecordStore store, RecordAccess record, TimeProvider clock) => (this.store, this.record, this.clock) = (store, record, clock);

    /// <summary>Position of the newest commit.</summary>
    public Task<long> NowAsync(CancellationToken cancel) => store.FeedGrewAsync(-1, cancel);

    /// <summary>Resources of the request's type that match it, as they are written after <paramref name="after"/>; ends only by cancellation.</summary>
    /// <remarks>A batch without matches is told too (with no resources), so that the reader can note how far it is.</remarks>
    public async IAsyncEnumerable<RecordNews> FollowAsync(Caller caller, SearchRequest request, long after, [EnumeratorCancellation] CancellationToken cancel)
    {
        while (true)
        {
            await store.FeedGrewAsync(after, cancel);
            await Task.Delay(Pause, clock, cancel);
            while (await store.FeedAsync(after, EntriesPerRead, cancel) is { Count: > 0 } entries)
            {
                after = entries[^1].Position;
                yield return new(after, await MatchingAsync(caller, request, entries, cancel));
                if (entries.Count < EntriesPerRead) break;
            }
        }
    }

    private async Task<IReadOnlyList<Stored>> MatchingAsync(Caller caller, SearchRequest request, IReadOnlyList<FeedEntry> entries, CancellationToken cancel)
    {
        var ids = entries.Where(e => e.Stored.Key.Type == request.Type && !e.Stored.IsDeleted).Select(e => e.Stored.Key.Id).Distinct(StringComparer.Ordinal).ToList();
        var found = new Dictionary<string, Stored>(StringComparer.Ordinal);
        foreach (var some in ids.Chunk(KeysPerSearch))
        {
            var search = request with { Criteria = [.. request.Criteria, new Criterion.IdIs(some)], Count = KeysPerSearch, Sort = [], Includes = [], Cursor = null };
            foreach (var stored in (await record.SearchAsync(caller, search, cancel)).Matches) found[stored.Key.Id] = stored;
        }

        return [.. ids.Where(found.ContainsKey).Select(id => found[id])];
    }
}

/// <summary>What one stretch of the feed brought.</summary>
/// <param name="Position">Where the stretch ends: go on from here.</param>
/// <param name="Resources">Current versions, in the order of their first change in the stretch; often empty.</param>
public sealed record RecordNews(long Position, IReadOnlyList<Stored> Resources);
