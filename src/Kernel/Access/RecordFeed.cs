using Tongxin.Fhir;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Access;

/// <summary>The change feed for followers outside the kernel that keep something derived: every commit in its order, for the system only.</summary>
/// <remarks>Not a way to read records: a follower is woken by it and then reads through <see cref="RecordAccess"/>. Refuses (403) everybody but the system.</remarks>
public sealed class RecordFeed
{
    private readonly IRecordStore store;

    internal RecordFeed(IRecordStore store) => this.store = store;

    /// <summary>At most <paramref name="most"/> versions after a position, the oldest first; empty when there are none yet.</summary>
    public Task<IReadOnlyList<FeedEntry>> AfterAsync(Caller caller, long position, int most, CancellationToken cancel) =>
        caller.Role is Role.System ? store.FeedAsync(position, most, cancel) : throw RefusedException.Because(403, "forbidden", "The feed is not for people.");

    /// <summary>Ends when something was committed after the position.</summary>
    public Task GrewAsync(long position, CancellationToken cancel) => store.FeedGrewAsync(position, cancel);
}
