using System.Threading.Channels;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Web.Fhir.Bulk;

/// <summary>One run of an import: units are read in order, committed in parallel, and remembered, so that a run that was stopped goes on where it was.</summary>
/// <remarks>
/// A unit that fails because it refers to what is not there yet is tried again at the end. A unit of lines that fails is tried line by line,
/// so that one bad row does not keep out its neighbours. Each commit has an idempotency key: a crash between commit and note repeats nothing.
/// </remarks>
public sealed class ImportRun(RecordAccess record, ImportState state, ErrorReport errors, IProgress<(string File, long Bytes)> progress)
{
    private static readonly Caller caller = Caller.System("import");
    private static readonly int Workers = Math.Clamp(Environment.ProcessorCount * 2, 4, 16);

    private readonly System.Collections.Concurrent.ConcurrentQueue<ImportUnit> later = new();
    private long resources;

    /// <summary>Resources that stand in the record because of this run.</summary>
    public long Resources => Interlocked.Read(ref resources);

    public async Task RunAsync(IReadOnlyList<string> files, CancellationToken cancel)
    {
        // Bounded: what is read but not yet committed must fit in memory.
        var units = Channel.CreateBounded<ImportUnit>(Workers);
        var reading = ReadAsync(files, units.Writer, cancel);
        var working = Enumerable.Range(0, Workers).Select(async _ =>
        {
            await foreach (var unit in units.Reader.ReadAllAsync(cancel)) await TakeAsync(unit, isLast: false, cancel);
        });
        await Task.WhenAll([reading, .. working]);
        while (later.TryDequeue(out var unit)) await TakeAsync(unit, isLast: true, cancel);
    }

    private async Task ReadAsync(IReadOnlyList<string> files, ChannelWriter<ImportUnit> units, CancellationToken cancel)
    {
        try
        {
            foreach (var file in files)
            {
                await foreach (var unit in ImportUnit.ReadAsync(file, cancel))
                {
                    if (state.IsDone(unit.Name)) progress.Report((file, unit.End));
                    else await units.WriteAsync(unit, cancel);
                }
            }

            units.Complete();
        }
        catch (Exception broken)
        {
            units.Complete(broken);
            throw;
        }
    }

    private async Task TakeAsync(ImportUnit unit, bool isLast, CancellationToken cancel)
    {
        try
        {
            var changes = unit.IsLines ? [.. unit.Texts.Select(t => BundleChanges.OfResource(t.Text))] : BundleChanges.Read(unit.Texts[0].Text);
            await CommitAsync(changes, unit.Name, cancel);
        }
        catch (RefusedException refused) when (refused.Status is not 503)
        {
            // 412: a conditional reference matches nothing yet; its target may be in a file that comes later.
            if (!isLast && refused.Status is 412 && !unit.IsLines)
            {
                later.Enqueue(unit);
                return;
            }

            if (unit.IsLines) await OneByOneAsync(unit, cancel);
            else errors.Add(unit.File, 0, refused);
        }

        state.Note(unit.Name);
        progress.Report((unit.File, unit.End));
    }

    private async Task OneByOneAsync(ImportUnit unit, CancellationToken cancel)
    {
        foreach (var line in unit.Texts)
        {
            try
            {
                await CommitAsync([BundleChanges.OfResource(line.Text)], $"{unit.File}:{line.Number} alone", cancel);
            }
            catch (RefusedException refused) when (refused.Status is not 503)
            {
                errors.Add(unit.File, line.Number, refused);
            }
        }
    }

    private async Task CommitAsync(IReadOnlyList<Change> changes, string name, CancellationToken cancel)
    {
        if (changes.Count is 0) return;
        var done = await record.CommitAsync(caller, changes, new CommitOptions($"{state.Run} {name}", "import"), cancel);
        Interlocked.Add(ref resources, done.Count);
    }
}
