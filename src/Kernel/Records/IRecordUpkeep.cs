using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records;

/// <summary>What an operator may ask of an engine besides reading and writing. Not for requests: it sees everything and takes its time.</summary>
internal interface IRecordUpkeep
{
    /// <summary>Compares everything derived with what it is derived from; each finding is a sentence, an empty list means that all agrees.</summary>
    /// <param name="extract">The index of a body, as the door makes it.</param>
    /// <param name="progress">Resources checked so far.</param>
    Task<IReadOnlyList<string>> VerifyAsync(Func<ReadOnlyMemory<byte>, IndexEntries> extract, IProgress<long>? progress, CancellationToken cancel);

    /// <summary>Makes the search index anew from the bodies, while others read and write. The number of resources.</summary>
    Task<long> RebuildAsync(Func<ReadOnlyMemory<byte>, IndexEntries> extract, IProgress<long>? progress, CancellationToken cancel);

    /// <summary>After much was written at once: indexes that grew in leaps are packed, statistics taken anew. Others read and write meanwhile.</summary>
    Task TidyAsync(CancellationToken cancel);
}
