using Tongxin.Fhir;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>The record in PostgreSQL 15 or later: for a county or a city. Not for a single machine without a database administrator; that is SQLite's.</summary>
/// <remarks>Failures that the caller or time can mend come out as <see cref="RefusedException"/> (503 with a reason); nothing else is caught.</remarks>
internal sealed class PostgresStore : IRecordStore
{
    private readonly Connections connections;
    private readonly Names names;
    private readonly Reads reads;
    private readonly SearchStatements searches;
    private readonly FeedWake wake;
    private readonly CommitQueue queue;

    private PostgresStore(Connections connections, Names names, PostgresOptions options)
    {
        (this.connections, this.names) = (connections, names);
        var ids = new ResourceIds();
        Upkeep = new PostgresUpkeep(connections, names, ids);
        reads = new(connections.Readers, names);
        searches = new(connections, names, ids);
        wake = new(connections.Side);
        queue = new(connections, new GroupWriter(names, ids, new ConditionSearch(searches)), options.Lanes, wake.Signal);
    }

    public IRecordUpkeep Upkeep { get; }

    /// <summary>Opens the record, making its tables in an empty database.</summary>
    /// <exception cref="InvalidOperationException">The server may not hold the record; one sentence says why.</exception>
    public static async Task<PostgresStore> OpenAsync(PostgresOptions options, CancellationToken cancel)
    {
        var opened = Connections.Open(options);
        try
        {
            var dictionaries = new Names();
            await using (var connection = await opened.Writers.OpenConnectionAsync(cancel))
            {
                await PostgresSchema.PrepareAsync(connection, options.Unsafe, cancel);
                await dictionaries.LoadAsync(connection, cancel);
            }

            // Every type has its number from the beginning: a policy names all that its caller may see, stored or not.
            await using (var side = await opened.Side.OpenConnectionAsync(cancel))
                await dictionaries.Types.EnsureAsync(side, Model.FirelyModel.ResourceTypes, cancel);
            return new(opened, dictionaries, options);
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    public Task<Stored?> ReadAsync(ResourceKey key, Visibility visibility, CancellationToken cancel) =>
        ExplainedAsync(async () => await reads.ReadAsync(key, await KnownAsync(visibility, cancel), cancel));

    public Task<Stored?> ReadVersionAsync(ResourceKey key, long version, Visibility visibility, CancellationToken cancel) =>
        ExplainedAsync(async () => await reads.ReadVersionAsync(key, version, await KnownAsync(visibility, cancel), cancel));

    public Task<IReadOnlyList<Committed>> CommitAsync(PreparedCommit commit, CancellationToken cancel) => queue.CommitAsync(commit, cancel);

    public Task<SearchPage> SearchAsync(SearchRequest request, Visibility visibility, CancellationToken cancel) =>
        ExplainedAsync(async () => await searches.SearchAsync(request, await KnownAsync(visibility, cancel), cancel));

    public Task<HistoryPage> HistoryAsync(HistoryRequest request, Visibility visibility, CancellationToken cancel) =>
        ExplainedAsync(async () => await reads.HistoryAsync(request, await KnownAsync(visibility, cancel), cancel));

    public Task<IReadOnlyList<FeedEntry>> FeedAsync(long position, int limit, CancellationToken cancel) =>
        ExplainedAsync(() => reads.FeedAsync(position, limit, cancel));

    public async Task<long> FeedGrewAsync(long position, CancellationToken cancel)
    {
        while (true)
        {
            var next = wake.Next;
            if (await ExplainedAsync(() => reads.HeadAsync(cancel)) is var head && head > position) return head;
            await next.WaitAsync(cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await queue.DisposeAsync();
        await wake.DisposeAsync();
        await connections.DisposeAsync();
    }

    private ValueTask<Visibility> KnownAsync(Visibility visibility, CancellationToken cancel) =>
        names.Organisations.Unmet(visibility) is { } unmet ? LearnAsync(unmet, visibility, cancel) : new(visibility);

    private async ValueTask<Visibility> LearnAsync(string[] unmet, Visibility visibility, CancellationToken cancel)
    {
        names.Organisations.Learn(visibility, await reads.OrganisationsAsync(unmet, cancel));
        return visibility;
    }

    private static async Task<T> ExplainedAsync<T>(Func<Task<T>> reading)
    {
        try
        {
            return await reading();
        }
        catch (Exception failure) when (Connections.Explain(failure) is { } outage)
        {
            throw outage.Refusal();
        }
    }
}
