namespace Tongxin.Kernel.Programmes;

/// <summary>How far into the record the programmes have brought people into line. Told by their follower; asked by whoever signs what rests on it.</summary>
public sealed class ProgrammesReached
{
    private long position = -1;

    /// <summary>Null when no follower runs here: then nobody is to be waited for.</summary>
    public long? Position => Interlocked.Read(ref position) is >= 0 and var reached ? reached : null;

    internal void Tell(long reached) => Interlocked.Exchange(ref position, reached);
}
