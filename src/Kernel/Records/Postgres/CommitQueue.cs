using System.Threading.Channels;
using Npgsql;
using Tongxin.Fhir;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Group commit: a few lanes, each taking all commits that wait and writing them in one transaction, with one flush of the disk for all.</summary>
internal sealed class CommitQueue : IAsyncDisposable
{
    private const int MostWaiting = 4_096;
    private const int MostCommitsInGroup = 128;
    private const int MostChangesInGroup = 2_000;
    private const int MostAttempts = 6;

    private readonly Channel<PendingCommit> waiting = Channel.CreateBounded<PendingCommit>(new BoundedChannelOptions(MostWaiting));
    private readonly Connections connections;
    private readonly GroupWriter writer;
    private readonly Action committed;
    private readonly Task[] lanes;

    public CommitQueue(Connections connections, GroupWriter writer, int lanes, Action committed)
    {
        (this.connections, this.writer, this.committed) = (connections, writer, committed);
        this.lanes = [.. Enumerable.Range(0, lanes).Select(_ => Task.Run(RunLaneAsync))];
    }

    public async Task<IReadOnlyList<Committed>> CommitAsync(PreparedCommit commit, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var pending = new PendingCommit(commit);
        if (!waiting.Writer.TryWrite(pending))
            throw RefusedException.Because(503, "throttled", "Too many changes wait to be stored. Nothing was stored; try again.");
        return await pending.Done;
    }

    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await Task.WhenAll(lanes);
    }

    private async Task RunLaneAsync()
    {
        var held = new List<PendingCommit>();
        while (held.Count > 0 || await waiting.Reader.WaitToReadAsync())
        {
            var group = Gather(held);
            await WriteAsync(group);
        }
    }

    /// <summary>Takes what waits, but never two commits that would have to see each other: the later one is held for the next transaction.</summary>
    private List<PendingCommit> Gather(List<PendingCommit> held)
    {
        var group = new List<PendingCommit>();
        var claims = new HashSet<string>(StringComparer.Ordinal);
        var changes = 0;
        var candidates = held.ToList();
        held.Clear();
        foreach (var candidate in candidates) Place(candidate);
        while (held.Count < MostCommitsInGroup && group.Count < MostCommitsInGroup && changes < MostChangesInGroup && waiting.Reader.TryRead(out var next)) Place(next);
        return group;

        void Place(PendingCommit candidate)
        {
            var wanted = candidate.Claims.ToHashSet(StringComparer.Ordinal);
            if (changes >= MostChangesInGroup || claims.Overlaps(wanted))
            {
                held.Add(candidate);
                return;
            }
            claims.UnionWith(wanted);
            changes += candidate.Commit.Changes.Count;
            group.Add(candidate);
        }
    }

    private async Task WriteAsync(List<PendingCommit> group)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                foreach (var pending in group) pending.Restart();
                await using var main = await connections.Writers.OpenConnectionAsync();
                await using var side = await connections.Side.OpenConnectionAsync();
                await writer.WriteAsync(main, side, group, careful: attempt > 1);
                committed();
                return;
            }
            catch (PostgresException failure) when (Connections.IsRetryable(failure) && attempt < MostAttempts)
            {
                await Task.Delay(attempt * attempt);
            }
            catch (Exception failure) when (group.Count > 1 && Connections.LeftNothing(failure))
            {
                // One of them is at fault: alone, each fails or stands for itself.
                foreach (var pending in group.Where(p => !p.Done.IsCompleted)) await WriteAsync([pending]);
                return;
            }
            catch (Exception failure)
            {
                foreach (var pending in group) pending.Fail(Connections.Explain(failure)?.Refusal() ?? failure);
                return;
            }
        }
    }
}
