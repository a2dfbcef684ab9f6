using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>The record in one SQLite file: for a demo, a township or a small county. One process holds it at a time.</summary>
internal sealed class SqliteStore : IRecordStore
{
    /// <summary>Name of the file in the data folder.</summary>
    public const string FileName = "record.db";

    private readonly Names names = new();
    private readonly SessionPool readers;
    private readonly SqliteSession session;
    private readonly Searches searches;
    private readonly Writer writer;
    private readonly CommitQueue queue;
    private readonly FileStream claim;
    private TaskCompletionSource grew = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SqliteStore(string file, FileStream claim)
    {
        this.claim = claim;
        session = new(file, SqliteSchema.Pragmas);
        Prepare();
        readers = new(file);
        searches = new(names);
        writer = new(session, names, searches);
        queue = new(session, writer, Signal);
        Audit = new SqliteAudit(readers, queue);
        Upkeep = new SqliteUpkeep(readers, queue, session, names);
    }

    public SqliteAudit Audit { get; }

    public SqliteUpkeep Upkeep { get; }

    /// <summary>Opens the record in a folder, making it where there is none.</summary>
    /// <exception cref="InvalidOperationException">The folder is held by another process or holds a newer record; one sentence says so.</exception>
    public static SqliteStore Open(string folder)
    {
        Directory.CreateDirectory(folder);
        try
        {
            var claim = new FileStream(Path.Combine(folder, "record.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            try
            {
                return new(Path.Combine(folder, FileName), claim);
            }
            catch
            {
                claim.Dispose();
                throw;
            }
        }
        catch (IOException taken)
        {
            throw new InvalidOperationException($"The folder {folder} is in use by another tongxin, or cannot be written: {taken.Message}", taken);
        }
    }

    public Task<Stored?> ReadAsync(ResourceKey key, Visibility visibility, CancellationToken cancel) =>
        ReadingAsync(s => Reads.Current(s, names, key, Known(s, visibility)), cancel);

    public Task<Stored?> ReadVersionAsync(ResourceKey key, long version, Visibility visibility, CancellationToken cancel) =>
        ReadingAsync(s => Reads.Version(s, names, key, version, Known(s, visibility)), cancel);

    public Task<IReadOnlyList<Committed>> CommitAsync(PreparedCommit commit, CancellationToken cancel) =>
        RunAsync(PackedBody.Prepare(commit), cancel);

    private Task<IReadOnlyList<Committed>> RunAsync(PreparedCommit commit, CancellationToken cancel) =>
        queue.RunAsync(w => w.Apply(commit), commit.Changes.Count, cancel);

    public Task<SearchPage> SearchAsync(SearchRequest request, Visibility visibility, CancellationToken cancel) =>
        ReadingAsync(s => searches.Search(s, request, Known(s, visibility)), cancel);

    public Task<HistoryPage> HistoryAsync(HistoryRequest request, Visibility visibility, CancellationToken cancel) =>
        ReadingAsync(s => Reads.History(s, names, request, Known(s, visibility)), cancel);

    public Task<IReadOnlyList<FeedEntry>> FeedAsync(long position, int limit, CancellationToken cancel) =>
        ReadingAsync<IReadOnlyList<FeedEntry>>(s => Reads.Feed(s, names, position, limit), cancel);

    public async Task<long> FeedGrewAsync(long position, CancellationToken cancel)
    {
        while (true)
        {
            var next = Volatile.Read(ref grew).Task;
            var head = readers.Read(s => s.Scalar<long>("SELECT coalesce(max(position), 0) FROM feed"));
            if (head > position) return head;
            await next.WaitAsync(cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await queue.DisposeAsync();
        readers.Dispose();
        session.Dispose();
        await claim.DisposeAsync();
    }

    private Visibility Known(SqliteSession reader, Visibility visibility)
    {
        if (names.Organisations.Unmet(visibility) is { } unmet) names.Organisations.Learn(visibility, Reads.Organisations(reader, names, unmet));
        return visibility;
    }

    // SQLite answers from memory or from this machine's disk: the caller's thread is as good as any.
    private Task<T> ReadingAsync<T>(Func<SqliteSession, T> read, CancellationToken cancel)
    {
        if (cancel.IsCancellationRequested) return Task.FromCanceled<T>(cancel);
        try
        {
            return Task.FromResult(readers.Read(read));
        }
        catch (Exception failure)
        {
            return Task.FromException<T>(failure);
        }
    }

    private void Prepare()
    {
        var found = session.Scalar<long>("PRAGMA user_version");
        if (found > SqliteSchema.Version)
            throw new InvalidOperationException($"The folder holds schema version {found}, this program knows {SqliteSchema.Version}: start a newer program.");
        if (found is > 0 and < SqliteSchema.Version)
            throw new InvalidOperationException($"The folder holds schema version {found} of before the first release: export it with the program that made it, and import that.");
        if (found is 0) session.ExecuteScript($"BEGIN IMMEDIATE; {SqliteSchema.Tables} COMMIT;");
    }

    private void Signal() => Interlocked.Exchange(ref grew, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
