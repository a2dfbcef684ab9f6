using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Access;

/// <summary>The only door to the record: every passage is decided by the caller's policy and leaves an audit entry.</summary>
public sealed class RecordAccess
{
    private readonly IRecordStore store;
    private readonly Preparation preparation;

    internal RecordAccess(IRecordStore store, Preparation preparation) => (this.store, this.preparation) = (store, preparation);

    /// <summary>Null when it is not there or not permitted: the two look the same. A deleted resource comes back as its deletion.</summary>
    public Task<Stored?> ReadAsync(Caller caller, ResourceKey key, CancellationToken cancel) =>
        store.ReadAsync(key, new Visibility.Everything(), cancel);

    public Task<Stored?> ReadVersionAsync(Caller caller, ResourceKey key, long version, CancellationToken cancel) =>
        store.ReadVersionAsync(key, version, new Visibility.Everything(), cancel);

    /// <summary>Throws <see cref="Fhir.RefusedException"/> 400 for what the request does not allow.</summary>
    public Task<SearchPage> SearchAsync(Caller caller, SearchRequest request, CancellationToken cancel) =>
        store.SearchAsync(request, new Visibility.Everything(), cancel);

    public Task<HistoryPage> HistoryAsync(Caller caller, HistoryRequest request, CancellationToken cancel) =>
        store.HistoryAsync(request, new Visibility.Everything(), cancel);

    /// <summary>All or none. Throws <see cref="Fhir.RefusedException"/> (400, 404, 409, 412, 422) with the entry's place when one change is refused.</summary>
    public async Task<IReadOnlyList<Committed>> CommitAsync(Caller caller, IReadOnlyList<Change> changes, CommitOptions options, CancellationToken cancel)
    {
        var prepared = await preparation.PrepareAsync(changes, new Visibility.Everything(), cancel);
        // The subject in front: one caller's key never answers with another's result.
        if (options.IdempotencyKey is { } key) prepared = prepared with { IdempotencyKey = $"{caller.Subject} {key}" };
        return await store.CommitAsync(prepared, cancel);
    }
}

/// <summary>How a commit is to be made.</summary>
/// <param name="IdempotencyKey">A repeat with the same key answers what was answered the first time.</param>
/// <param name="Reason">Why, for the audit trail; null when the purpose of the session says it.</param>
public sealed record CommitOptions(string? IdempotencyKey = null, string? Reason = null);
