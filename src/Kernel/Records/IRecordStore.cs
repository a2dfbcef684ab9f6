using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records;

/// <summary>One of the two engines (SQLite, PostgreSQL) under the record. Only Access may hold one: it is the room behind the door.</summary>
/// <remarks>Every method takes the visibility of its caller. Cancellation never leaves half a commit.</remarks>
internal interface IRecordStore : IAsyncDisposable
{
    Task<Stored?> ReadAsync(ResourceKey key, Visibility visibility, CancellationToken cancel);

    Task<Stored?> ReadVersionAsync(ResourceKey key, long version, Visibility visibility, CancellationToken cancel);

    /// <summary>All changes or none, durable when the task completes. Group commit may put several callers' commits into one transaction of the engine.</summary>
    Task<IReadOnlyList<Committed>> CommitAsync(PreparedCommit commit, CancellationToken cancel);

    Task<SearchPage> SearchAsync(SearchRequest request, Visibility visibility, CancellationToken cancel);

    Task<HistoryPage> HistoryAsync(HistoryRequest request, Visibility visibility, CancellationToken cancel);

    /// <summary>Committed versions after <paramref name="position"/> in commit order, at most <paramref name="limit"/>; empty when there is nothing new.</summary>
    Task<IReadOnlyList<FeedEntry>> FeedAsync(long position, int limit, CancellationToken cancel);

    /// <summary>Completes when something was committed after <paramref name="position"/>; answers the newest position. At once for a position before the first.</summary>
    Task<long> FeedGrewAsync(long position, CancellationToken cancel);
}

/// <summary>One page of a search: matches first, then what was included with them.</summary>
/// <param name="Total">Null when it was not asked for.</param>
/// <param name="Next">Opaque cursor of the next page; null on the last.</param>
public sealed record SearchPage(IReadOnlyList<Stored> Matches, IReadOnlyList<Stored> Included, long? Total, string? Next);

/// <summary>Which versions to list, newest first.</summary>
/// <param name="Type">Null for the whole system.</param>
/// <param name="Id">Null for the whole type.</param>
public sealed record HistoryRequest(string? Type, string? Id, DateTimeOffset? Since, DateTimeOffset? Before, int Count, string? Cursor);

/// <summary>One page of history.</summary>
public sealed record HistoryPage(IReadOnlyList<Stored> Versions, long? Total, string? Next);
