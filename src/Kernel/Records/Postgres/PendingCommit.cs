using Tongxin.Kernel.Records.Engines;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>A commit on its way through a lane, and the promise its caller waits for.</summary>
internal sealed class PendingCommit(PreparedCommit commit)
{
    private readonly TaskCompletionSource<IReadOnlyList<Committed>> done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public PreparedCommit Commit => commit;

    public Task<IReadOnlyList<Committed>> Done => done.Task;

    /// <summary>What its changes become; empty until decided.</summary>
    public List<Decision> Decisions { get; } = [];

    /// <summary>What was answered to the same idempotency key before; null when this is the first time.</summary>
    public IReadOnlyList<Committed>? AnsweredBefore { get; set; }

    /// <summary>Rids of the keys that this commit writes.</summary>
    public Dictionary<ResourceKey, long> Rids { get; } = [];

    /// <summary>A commit that may be refused or must see what stands cannot go in one round trip.</summary>
    public bool NeedsLook { get; } = commit.IdempotencyKey is not null || commit.Changes.Any(c => c.Kind is not ChangeKind.Create || c.Condition is not null);

    /// <summary>Names that no other commit of the same transaction may claim: they would have to see each other's rows.</summary>
    public IEnumerable<string> Claims => commit.Changes.Where(c => c.Kind is not ChangeKind.Create || c.Condition is not null)
        .Select(c => c.Key.ToString())
        .Concat(commit.Changes.Where(c => c.Condition is not null).Select(c => $"{c.Key.Type}?{c.ConditionText}"))
        .Concat(commit.IdempotencyKey is { } key ? [$"#{key}"] : []);

    public void Restart()
    {
        Decisions.Clear();
        Rids.Clear();
        AnsweredBefore = null;
    }

    public void Finish() => done.TrySetResult(AnsweredBefore ?? [.. Decisions.Select(d => new Committed(d.Stored, d.Outcome))]);

    public void Fail(Exception failure) => done.TrySetException(failure);
}
