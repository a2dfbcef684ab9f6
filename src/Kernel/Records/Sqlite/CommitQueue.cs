using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Tongxin.Fhir;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>Group commit: one thread takes all that waits and writes it in one transaction, with one flush of the disk for all.</summary>
/// <remarks>What can be refused is refused before its first row, so one refusal never undoes another caller's commit.</remarks>
internal sealed class CommitQueue : IAsyncDisposable
{
    private const int MostWaiting = 4_096;
    private const int MostInGroup = 256;
    private const int ChangesBetweenOptimising = 20_000;
    private const int DiskFull = 13;
    private const int ReadOnly = 8;
    private const int InputOutput = 10;

    private readonly Channel<Work> waiting = Channel.CreateBounded<Work>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly SqliteSession session;
    private readonly Writer writer;
    private readonly Action committed;
    private readonly Thread thread;
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int changesSinceOptimising = ChangesBetweenOptimising / 2;

    public CommitQueue(SqliteSession session, Writer writer, Action committed)
    {
        (this.session, this.writer, this.committed) = (session, writer, committed);
        thread = new(Run) { IsBackground = true, Name = "record writer" };
        thread.Start();
    }

    public async Task<T> RunAsync<T>(Func<Writer, T> apply, int changes, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var work = new Work<T>(apply, changes);
        if (!waiting.Writer.TryWrite(work))
            throw RefusedException.Because(503, "throttled", "Too many changes wait to be stored. Nothing was stored; try again.");
        return await work.Done.Task;
    }

    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await ended.Task;
    }

    private void Run()
    {
        var group = new List<Work>(MostInGroup);
        while (waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            group.Clear();
            while (group.Count < MostInGroup && waiting.Reader.TryRead(out var work)) group.Add(work);
            Write(group);
        }

        ended.SetResult();
    }

    private void Write(List<Work> group)
    {
        try
        {
            session.ExecuteScript("BEGIN IMMEDIATE");
            foreach (var work in group) Apply(work);
            session.ExecuteScript("COMMIT");
        }
        catch (Exception failure)
        {
            RollBack();
            foreach (var work in group) work.Fail(Explained(failure));
            return;
        }

        committed();
        foreach (var work in group) work.Finish();
        Optimise(group.Sum(w => w.Changes));
    }

    private void Apply(Work work)
    {
        try
        {
            work.Apply(writer);
        }
        catch (RefusedException refused)
        {
            // Refusals come before the first row: there is nothing to undo.
            work.Refuse(refused);
        }
    }

    private void RollBack()
    {
        try
        {
            session.ExecuteScript("ROLLBACK");
        }
        catch (SqliteException)
        {
            // The failure ended the transaction itself.
        }

        writer.Recall();
    }

    // Without statistics one search ran five hundred times slower: look again as the record grows.
    private void Optimise(int changes)
    {
        changesSinceOptimising += changes;
        if (changesSinceOptimising < ChangesBetweenOptimising) return;
        changesSinceOptimising = 0;
        try
        {
            session.ExecuteScript("PRAGMA analysis_limit = 1000; PRAGMA optimize = 0x10002;");
        }
        catch (SqliteException)
        {
            // The disk is full or failing: the commits stand, the old statistics serve on, and the next commit tells its caller.
        }
    }

    private static Exception Explained(Exception failure) => failure is SqliteException { SqliteErrorCode: DiskFull or ReadOnly or InputOutput } full
        ? RefusedException.Because(503, "no-store", $"The disk did not take the change ({full.SqliteErrorCode}): nothing was stored.")
        : failure;

    private abstract class Work(int changes)
    {
        public int Changes => changes;

        public abstract void Apply(Writer writer);

        public abstract void Finish();

        public abstract void Fail(Exception failure);

        public abstract void Refuse(RefusedException refused);
    }

    private sealed class Work<T>(Func<Writer, T> apply, int changes) : Work(changes)
    {
        private T? result;
        private RefusedException? refusal;

        public TaskCompletionSource<T> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void Apply(Writer writer) => result = apply(writer);

        public override void Finish()
        {
            if (refusal is null) Done.TrySetResult(result!);
            else Done.TrySetException(refusal);
        }

        public override void Fail(Exception failure) => Done.TrySetException(refusal ?? failure);

        public override void Refuse(RefusedException refused) => refusal = refused;
    }
}
