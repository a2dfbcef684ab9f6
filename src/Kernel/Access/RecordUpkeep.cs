using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Access;

/// <summary>What the operator of the machine may ask of the record: does everything derived agree with its source, and make it anew. Not for requests.</summary>
public sealed class RecordUpkeep
{
    private readonly IRecordUpkeep engine;
    private readonly SearchIndex index;

    internal RecordUpkeep(IRecordUpkeep engine, SearchIndex index) => (this.engine, this.index) = (engine, index);

    /// <summary>Each finding is a sentence; an empty list means that all agrees.</summary>
    public Task<IReadOnlyList<string>> VerifyAsync(IProgress<long>? progress, CancellationToken cancel) => engine.VerifyAsync(Extract, progress, cancel);

    /// <summary>The number of resources whose index was made anew.</summary>
    public Task<long> RebuildAsync(IProgress<long>? progress, CancellationToken cancel) => engine.RebuildAsync(Extract, progress, cancel);

    /// <summary>After much was written at once, so that indexes are small and plans right; others read and write meanwhile.</summary>
    public Task TidyAsync(CancellationToken cancel) => engine.TidyAsync(cancel);

    private IndexEntries Extract(ReadOnlyMemory<byte> body)
    {
        using var parsed = BodyReader.Read(body);
        return index.Extract(parsed.Root);
    }
}
